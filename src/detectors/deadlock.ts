import type { Kernel } from '../../kernel/kernel.ts';
import { SLEEPING } from '../../kernel/proc.ts';
import { ACQUIRE, type Cpu, type Thread } from '../../machine/index.ts';
import type { DetectorKind } from './detector.ts';

/** Who is on a CPU, in words. */
function who(cpu: Cpu): string {
  return `CPU ${cpu.id} (${cpu.thread?.name ?? 'nobody'})`;
}

/** The CPU that holds the lock which a thread spins on, or undefined when it does not spin. */
function holder(k: Kernel, thread: Thread | null): Cpu | undefined {
  if (thread === null || thread.kind !== ACQUIRE) return undefined;
  return k.m.cpus[(k.m.words[thread.a] as number) - 1];
}

/** The CPUs of a cycle of spinning, in order, or none. */
function cycle(k: Kernel): Cpu[] {
  for (const start of k.m.cpus) {
    const path: Cpu[] = [];
    let cpu: Cpu | undefined = start;
    while (cpu !== undefined && !path.includes(cpu)) {
      path.push(cpu);
      cpu = holder(k, cpu.thread);
    }
    if (cpu !== undefined) return path.slice(path.indexOf(cpu));
  }
  return [];
}

function lockOf(k: Kernel, cpu: Cpu): string {
  return k.m.layout.nameOf(cpu.thread?.a ?? -1) ?? 'a lock';
}

/**
 * No thread can ever step again. Cannot be wrong about that: the machine has no other source of
 * progress. Costs nothing until it happens.
 */
export const deadlock: DetectorKind = {
  name: 'deadlock',
  summary: 'nothing can ever run again; with the cycle of who waits for whom',
  make: (k) => ({
    name: 'deadlock',
    ended(ending) {
      if (ending !== 'blocked') return undefined;
      const { words } = k.m;
      const ring = cycle(k);
      const detail = ring.map((cpu, i) => {
        const next = ring[(i + 1) % ring.length] as Cpu;
        return `${who(cpu)} waits for ${lockOf(k, cpu)}, held by ${who(next)}`;
      });
      for (const cpu of k.m.cpus) {
        if (ring.includes(cpu)) continue;
        const of = holder(k, cpu.thread);
        if (of !== undefined)
          detail.push(`${who(cpu)} waits for ${lockOf(k, cpu)}, held by ${who(of)}`);
      }
      const sleepers = k.ptable.procs.filter((p) => words[p.state] === SLEEPING);
      for (const p of sleepers) {
        const channel = k.channelName(words[p.chan] as number);
        detail.push(`pid ${words[p.pid]} ${p.image?.name ?? '?'} sleeps on ${channel}`);
      }
      const title =
        ring.length > 0
          ? `deadlock: ${ring.length === 1 ? 'a CPU waits for a lock of its own' : `${ring.length} CPUs wait for each other's locks`}`
          : `deadlock: ${sleepers.length} processes sleep and nobody is left to wake them`;
      const spinning = k.m.cpus.filter((cpu) => holder(k, cpu.thread) !== undefined);
      const about = {
        locks: spinning.map((cpu) => cpu.thread?.a ?? 0),
        words: sleepers.map((p) => p.state),
        pids: sleepers.map((p) => words[p.pid] as number),
      };
      return { detector: 'deadlock', title, detail, step: k.m.step, about };
    },
  }),
};
