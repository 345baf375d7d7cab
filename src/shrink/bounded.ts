import { type ChoicePoint, objectCount, type Thread } from '../../machine/index.ts';
import type { Stretch } from '../../scheduler/course.ts';
import { Dfs } from '../../scheduler/search/dfs.ts';
import { type Segment, Segments } from '../../scheduler/strategies/segments.ts';
import type { Strategy } from '../../scheduler/strategy.ts';
import { sourceProver } from '../loops/source-prover.ts';
import { type Anchor, Anchored } from './anchors.ts';
import { type Failing, isSimpler, type Trials } from './trials.ts';

export interface Bounds {
  readonly preemptions: number;
  /** Objects whose operations a lane may be preempted at; all if left out. */
  readonly focus?: ReadonlySet<number>;
  /** What all begin with; a preemption follows. */
  readonly start?: readonly Stretch[];
  /** Where threads are preempted besides, once they come there; all other preemptions come before. */
  readonly anchors?: readonly Anchor[];
}

/**
 * Looks for simpler schedules among all with at most so many preemptions: iterative context bounding
 * (Musuvathi and Qadeer, PLDI 2007).
 *
 * Complete up to traces: of executions that differ only in the order of operations that commute, one
 * is run. So a finding that some of these show and others do not may be passed over.
 */
export class BoundedSearch {
  /** Whether all were looked at. */
  isComplete = false;
  private readonly trials: Trials;
  private readonly preemptions: number;
  private readonly search: Dfs;
  private readonly strategy: Strategy;
  private isOver = false;
  /** Whether the search itself is blind to some. */
  private isPartial: boolean;

  constructor(trials: Trials, { preemptions, focus, start, anchors }: Bounds) {
    this.trials = trials;
    this.preemptions = preemptions;
    this.isPartial = focus !== undefined || start !== undefined || anchors !== undefined;
    const table = focus && tableOf(focus, objectCount(trials.stage.machine));
    const before = start?.filter(({ preempts }) => preempts).length ?? -1;
    const free = preemptions - before - 1 - (anchors?.length ?? 0);
    this.search = new Dfs({
      merges: true,
      preemptions: free,
      focus: table,
      prover: sourceProver,
    });
    if (anchors !== undefined) this.strategy = new Anchored(anchors, this.search);
    else this.strategy = start === undefined ? this.search : new After(start, this.search);
  }

  /**
   * Goes on looking, and answers the simplest that it comes upon, or `from`. Stops after so many
   * executions of all, or where there is one with as few preemptions as were allowed and `from` has
   * more; the next call goes on.
   */
  look(from: Failing, until: number): Failing {
    const { trials, preemptions, search, strategy } = this;
    let best = from;
    while (!this.isOver && !trials.isSpent(until)) {
      const trial = trials.execute(strategy);
      // Now, while the machine is as this execution has left it.
      this.isOver = !search.next();
      // Timers are taken as they come, and nothing is known of what comes behind a cut.
      if (trial.isCut || trial.hasTimers) this.isPartial = true;
      if (!trials.has(trial) || !isSimpler(trial, best)) continue;
      // The starts of threads come first in a search, and later in a list.
      const again = trials.attempt(trial.stretches);
      if (again === undefined || !isSimpler(again, best)) continue;
      best = again;
      if (from.preemptions > preemptions && best.preemptions <= preemptions) break;
    }
    this.isComplete = this.isOver && !this.isPartial && search.cutLoops.length === 0;
    return best;
  }
}

/** Segments, and behind them another strategy. */
class After implements Strategy {
  readonly name = 'schedule';
  readonly asksAlways = true;
  private readonly steps: number;
  private readonly start: Segments;
  private readonly rest: Strategy;

  constructor(start: readonly Segment[], rest: Strategy) {
    this.steps = start.reduce((sum, { steps }) => sum + steps, 0);
    this.start = new Segments(start);
    this.rest = rest;
  }

  begin(seed: number, lanes: number): void {
    this.start.begin(seed, lanes);
    this.rest.begin(seed, lanes);
  }

  choose(point: ChoicePoint): Thread {
    return (point.step < this.steps ? this.start : this.rest).choose(point);
  }
}

function tableOf(objects: ReadonlySet<number>, count: number): Uint8Array {
  const table = new Uint8Array(count);
  for (const object of objects) table[object] = 1;
  return table;
}
