import type { Segment } from '../../scheduler/strategies/segments.ts';
import { type Failing, isSimpler, type Trials } from './trials.ts';

/**
 * Changes a failing schedule as long as that makes it simpler: delta debugging (Zeller and
 * Hildebrandt, Simplifying and Isolating Failure-Inducing Input, TSE 2002) over its segments. Runs of
 * them are dropped, long ones first; two of one lane are joined.
 *
 * @param until number of executions at which to stop
 * @returns what none of these changes makes simpler, or the best until then.
 */
export function reduce(trials: Trials, from: Failing, until: number): Failing {
  const reducer = new Reducer(trials, from, until);
  let before: Failing | undefined;
  while (before !== reducer.best && !trials.isSpent(until)) {
    before = reducer.best;
    reducer.drop();
    reducer.join();
  }
  return reducer.best;
}

/** The same, and then neighbours change places and switches come earlier or later. */
export function polish(trials: Trials, from: Failing, until: number): Failing {
  let best = from;
  let before: Failing | undefined;
  while (before !== best && !trials.isSpent(until)) {
    before = best;
    const reducer = new Reducer(trials, reduce(trials, best, until), until);
    reducer.move();
    best = reducer.best;
  }
  return best;
}

class Reducer {
  best: Failing;
  private readonly trials: Trials;
  private readonly until: number;

  constructor(trials: Trials, from: Failing, until: number) {
    this.trials = trials;
    this.best = from;
    this.until = until;
  }

  /** Takes a list instead of the best one, if it is simpler. */
  private take(list: readonly Segment[]): boolean {
    if (this.trials.isSpent(this.until)) return false;
    const trial = this.trials.attempt(list);
    if (trial === undefined || !isSimpler(trial, this.best)) return false;
    this.best = trial;
    return true;
  }

  private get list(): readonly Segment[] {
    return this.best.stretches;
  }

  drop(): void {
    for (let size = Math.ceil(this.list.length / 2); size >= 1; size = Math.floor(size / 2)) {
      for (let at = this.list.length - size; at > -size; at -= size) {
        at = Math.min(at, this.list.length - 1);
        const from = Math.max(at, 0);
        this.take(this.list.toSpliced(from, at + size - from));
      }
    }
  }

  /** Joins each segment with the next one of its lane, earlier or later. */
  join(): void {
    for (let at = 0; at < this.list.length; at++) {
      while (joins(this.list, at).some((list) => this.take(list)));
    }
  }

  move(): void {
    for (let at = 0; at + 1 < this.list.length; at++) {
      this.take(swapped(this.list, at));
      const steps = this.list[at]?.steps ?? 0;
      // Early switches first: what comes before them is left out.
      for (let by = steps >> 1; by >= 1; by >>= 1) this.take(moved(this.list, at, -by));
      for (let by = 1; by <= 8; by *= 2) this.take(moved(this.list, at, by));
    }
  }
}

function joins(list: readonly Segment[], at: number): Segment[][] {
  const first = list[at];
  if (first === undefined) return [];
  const next = nextOf(list, at);
  if (next < 0) return [];
  const joined = { lane: first.lane, steps: first.steps + (list[next] as Segment).steps };
  return [list.with(at, joined).toSpliced(next, 1), list.with(next, joined).toSpliced(at, 1)];
}

/** The next segment of the lane of one; -1 for none. */
function nextOf(list: readonly Segment[], at: number): number {
  const lane = list[at]?.lane;
  return list.findIndex((segment, i) => i > at && segment.lane === lane);
}

function swapped(list: readonly Segment[], at: number): Segment[] {
  return list.toSpliced(at, 2, list[at + 1] as Segment, list[at] as Segment);
}

/**
 * A list in which the switch behind a segment comes so many steps later, or earlier; what its lane does
 * less or more before, it does more or less when it goes on.
 */
export function moved(list: readonly Segment[], at: number, by: number): Segment[] {
  const { lane, steps } = list[at] as Segment;
  const result = list.with(at, { lane, steps: Math.max(0, steps + by) });
  const next = nextOf(list, at);
  if (next < 0) return result;
  const rest = (list[next] as Segment).steps - by;
  return result.with(next, { lane, steps: Math.max(0, rest) });
}
