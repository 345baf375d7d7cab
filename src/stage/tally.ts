import type { Machine } from '../../machine/index.ts';

/** How often control went elsewhere in one execution. */
export interface Tally {
  /** Switches of the scheduler, from one lane to another. */
  readonly switches: number;
  /** Context switches: calls of swtch. */
  readonly contextSwitches: number;
}

/** Counts from now on, and tells whoever listens already. Call after all others have attached. */
export function tally(m: Machine): Tally {
  const { onSwitch, onSwtch } = m;
  const counts = { switches: 0, contextSwitches: 0 };
  m.onSwitch = (step, lane) => {
    counts.switches++;
    onSwitch?.(step, lane);
  };
  m.onSwtch = (from, to, reason) => {
    counts.contextSwitches++;
    onSwtch?.(from, to, reason);
  };
  return counts;
}
