import type { Kernel } from '../../kernel/kernel.ts';
import { SLEEPING, STATE_NAMES, UNUSED } from '../../kernel/proc.ts';

/** A line for each sleeping process: what it sleeps on. */
export function sleepers(k: Kernel): string[] {
  const { words } = k.m;
  return k.ptable.procs
    .filter((p) => words[p.state] === SLEEPING)
    .map((p) => {
      const channel = k.channelName(words[p.chan] as number);
      return `pid ${words[p.pid]} ${p.image?.name ?? '?'} sleeps on ${channel}`;
    });
}

/** A line for each process: its state, and what it sleeps on. */
export function states(k: Kernel): string[] {
  const { words } = k.m;
  return k.ptable.procs
    .filter((p) => words[p.state] !== UNUSED)
    .map((p) => {
      const state = words[p.state] as number;
      const where = state === SLEEPING ? ` on ${k.channelName(words[p.chan] as number)}` : '';
      return `pid ${words[p.pid]} ${p.image?.name ?? '?'}: ${STATE_NAMES[state]}${where}`;
    });
}
