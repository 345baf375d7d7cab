import { SLEEPING } from '../kernel/proc.ts';
import {
  type Cpu,
  canWait,
  type Ending,
  isDormantAt,
  namesWord,
  type Thread,
  waitsForLock,
  waitsForSignal,
} from '../machine/index.ts';
import { type Detector, type DetectorKind, found } from './detector.ts';
import type { About, Finding } from './finding.ts';
import type { Watched } from './watched.ts';
import { sleepers } from './xv6/sleepers.ts';

/** The lock that a parked thread waits for, or -1. */
function waitsFor(thread: Thread): number {
  const { kind, ticket } = thread;
  if (waitsForLock(kind)) return thread.a;
  return waitsForSignal(kind) && ticket === 0 ? thread.b : -1;
}

function waitsForPart(kind: number): boolean {
  if (isDormantAt(kind)) return false;
  return canWait(kind) && namesWord(kind) && !waitsForLock(kind);
}

/** One thread that waits for a lock which the next in the chain holds. */
interface Link {
  readonly thread: Thread;
  readonly cpu: Cpu;
  readonly lock: number;
}

/**
 * Threads that can never step again: as soon as CPUs wait for each other's locks in a cycle, also
 * while others go on, when a lock is taken twice, when the holder of a mutex has ended, and when
 * nothing at all can step. Never wrong: who spins does not let go what it holds, and the machine has
 * no other source of progress. Costs a comparison an acquire.
 *
 * Who sleeps or waits for a semaphore or a condition may still be woken by anybody, so of those it
 * reports only what is left at the end.
 */
class Deadlock implements Detector {
  readonly name = 'deadlock';
  private readonly guest: Watched;

  constructor(guest: Watched) {
    this.guest = guest;
  }

  acquiring(lock: number): void {
    if (this.guest.m.words[lock] !== 0) this.follow(lock);
  }

  /** Follows who waits for whom, from the current thread, which is about to wait for a lock. */
  private follow(lock: number): void {
    const { guest } = this;
    const { m } = guest;
    const chain: Link[] = [{ thread: m.current, cpu: m.cpu, lock }];
    for (let next = lock; ; ) {
      const id = (m.words[next] as number) - 1;
      const cpu = m.cpus[id];
      if (cpu === undefined) return;
      if (cpu === m.cpu) {
        const title =
          chain.length === 1
            ? `deadlock: ${guest.who(m.current)} waits for ${guest.nameOf(lock)}, which it holds`
            : this.ringTitle(chain);
        found(guest, this.name, title, this.lines(chain), aboutOf(chain));
      }
      const { thread } = cpu;
      if (thread === null) {
        const holder = m.threads[id]?.name ?? `CPU ${id}`;
        const title = `deadlock: ${holder} has ended and still holds ${guest.nameOf(next)}`;
        found(guest, this.name, title, this.lines(chain), aboutOf(chain));
      }
      // A cycle further on was reported when it was closed.
      if (chain.some((link) => link.cpu === cpu)) return;
      next = waitsFor(thread);
      if (next < 0 || m.words[next] === 0) return;
      chain.push({ thread, cpu, lock: next });
    }
  }

  private ringTitle(chain: readonly Link[]): string {
    const who = this.guest.kernel === undefined ? 'threads' : 'CPUs';
    const locks = [...new Set(chain.map(({ lock }) => this.guest.nameOf(lock)))];
    return `deadlock: ${chain.length} ${who} wait for each other's locks: ${locks.join(', ')}`;
  }

  private lines(chain: readonly Link[]): string[] {
    return chain.map(({ thread, cpu, lock }) => this.line(thread, cpu, lock));
  }

  private line(thread: Thread, cpu: Cpu, lock: number): string {
    const { guest } = this;
    const { m } = guest;
    const id = (m.words[lock] as number) - 1;
    const holder = guest.kernel === undefined ? m.threads[id]?.name : this.on(m.cpus[id]);
    const held = id < 0 ? 'which is free' : `held by ${holder ?? 'nobody'}`;
    const who = guest.kernel === undefined ? thread.name : this.on(cpu);
    return `${who} waits for ${guest.nameOf(lock)}, ${held}`;
  }

  private on(cpu: Cpu | undefined): string {
    if (cpu === undefined) return 'nobody';
    const { thread } = cpu;
    return `CPU ${cpu.id} (${thread === null ? 'nobody' : this.guest.who(thread)})`;
  }

  ended(ending: Ending): Finding | undefined {
    if (ending !== 'blocked') return undefined;
    const { guest } = this;
    const { m } = guest;
    const detail: string[] = [];
    const locks: number[] = [];
    for (const cpu of m.cpus) {
      const { thread } = cpu;
      if (thread === null) continue;
      const lock = waitsFor(thread);
      if (lock >= 0) {
        detail.push(this.line(thread, cpu, lock));
        locks.push(lock);
      } else if (waitsForPart(thread.kind)) {
        detail.push(`${thread.name} waits for ${guest.nameOf(thread.a)}`);
      }
    }
    const { kernel } = guest;
    const sleeping = kernel === undefined ? [] : sleepers(kernel);
    const asleep = kernel?.ptable.procs.filter((p) => m.words[p.state] === SLEEPING) ?? [];
    const about = {
      locks,
      words: asleep.map((p) => p.state),
      pids: asleep.map((p) => m.words[p.pid] as number),
      things: [...locks, ...asleep.map((p) => m.words[p.chan] as number)],
      isTheEnd: true,
    };
    const title =
      detail.length > 0
        ? `deadlock: ${detail[0]}${detail.length > 1 ? `, and ${detail.length - 1} more` : ''}`
        : `deadlock: ${sleeping.length} processes sleep and no process is left to wake them`;
    return { detector: this.name, title, detail: [...detail, ...sleeping], step: m.step, about };
  }
}

function aboutOf(chain: readonly Link[]): About {
  const locks = chain.map(({ lock }) => lock);
  return { locks, things: locks };
}

export const deadlock: DetectorKind = {
  name: 'deadlock',
  summary: 'threads wait for each other, or nothing can run; with the cycle of waits',
  make: (guest) => new Deadlock(guest),
};
