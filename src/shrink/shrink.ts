import { type Finding, likeness } from '../../detectors/finding.ts';
import type { Segment } from '../../scheduler/strategies/segments.ts';
import { Segments } from '../../scheduler/strategies/segments.ts';
import { readTrace, type Trace } from '../../traces/reader.ts';
import type { TraceFinding } from '../../traces/trace.ts';
import { UsageError } from '../errors.ts';
import { scheduleText } from '../stage/schedule.ts';
import type { Subject } from '../stage/stage.ts';
import type { Runnable } from '../subject/subject.ts';
import { isForeign, subjectFor } from '../verbs/replay.ts';
import { type Anchor, Anchored, anchorsOf, returning } from './anchors.ts';
import { BoundedSearch } from './bounded.ts';
import { bonesOfContention, subjectMatter } from './focus.ts';
import { nearestPassing, type Passing } from './passing.ts';
import { polish, reduce } from './reduce.ts';
import { straightened } from './straighten.ts';
import { concise, type Failing, isSimpler, type Size, type Trial, Trials } from './trials.ts';

export type { ShownOperation } from './operation-log.ts';
export type { Passing } from './passing.ts';
export type { Size } from './trials.ts';

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
  /** Executions that it took: at most 500, or what proving takes if all schedules are few. */
  readonly executions: number;
}

/*
 * Executions, counted from the first, at which each phase stops; what one leaves, the next may use.
 * All schedules of a small kernel with no preemption are a handful, with one 70 to 330, those with two
 * at the places of one lock 20 to 60.
 */
const GLANCED = 20;
const LOOKED = 90;
const REDUCED = 180;
const GUESSED = 270;
const GUESSED_AT_LENGTH = 340;
const REDUCED_AGAIN = 420;
const GUESSED_AGAIN = 330;
const ANCHORED = 430;
const ANCHORED_AGAIN = 400;
const REGROWN = 400;
const PROVEN = 445;
const POLISHED = 460;
const BUDGET = 500;
/** Switches of a trace that can be shrunk: each candidate is a list of them. */
const SWITCHES_MAX = 200_000;
/** Interleavings up to which a program is small enough to look through, however long that takes. */
const SMALL = 100_000_000;
const EXHAUSTIVE = 5_000;
/** Executions for one guess at most: a place that is touched everywhere must not use up the rest. */
const GUESS = 40;
/** Shares of the others' run after which who was preempted goes on. */
const SHARES = [1 / 2, 1 / 4, 3 / 4, 1 / 8, 3 / 8, 5 / 8, 7 / 8];

/**
 * Finds a schedule with few preemptions, then with few steps, that still has the trace's finding:
 * the same detector, and the same title but for its numbers.
 *
 * The same trace is run in fewer pieces, and segments dropped and joined as long as that helps; then
 * the schedules with fewer preemptions than are left are looked through, at first those that preempt
 * where the threads meet or where they were preempted, then all, as far as the executions last. The
 * result says whether that was a proof. An execution takes longer the more steps the trace has; 500
 * of a thousand steps take a second.
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
  if (trace.choices.length > SWITCHES_MAX) {
    throw new UsageError(`a trace of more than ${SWITCHES_MAX} switches cannot be shrunk`);
  }
  const trials = new Trials(subject, header.seed, end.steps);
  const first = trials.run(segmentsOf(trace, end.steps));
  const [known] = trace.findings;
  if (known === undefined && first.finding === undefined) {
    throw new UsageError('the trace has no finding to keep');
  }
  if (!isSame(first.finding, known)) {
    const why = isForeign(header, subject) ? 'other code made the trace' : 'is it deterministic?';
    throw new UsageError(`"${known?.title}" is not found again: ${why}`);
  }
  return new Shrinker(trials, first as Failing).shrink();
}

/** Whether what is found is what the trace has. */
function isSame(finding: Finding | undefined, known: TraceFinding | undefined): boolean {
  if (finding === undefined || known === undefined) return finding !== undefined;
  const { kind, title } = known;
  return likeness({ ...finding, detector: kind, title }) === likeness(finding);
}

function segmentsOf(trace: Trace, steps: number): Segment[] {
  const choices = [...trace.choices];
  return choices.map(({ step, lane }, i) => {
    const next = choices[i + 1]?.step ?? steps;
    return { lane, steps: next - step };
  });
}

/** How many orders the steps of an execution's lanes have. */
function orders({ stretches }: Failing): number {
  const steps = new Map<number, number>();
  let all = 0;
  let count = 1;
  for (const stretch of stretches) {
    for (let i = 0; i < stretch.steps && count <= SMALL; i++) {
      const own = (steps.get(stretch.lane) ?? 0) + 1;
      steps.set(stretch.lane, own);
      count *= ++all / own;
    }
  }
  return count;
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
    // Where there are timers a search proves nothing: it takes them as they come.
    this.search(first.hasTimers ? GLANCED : LOOKED);
    this.straighten();
    this.best = reduce(trials, this.best, REDUCED);
    // Where one preemption was looked through so soon, all of two or three may be within reach.
    if (this.least > 1) this.search(REGROWN);
    this.guess();
    if (this.best.preemptions > 3) this.anchor(ANCHORED);
    this.best = reduce(trials, this.best, REDUCED_AGAIN);
    this.regrow(1);
    this.guessAgain();
    this.regrow(2);
    this.anchor(ANCHORED_AGAIN);
    this.search(orders(first) <= SMALL ? EXHAUSTIVE : PROVEN);
    const beyond = Math.max(0, trials.executions - PROVEN);
    this.polish(POLISHED + beyond);
    const shrunk = this.concise();
    const { list, finding, preemptions, steps } = shrunk;
    const passing = nearestPassing(trials, shrunk, BUDGET + beyond);
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
    this.take(trials.attempt(straightened(trials, this.best)));
  }

  /**
   * Keeps one or two of the preemptions, or all but one, told by their threads, and comes to these
   * places without any other. Behind them it goes on until all others have to wait, or not so long; or
   * it comes there with one preemption besides.
   */
  private anchor(until: number): void {
    const { trials } = this;
    for (let before: Failing | undefined; before !== this.best; ) {
      before = this.best;
      if (before.preemptions < 2 || before.preemptions <= this.least) return;
      const anchors = anchorsOf(trials, before);
      const last = anchors.toReversed();
      const alone = last.map((anchor) => this.keep([anchor], until));
      for (const left of last) {
        const others = anchors.filter((anchor) => anchor !== left);
        this.keep(others, until);
      }
      // Of many, others may do without now, too.
      if (this.best !== before) continue;
      const pairs = last.flatMap((b, i) => last.slice(i + 1).map((a) => [a, b]));
      const both = pairs.map((pair) => this.keep(pair, until));
      this.comeBack(alone, 2, until);
      this.comeBack(both, 3, until);
      for (const anchor of last) {
        const bounds = { preemptions: 2, anchors: [anchor] };
        this.follow(new BoundedSearch(trials, bounds), until, GUESS);
      }
    }
  }

  private keep(anchors: readonly Anchor[], until: number): Trial | undefined {
    const { trials, best } = this;
    if (anchors.length >= best.preemptions || trials.isSpent(until)) return undefined;
    const trial = trials.execute(new Anchored(anchors, new Segments([])));
    if (trials.has(trial) && isSimpler(trial, best)) this.take(trials.attempt(trial.stretches));
    return trial;
  }

  /** Behind the last preemption, goes back to who was preempted before the others have to wait. */
  private comeBack(kept: readonly (Trial | undefined)[], preemptions: number, until: number): void {
    for (const share of SHARES) {
      for (const trial of kept) {
        if (preemptions >= this.best.preemptions || this.trials.isSpent(until)) return;
        if (trial !== undefined) this.take(this.trials.attempt(returning(trial, share)));
      }
    }
  }

  private take(trial: Failing | undefined): void {
    if (trial !== undefined && isSimpler(trial, this.best)) this.best = trial;
  }

  /** Looks through all schedules with fewer preemptions than the best. */
  private search(until: number): void {
    const { trials } = this;
    while (this.least < this.best.preemptions) {
      this.searching ??= new BoundedSearch(trials, { preemptions: this.least });
      this.best = this.searching.look(this.best, until);
      if (!this.searching.isComplete) return;
      this.searching = undefined;
      this.least++;
    }
  }

  /** The same for preemptions where what the finding is about is touched. */
  private guess(): void {
    const { trials } = this;
    const focus = subjectMatter(this.best, trials.stage);
    if (focus.size === 0) return;
    for (let preemptions = 1; preemptions < this.best.preemptions; preemptions++) {
      const search = new BoundedSearch(trials, { preemptions, focus });
      // The more is left, the more there is to gain, and the less can be proven.
      const until = this.best.preemptions > 4 ? GUESSED_AT_LENGTH : GUESSED;
      this.best = search.look(this.best, until);
    }
  }

  /**
   * The same for two, at each of what the preemptions that are left are about: few need more. A little
   * at each, then the rest where most of them are, if so many are left that nothing can be proven.
   */
  private guessAgain(): void {
    const { trials } = this;
    if (this.best.preemptions < 3) return;
    const searches = bonesOfContention(trials, this.best).map(
      (bone) => new BoundedSearch(trials, { preemptions: 2, focus: new Set([bone]) }),
    );
    for (const search of searches) this.follow(search, GUESSED_AGAIN, GUESS);
    if (this.best.preemptions < 4) return;
    for (const search of searches) this.follow(search, PROVEN, PROVEN);
  }

  private follow(search: BoundedSearch, until: number, most: number): void {
    if (this.best.preemptions < 3) return;
    this.best = search.look(this.best, Math.min(until, this.trials.executions + most));
  }

  /** Keeps all preemptions but the last, or so many more, and looks for fewer behind them. */
  private regrow(more: number): void {
    const { trials } = this;
    for (let before: Failing | undefined; before !== this.best; ) {
      before = this.best;
      const { stretches, preemptions } = before;
      if (preemptions < 3) return;
      const focus = new Set(bonesOfContention(trials, before));
      const places = stretches.flatMap(({ preempts }, i) => (preempts ? [i] : []));
      for (const place of places.slice(-1 - more, -1).reverse()) {
        const bounds = { preemptions: preemptions - 1, focus, start: stretches.slice(0, place) };
        const until = Math.min(REGROWN, trials.executions + GUESS);
        if (this.best === before) this.best = new BoundedSearch(trials, bounds).look(before, until);
      }
    }
  }

  /** Fewer steps with the same preemptions. */
  private polish(until: number): void {
    const { trials } = this;
    this.best = polish(trials, this.best, until);
    const { preemptions } = this.best;
    if (preemptions > this.least) return;
    this.best = new BoundedSearch(trials, { preemptions }).look(this.best, until);
    this.best = polish(trials, this.best, until);
  }

  /** The best without what goes without saying. */
  private concise(): Failing {
    const trial = this.trials.run(concise(this.best.stretches));
    return this.trials.has(trial) && !isSimpler(this.best, trial) ? trial : this.best;
  }
}
