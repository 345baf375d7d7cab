import type { Ending } from '../machine/index.ts';
import { Deepening } from '../scheduler/search/deepening.ts';
import type { Strategy } from '../scheduler/strategy.ts';
import { SwitchLog } from '../scheduler/switch-log.ts';
import type { DetectorKind } from './detectors/detector.ts';
import { selectDetectors } from './detectors/index.ts';
import { checkDeterministic } from './determinism.ts';
import { commuting } from './explore/commuting.ts';
import type { Coverage } from './explore/coverage.ts';
import { type Plan, type PlanOptions, planOf, threw } from './explore/plan.ts';
import { type Finding, likeness } from './finding.ts';
import type { OutcomeValue } from './model.ts';
import { scheduleText } from './schedule.ts';
import { type Outcome, Stage } from './stage.ts';
import { type Runnable, subjectOf } from './subject.ts';

export interface ExploreOptions extends PlanOptions {
  /** Seed of the first execution; each further one has the next. Default 0. A search needs none. */
  readonly seed?: number;
  /** Executions at most. Default: 10,000, or any number for a search. */
  readonly schedules?: number;
  /**
   * Whether to go on after something was found. Default: only for a search of a program that has an
   * outcome, whose every value is to be known.
   */
  readonly keepGoing?: boolean;
  /** Called every so often; answers whether to go on. */
  readonly goOn?: (so: Exploration) => boolean;
}

/** A bug that was found, and the first execution that shows it. */
export interface Discovery {
  readonly finding: Finding;
  /** Schedule of that execution, for `run`. */
  readonly schedule: string;
  /** Strategy and seed of that execution; a seed says nothing of a search. */
  readonly strategy: string;
  readonly seed: number;
  /** Which execution it was, from 1. */
  readonly execution: number;
  /** Executions that show it. */
  times: number;
}

/** A value that executions came to. */
export interface OutcomeCount {
  readonly value: OutcomeValue;
  /** Schedule of the first that did, for `run`. */
  readonly schedule: string;
  executions: number;
}

/** What came of an exploration. */
export interface Exploration {
  readonly strategy: string;
  executions: number;
  operations: number;
  /** Longest execution so far, in steps. */
  stepsLongest: number;
  /** Threads of the largest execution so far: scheduler loops, processes and timers. */
  threads: number;
  /**
   * Executions that reached the step limit under a strategy that is not fair: nothing can be said
   * of them.
   */
  abandoned: number;
  /** Executions after which everybody was blocked, and nothing was found wrong with that. */
  blocked: number;
  /** Of a search: complete executions that were not seen before, and those that were cut or repeated. */
  traces: number;
  redundant: number;
  /** Of a search: expected number of traces in all; NaN where nothing can be said. */
  estimate: number;
  /** What is covered if `complete`. */
  coverage: Coverage;
  /** Whether the search came to its end: no other execution is covered by what `coverage` says. */
  complete: boolean;
  /** Of a series of searches: the widest that came to its end, and the one that did not. */
  levels: { readonly completed: string | undefined; readonly unfinished: string | undefined };
  /** Distinct bugs, in the order in which they were found. */
  readonly discoveries: Discovery[];
  /** The first of them. */
  finding: Finding | undefined;
  /** Seed of the execution that it was found in. */
  seed: number | undefined;
  /** Distinct values of executions that halted, in the order in which they came. */
  readonly outcomes: OutcomeCount[];
  /** What an assumption turned out to be wrong about; empty if none did. */
  readonly notes: string[];
}

/** Executions between two calls of `goOn`. */
const BATCH = 64;
/** Executions of a strategy that draws, if nothing is said. */
const SCHEDULES = 10_000;
/**
 * Executions after which detectors start anew with what they learn over executions (the order of
 * locks): so that executions can be shared out, and what is found does not depend on how.
 */
const UNIT = 512;

/**
 * Executes one schedule after another until something is found, or nothing is left.
 *
 * @throws UsageError for a guest that cannot boot, and for options that do not go together.
 */
export function explore(what: Runnable, options: ExploreOptions = {}): Exploration {
  const subject = subjectOf(what);
  const first = new Explorer(planOf(subject, options), options);
  const so = first.explore();
  const [note] = so.notes;
  if (note === undefined || options.commuting !== undefined) return so;
  // What commutes was only a default, and a wrong one: all over again without it.
  const again = new Explorer(planOf(subject, { ...options, commuting: [] }), options);
  return again.explore();
}

/** One exploration. */
class Explorer {
  private readonly plan: Plan;
  private readonly options: ExploreOptions;
  private readonly stage: Stage;
  private readonly log = new SwitchLog();
  private readonly keepsGoing: boolean;
  private readonly detectors: readonly DetectorKind[];
  private readonly so: Exploration;

  constructor(plan: Plan, options: ExploreOptions) {
    const { subject, search, sections, coverage, name } = plan;
    this.plan = plan;
    this.options = options;
    this.stage = new Stage(subject);
    this.keepsGoing = options.keepGoing ?? (search !== undefined && this.stage.hasOutcome);
    const selected = selectDetectors(subject.detectors);
    this.detectors = sections.length === 0 ? selected : [...selected, commuting(sections)];
    this.so = {
      strategy: name,
      executions: 0,
      operations: 0,
      stepsLongest: 0,
      threads: 0,
      abandoned: 0,
      blocked: 0,
      traces: 0,
      redundant: 0,
      estimate: Number.NaN,
      coverage,
      complete: false,
      levels: { completed: undefined, unfinished: undefined },
      discoveries: [],
      finding: undefined,
      seed: undefined,
      outcomes: [],
      notes: [],
    };
  }

  explore(): Exploration {
    const { so, stage, plan, options, log } = this;
    const { schedules = plan.search === undefined ? SCHEDULES : Number.POSITIVE_INFINITY } =
      options;
    checkDeterministic(stage, options.seed ?? 0);
    stage.machine.onSwitch = (step, lane) => log.push(step, lane);
    stage.watch({ detectors: this.detectors });
    while (so.executions < schedules) {
      if (so.executions % BATCH === 0 && options.goOn?.(this.current()) === false) break;
      if (plan.search === undefined && so.executions > 0 && so.executions % UNIT === 0) {
        stage.watch({ detectors: this.detectors });
      }
      this.one((options.seed ?? 0) + so.executions++);
      if (so.notes.length > 0 || (so.discoveries.length > 0 && !this.keepsGoing)) break;
      if (plan.search?.next() === false) {
        so.complete = so.abandoned === 0;
        break;
      }
    }
    stage.machine.onSwitch = null;
    return this.current();
  }

  /** One execution, and what to note of it. */
  private one(seed: number): void {
    const { so, stage, plan } = this;
    const turn =
      ((seed % plan.strategies.length) + plan.strategies.length) % plan.strategies.length;
    const strategy = plan.strategies[turn] as Strategy;
    this.log.clear();
    const outcome = stage.execute(strategy, seed);
    this.count();
    if (plan.search !== undefined) so.notes.push(...this.withdrawn(outcome));
    if (outcome.finding !== undefined) this.found(outcome.finding, strategy.name, seed);
    if (plan.search !== undefined && this.keepsGoing) this.complete(outcome, seed);
    this.end(stage.machine.ending);
  }

  private count(): void {
    const { so, stage } = this;
    const { step } = stage.machine;
    so.operations += step;
    so.stepsLongest = Math.max(so.stepsLongest, step);
    so.threads = Math.max(so.threads, threadsOf(stage));
  }

  /** The claim that sections commute, if the execution showed it to be wrong. */
  private withdrawn({ notes = [] }: Outcome): string[] {
    return this.plan.sections.length === 0
      ? []
      : notes.filter((note) => /^a section of/.test(note));
  }

  private found(finding: Finding, strategy: string, seed: number): void {
    const { so } = this;
    if (finding.detector === 'endless' && !this.plan.fair) {
      so.abandoned++;
      return;
    }
    const like = likeness(finding);
    const known = so.discoveries.find((discovery) => likeness(discovery.finding) === like);
    if (known !== undefined) {
      known.times++;
      return;
    }
    const schedule = this.schedule();
    so.discoveries.push({ finding, schedule, strategy, seed, execution: so.executions, times: 1 });
    so.finding ??= finding;
    so.seed ??= seed;
  }

  /** The schedule of the execution that has ended. */
  private schedule(): string {
    const { steps, lanes } = this.log;
    const segments = lanes.map((lane, i) => {
      const end = steps[i + 1] ?? this.stage.machine.step;
      return { lane, steps: end - (steps[i] as number) };
    });
    return scheduleText(segments);
  }

  /** Goes on where a detector ended the execution, for the sake of its outcome and of the search. */
  private complete(outcome: Outcome, seed: number): void {
    const { plan, stage } = this;
    if (plan.search === undefined || outcome.ending !== 'found' || threw(outcome)) return;
    plan.search.resume();
    this.log.clear();
    stage.finish(plan.search, seed);
  }

  private end(ending: Ending | null): void {
    const { so, stage } = this;
    if (ending === 'blocked') so.blocked++;
    const value = stage.outcome();
    if (value === undefined) return;
    const known = so.outcomes.find((each) => each.value === value);
    if (known === undefined) so.outcomes.push({ value, schedule: this.schedule(), executions: 1 });
    else known.executions++;
  }

  /** The numbers of the search as they are now. */
  private current(): Exploration {
    const { so } = this;
    const { search } = this.plan;
    if (search === undefined) return so;
    so.traces = search.traces;
    so.redundant = search.redundant;
    so.estimate = search.estimate;
    if (search instanceof Deepening) {
      so.levels = { completed: search.completed?.covers, unfinished: search.level?.covers };
    }
    return so;
  }
}

function threadsOf({ kernel: k, lanes }: Stage): number {
  if (k === undefined) return lanes;
  const loops = k.param.ncpu * (k.param.tickInterval > 0 ? 2 : 1);
  return loops + (k.m.words[k.ptable.top] as number);
}

/**
 * How likely it is that PCT missed a bug of its depth: each execution finds one with probability
 * 1/(n·k^(depth−1)) at least, for n threads and k steps (Burckhardt et al. 2010, section 2).
 */
export function pctMissChance(
  threads: number,
  steps: number,
  depth: number,
  executions: number,
): number {
  return (1 - 1 / (threads * steps ** (depth - 1))) ** executions;
}
