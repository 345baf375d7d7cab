import { NO_GUARD, objectCount, PGWORDS } from '../../machine/index.ts';
import { Dfs } from '../../scheduler/search/dfs.ts';
import type { Stage } from '../stage.ts';
import { type Failing, isSimpler, type Trials } from './trials.ts';

export interface Bounded {
  /** The simplest that was found, or what it had to be simpler than. */
  readonly best: Failing;
  /** Whether nothing with as few preemptions is left that could be simpler. */
  readonly isComplete: boolean;
}

export interface Bounds {
  readonly preemptions: number;
  /** By object, 1 for those whose operations a lane may be preempted at; all if left out. */
  readonly focus?: Uint8Array | undefined;
  /** Number of executions at which to stop. */
  readonly until: number;
}

/**
 * Looks for a simpler schedule among all with at most so many preemptions: iterative context bounding
 * (Musuvathi and Qadeer, PLDI 2007). Ends where there is one with as few as were allowed, if the best
 * before had more.
 *
 * Complete up to traces: of executions that differ only in the order of operations that commute, one
 * is run. So a finding that some of these show and others do not may be passed over.
 */
export function bounded(trials: Trials, from: Failing, bounds: Bounds): Bounded {
  const { preemptions, focus, until } = bounds;
  const isFewer = from.preemptions > preemptions;
  const search = new Dfs({ merges: true, preemptions, ...(focus && { focus }) });
  let best = from;
  let isComplete = focus === undefined;
  for (let more = true; more; ) {
    if (trials.isSpent(until)) return { best, isComplete: false };
    const trial = trials.execute(search);
    // Now, while the machine is as this execution has left it.
    more = search.next();
    // A merging search takes timers as they come, and knows nothing behind a cut.
    if (trial.isCut || trial.hasTimers) isComplete = false;
    if (!trials.has(trial) || !isSimpler(trial, best)) continue;
    // The starts of threads come first in a search, and later in a list.
    const again = trials.attempt(trial.stretches);
    if (again === undefined || !isSimpler(again, best)) continue;
    best = again;
    if (isFewer && best.preemptions <= preemptions) return { best, isComplete: false };
  }
  return { best, isComplete };
}

/** What a finding is about, and the locks that guard it; undefined where it does not say. */
export function focusOf({ finding }: Failing, { machine }: Stage): Uint8Array | undefined {
  const { words = [], locks = [], frames = [] } = finding.about ?? {};
  if (words.length + locks.length + frames.length === 0) return undefined;
  const { guards } = machine.layout;
  const focus = new Uint8Array(objectCount(machine));
  for (const word of [...words, ...locks]) {
    focus[word] = 1;
    const guard = guards[word] ?? NO_GUARD;
    if (guard !== NO_GUARD) focus[guard] = 1;
  }
  for (const ppn of frames) {
    const first = machine.memory.frame(ppn);
    focus.fill(1, first, first + PGWORDS);
  }
  return focus;
}
