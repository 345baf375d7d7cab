import type { Segment } from '../../scheduler/strategies/segments.ts';
import { scheduleText } from '../stage/schedule.ts';
import { OperationLog, type ShownOperation } from './operation-log.ts';
import { moved } from './reduce.ts';
import { concise, type Failing, type Trial, type Trials } from './trials.ts';

/** The smallest change of a schedule with which nothing is found. */
export interface Passing {
  /** In a sentence: `it passes when …`. */
  readonly text: string;
  /** The changed schedule, for `run`. */
  readonly schedule: string;
  /** Step of the switch that is changed, and how many steps later it comes; earlier if negative. */
  readonly step: number;
  readonly by: number;
  /** Whether it is no preemption any more: the lane goes on until it has to wait. */
  readonly removed: boolean;
  /** Who goes on for longer, or not so long; or who goes first instead. */
  readonly who: string;
  /** What that is about, in order. */
  readonly operations: readonly ShownOperation[];
}

/** A change that makes it pass. */
interface Change {
  /** The segment behind which the switch comes. */
  readonly at: number;
  readonly by: number;
  readonly trial: Trial;
}

/** Distances that are tried, before and after the removal of a preemption is. */
const NEAR = [1, 2, 3, 4, 6, 8];
const FAR = [12, 16, 24, 32, 48, 64, 96];
/** Steps that no lane takes before it has to wait. */
const ALL = 1_000_000_000;

/**
 * Looks for the nearest schedule that passes: one switch of a lane that could go on comes a few steps
 * later or earlier, or not at all; where there is none, another lane goes first at one that is free.
 *
 * @param until number of executions at which to stop
 * @param numbered whether the sentence has the numbers of steps
 * @returns undefined when no single change makes it pass, of those that were tried.
 */
export function nearestPassing(
  trials: Trials,
  failing: Failing,
  until: number,
  numbered = true,
): Passing | undefined {
  const search = new PassingSearch(trials, failing, until, numbered);
  const change = search.switches();
  if (change !== undefined) return search.told(change);
  return search.orders();
}

class PassingSearch {
  private readonly trials: Trials;
  private readonly failing: Failing;
  private readonly until: number;
  private readonly numbered: boolean;
  /** Segments behind which a preemption comes, the last first. */
  private readonly places: readonly number[];

  constructor(trials: Trials, failing: Failing, until: number, numbered: boolean) {
    this.trials = trials;
    this.numbered = numbered;
    this.failing = failing;
    // The last execution shows what the change is about.
    this.until = until - 1;
    const { stretches } = failing;
    this.places = stretches.flatMap(({ preempts }, i) => (preempts ? [i - 1] : [])).reverse();
  }

  /** Runs a list, and answers it if nothing is found and it comes to its end. */
  private pass(list: readonly Segment[]): Trial | undefined {
    if (this.trials.isSpent(this.until)) return undefined;
    const trial = this.trials.run(list);
    return trial.hasHalted && trial.finding === undefined ? trial : undefined;
  }

  /** A switch that comes later, earlier or not at all. */
  switches(): Change | undefined {
    return this.near(NEAR, 0) ?? this.never() ?? this.near(FAR, NEAR.at(-1) as number);
  }

  private near(distances: readonly number[], before: number): Change | undefined {
    let tried = before;
    for (const distance of distances) {
      for (const at of this.places) {
        for (const sign of [1, -1]) {
          const change = this.shift(at, sign * distance);
          if (change !== undefined) return this.nearer(change, sign * tried);
        }
      }
      tried = distance;
    }
    return undefined;
  }

  private shift(at: number, by: number): Change | undefined {
    const { stretches } = this.failing;
    const { steps, lane } = stretches[at] as Segment;
    if (steps + by < 1) return undefined;
    const trial = this.pass(moved(stretches, at, by));
    const took = trial?.stretches[at];
    if (trial === undefined || took?.lane !== lane) return undefined;
    // It may have to wait before it has gone so far.
    const actual = took.steps - steps;
    return actual === 0 ? undefined : { at, by: Math.min(by, actual), trial };
  }

  /** A lane goes on until it has to wait. */
  private never(): Change | undefined {
    for (const at of this.places) {
      const change = this.shift(at, ALL);
      if (change !== undefined) return this.nearer(change, NEAR.at(-1) as number);
    }
    return undefined;
  }

  /** Halves the way between a distance that fails and one that passes. */
  private nearer(change: Change, failing: number): Change {
    let best = change;
    let worst = failing;
    while (Math.abs(best.by - worst) > 1) {
      const by = Math.trunc((best.by + worst) / 2);
      const other = this.shift(best.at, by);
      if (other === undefined) worst = by;
      else best = other;
    }
    return best;
  }

  /** What is to be said of a change. Takes an execution. */
  told({ at, by, trial }: Change): Passing {
    const { stretches, list } = this.failing;
    const step = stretches[at + 1]?.from ?? 0;
    const removed = by > 0 && trial.stretches[at + 1]?.preempts !== true;
    const { lane } = stretches[at] as Segment;
    const [from, to] = [Math.min(step, step + by), Math.max(step, step + by)];
    const all = this.operations(by > 0 ? trial.list : list, from, to);
    const operations = all.filter((operation) => operation.lane === lane);
    const { who = this.nameOf(lane) } = operations[0] ?? {};
    const change = changeText(by, removed);
    const where = removed ? ` at step ${step}` : ` before the switch at step ${step}`;
    const text = `when ${who} ${change}${this.numbered ? where : ''}${operationsText(operations)}`;
    const schedule = scheduleText(concise(trial.stretches));
    return { text, schedule, step, by, removed, who, operations };
  }

  private operations(list: readonly Segment[], from: number, to: number): ShownOperation[] {
    const log = new OperationLog(this.trials.stage, list, from, to);
    this.trials.execute(log, list);
    return log.operations;
  }

  private nameOf(lane: number): string {
    return this.trials.stage.program?.lanes[lane] ?? `lane ${lane}`;
  }

  /** Another lane goes first, where nobody has to be preempted for it. */
  orders(): Passing | undefined {
    const { stretches } = this.failing;
    const lanes = new Set(stretches.map(({ lane }) => lane));
    for (const [at, { lane: first, from: step, preempts }] of stretches.entries()) {
      if (preempts) continue;
      for (const lane of lanes) {
        if (lane === first) continue;
        const trial = this.pass([...stretches.slice(0, at), { lane, steps: ALL }]);
        if (trial?.stretches[at]?.lane !== lane) continue;
        const from = trial.stretches[at]?.from ?? step;
        const operations = this.operations(trial.list, from, from + 1);
        const { who = this.nameOf(lane) } = operations[0] ?? {};
        const where = this.numbered ? ` at step ${step}` : '';
        const text = `when ${who} goes first${where}${operationsText(operations)}`;
        const schedule = scheduleText(concise(trial.stretches));
        return { text, schedule, step, by: 0, removed: false, who, operations };
      }
    }
    return undefined;
  }
}

function changeText(by: number, removed: boolean): string {
  if (removed) return 'is not preempted';
  const steps = `${Math.abs(by)} ${by < 0 ? 'fewer' : 'more'} ${Math.abs(by) === 1 ? 'step' : 'steps'}`;
  return `goes on for ${steps}`;
}

/** At most three, behind a colon; of more, the first and the last. */
function operationsText(operations: readonly ShownOperation[]): string {
  if (operations.length === 0) return '';
  const texts = operations.map(({ what, at }) => (at === '' ? what : `${what} (${at})`));
  return `: ${texts.length <= 3 ? texts.join(', ') : `${texts[0]} … ${texts.at(-1)}`}`;
}
