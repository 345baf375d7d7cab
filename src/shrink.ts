import type { Segment } from '../scheduler/strategies/segments.ts';
import { Segments } from '../scheduler/strategies/segments.ts';
import { readTrace, type Trace } from '../traces/reader.ts';
import { UsageError } from './errors.ts';
import type { Finding } from './finding.ts';
import { subjectFor } from './replay.ts';
import { scheduleText } from './schedule.ts';
import { bounded, focusOf } from './shrink/bounded.ts';
import { reduce } from './shrink/reduce.ts';
import { type Failing, type Size, Trials } from './shrink/trials.ts';
import type { Subject } from './stage.ts';
import type { Runnable } from './subject.ts';

export type { Size } from './shrink/trials.ts';

/** A failing schedule made small. */
export interface Shrunk {
  readonly subject: Subject;
  readonly seed: number;
  /** Runs the shrunk schedule, for `run` to record. */
  readonly strategy: Segments;
  /** The same as a text, for `run` again, or for a colleague. */
  readonly schedule: string;
  readonly finding: Finding;
  /** Before and after: switches away from a lane that could have gone on, and steps. */
  readonly from: Size;
  readonly to: Size;
  /** Whether no schedule with fewer preemptions has the finding: all were looked at. */
  readonly minimal: boolean;
  /** Executions that it took, at most 500. */
  readonly executions: number;
}

/*
 * Executions, counted from the first, at which each phase stops; what one leaves, the next may use.
 * Most findings of a kernel need one preemption, and dropping segments comes to within one of the
 * least in about 150 executions.
 */
const NONPREEMPTIVE = 40;
const REDUCED = 200;
const FOCUSED = 320;
const PROVEN = 400;
const FEWEST_STEPS = 420;
const POLISHED = 440;

/**
 * Finds a schedule with few preemptions, then with few steps, that still has the trace's finding:
 * the same detector, and the same title but for its numbers.
 *
 * Delta debugging over the segments of the schedule comes first, then a search of the schedules with
 * fewer preemptions than are left, all of them if 500 executions are enough: the result says whether.
 *
 * @param of a trace, or the bytes of one
 * @param given what the trace is of; needed where its header does not say it
 * @throws UsageError for a trace that cannot be replayed whole or has no finding.
 */
export function shrink(of: Trace | Uint8Array, given?: Runnable): Shrunk {
  const trace = of instanceof Uint8Array ? readTrace(of) : of;
  const { header, end } = trace;
  if (header === undefined || end === undefined || trace.damage.length > 0) {
    throw new UsageError('only a whole trace can be shrunk');
  }
  const subject = subjectFor(header, given);
  return new Shrinker(subject, header.seed).shrink(segmentsOf(trace, end.steps));
}

function segmentsOf(trace: Trace, steps: number): Segment[] {
  const choices = [...trace.choices];
  return choices.map(({ step, lane }, i) => {
    const next = choices[i + 1]?.step ?? steps;
    return { lane, steps: next - step };
  });
}

class Shrinker {
  private readonly subject: Subject;
  private readonly trials: Trials;
  private best!: Failing;
  /** No schedule with fewer preemptions has the finding. */
  private least = 0;

  constructor(subject: Subject, seed: number) {
    this.subject = subject;
    this.trials = new Trials(subject, seed);
  }

  shrink(whole: readonly Segment[]): Shrunk {
    const { trials, subject } = this;
    const first = trials.run(whole);
    if (first.finding === undefined) throw new UsageError('the trace has no finding to keep');
    this.best = first as Failing;
    trials.want(this.best);
    this.search(1, NONPREEMPTIVE);
    this.best = reduce(trials, this.best, REDUCED);
    this.guess();
    this.search(Number.POSITIVE_INFINITY, PROVEN);
    this.polish();
    const { list, finding, preemptions, steps } = this.concise();
    return {
      subject,
      seed: trials.seed,
      strategy: new Segments(list),
      schedule: scheduleText(list),
      finding,
      from: { preemptions: first.preemptions, steps: first.steps },
      to: { preemptions, steps },
      minimal: preemptions <= this.least,
      executions: trials.executions,
    };
  }

  /** Looks through all schedules with fewer preemptions than the best, and than `bound`. */
  private search(bound: number, until: number): void {
    while (this.least < Math.min(bound, this.best.preemptions)) {
      const bounds = { preemptions: this.least, until };
      const { best, isComplete } = bounded(this.trials, this.best, bounds);
      this.best = best;
      if (!isComplete) return;
      this.least++;
    }
  }

  /** The same for those whose preemptions are where the finding's words and locks are touched. */
  private guess(): void {
    const focus = focusOf(this.best, this.trials.stage);
    if (focus === undefined) return;
    for (let preemptions = 1; preemptions < this.best.preemptions; preemptions++) {
      const bounds = { preemptions, focus, until: FOCUSED };
      this.best = bounded(this.trials, this.best, bounds).best;
      if (this.trials.isSpent(FOCUSED)) return;
    }
  }

  /** Fewer steps with the same preemptions. */
  private polish(): void {
    const { trials } = this;
    this.best = reduce(trials, this.best, POLISHED);
    const { preemptions } = this.best;
    if (preemptions > this.least) return;
    this.best = bounded(trials, this.best, { preemptions, until: FEWEST_STEPS }).best;
    this.best = reduce(trials, this.best, POLISHED);
  }

  /** Without what goes without saying at the end. */
  private concise(): Failing {
    const { stretches, steps } = this.best;
    const last = stretches.findLastIndex(({ isChosen }) => isChosen);
    const list = stretches
      .slice(0, Math.max(last, 0) + 1)
      .map(({ lane, steps }) => ({ lane, steps }));
    const trial = this.trials.run(list);
    return this.trials.has(trial) && trial.steps === steps ? trial : this.best;
  }
}
