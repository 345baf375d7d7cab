import type { Segment } from '../scheduler/strategies/segments.ts';
import { Segments } from '../scheduler/strategies/segments.ts';
import { readTrace, type Trace } from '../traces/reader.ts';
import { UsageError } from './errors.ts';
import type { Finding } from './finding.ts';
import { isForeign, subjectFor } from './replay.ts';
import { scheduleText } from './schedule.ts';
import { BoundedSearch } from './shrink/bounded.ts';
import { bonesOfContention, subjectMatter } from './shrink/focus.ts';
import { nearestPassing, type Passing } from './shrink/passing.ts';
import { polish, reduce } from './shrink/reduce.ts';
import { straightened } from './shrink/straighten.ts';
import { concise, type Failing, isSimpler, type Size, Trials } from './shrink/trials.ts';
import type { Subject } from './stage.ts';
import type { Runnable } from './subject.ts';

export type { ShownOperation } from './shrink/operation-log.ts';
export type { Passing } from './shrink/passing.ts';
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
  /** The nearest schedule that passes; undefined if no single change that was tried makes it pass. */
  readonly passing: Passing | undefined;
  /** Executions that it took, at most 500. */
  readonly executions: number;
}

/*
 * Executions, counted from the first, at which each phase stops; what one leaves, the next may use.
 * All schedules of a small kernel with no preemption are a handful, with one 70 to 330, those with two
 * at the places of one lock 20 to 60.
 */
const NONPREEMPTIVE = 40;
const REDUCED = 120;
const GUESSED = 200;
const GUESSED_AGAIN = 250;
const REGROWN = 340;
const PROVEN = 430;
const POLISHED = 445;
const BUDGET = 500;
/** Executions for one guess at most: a place that is touched everywhere must not use up the rest. */
const GUESS = 60;

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
  if (subject.program !== header.program) {
    throw new UsageError(`the trace is of ${header.program}, not of ${subject.program}`);
  }
  const trials = new Trials(subject, header.seed);
  const first = trials.run(segmentsOf(trace, end.steps));
  const [known] = trace.findings;
  if (first.finding === undefined && known === undefined) {
    throw new UsageError('the trace has no finding to keep');
  }
  if (
    first.finding === undefined ||
    first.finding.title !== (known?.title ?? first.finding.title)
  ) {
    const why = isForeign(header, subject) ? 'other code made the trace' : 'is it deterministic?';
    throw new UsageError(`"${known?.title}" does not show again: ${why}`);
  }
  return new Shrinker(trials, { ...first, finding: first.finding }).shrink();
}

function segmentsOf(trace: Trace, steps: number): Segment[] {
  const choices = [...trace.choices];
  return choices.map(({ step, lane }, i) => {
    const next = choices[i + 1]?.step ?? steps;
    return { lane, steps: next - step };
  });
}

class Shrinker {
  private readonly trials: Trials;
  private readonly first: Failing;
  private best: Failing;
  /** No schedule with fewer preemptions has the finding. */
  private least = 0;
  /** What looks through those with as many. */
  private searching: BoundedSearch | undefined;

  constructor(trials: Trials, first: Failing) {
    trials.want(first);
    this.trials = trials;
    this.first = first;
    this.best = first;
  }

  shrink(): Shrunk {
    const { trials, first } = this;
    this.search(1, NONPREEMPTIVE);
    this.straighten();
    this.best = reduce(trials, this.best, REDUCED);
    this.guess([subjectMatter(this.best, trials.stage)], 1, GUESSED);
    this.guessAgain();
    this.regrow();
    this.search(Number.POSITIVE_INFINITY, PROVEN);
    this.polish();
    const shrunk = this.concise();
    const { list, finding, preemptions, steps } = shrunk;
    const passing = nearestPassing(trials, shrunk, BUDGET);
    return {
      subject: trials.stage.subject,
      seed: trials.seed,
      strategy: new Segments(list),
      schedule: scheduleText(list),
      finding,
      from: { preemptions: first.preemptions, steps: first.steps },
      to: { preemptions, steps },
      minimal: preemptions <= this.least,
      passing,
      executions: trials.executions,
    };
  }

  private straighten(): void {
    const { trials } = this;
    if (this.best.preemptions === 0) return;
    const trial = trials.attempt(straightened(trials, this.best));
    if (trial !== undefined && isSimpler(trial, this.best)) this.best = trial;
  }

  /** Looks through all schedules with fewer preemptions than the best, and than `bound`. */
  private search(bound: number, until: number): void {
    const { trials } = this;
    while (this.least < Math.min(bound, this.best.preemptions)) {
      this.searching ??= new BoundedSearch(trials, { preemptions: this.least });
      this.best = this.searching.look(this.best, until);
      if (!this.searching.isComplete) return;
      this.searching = undefined;
      this.least++;
    }
  }

  /** The same for so many preemptions or more, each where one of some objects is touched. */
  private guess(focuses: readonly ReadonlySet<number>[], least: number, until: number): void {
    const { trials } = this;
    for (let bound = least; bound < this.best.preemptions; bound++) {
      for (const focus of focuses) {
        const search = new BoundedSearch(trials, { preemptions: bound, focus });
        this.best = search.look(this.best, Math.min(until, trials.executions + GUESS));
      }
    }
  }

  /** The same at what the preemptions that are left are about, each alone: few need more. */
  private guessAgain(): void {
    if (this.best.preemptions < 3) return;
    const bones = bonesOfContention(this.trials, this.best);
    const each = bones.map((bone) => new Set([bone]));
    this.guess(each, 2, GUESSED_AGAIN);
  }

  /** Keeps all preemptions but the last two or three, and looks for fewer behind them. */
  private regrow(): void {
    const { trials } = this;
    for (let before: Failing | undefined; before !== this.best; ) {
      before = this.best;
      const { stretches, preemptions } = before;
      if (preemptions < 3) return;
      const focus = new Set(bonesOfContention(trials, before));
      const places = stretches.flatMap(({ preempts }, i) => (preempts ? [i] : []));
      for (const place of places.slice(-3, -1).reverse()) {
        const bounds = { preemptions: preemptions - 1, focus, start: stretches.slice(0, place) };
        const until = Math.min(REGROWN, trials.executions + GUESS);
        if (this.best === before) this.best = new BoundedSearch(trials, bounds).look(before, until);
      }
    }
  }

  /** Fewer steps with the same preemptions. */
  private polish(): void {
    const { trials } = this;
    this.best = polish(trials, this.best, POLISHED);
    const { preemptions } = this.best;
    if (preemptions > this.least) return;
    this.best = new BoundedSearch(trials, { preemptions }).look(this.best, POLISHED);
    this.best = polish(trials, this.best, POLISHED);
  }

  /** The best without what goes without saying. */
  private concise(): Failing {
    const trial = this.trials.run(concise(this.best.stretches));
    return this.trials.has(trial) && !isSimpler(this.best, trial) ? trial : this.best;
  }
}
