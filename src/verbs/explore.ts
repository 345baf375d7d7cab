import { Deepening } from '../../scheduler/search/deepening.ts';
import { doubtsOf } from '../doubts.ts';
import { UsageError } from '../errors.ts';
import { type Exploration, noExploration } from '../explore/exploration.ts';
import { Explorer, unitOf } from '../explore/explorer.ts';
import { commutingWithout, type Plan, type PlanOptions, planOf } from '../explore/plan.ts';
import { accuse, checkDeterministic } from '../stage/determinism.ts';
import { type Runnable, subjectOf } from '../subject/subject.ts';

export type { Discovery, Exploration, OutcomeCount } from '../explore/exploration.ts';

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

/** Executions between two calls of `goOn`. */
const BATCH = 64;
/** Executions of a strategy that draws, if nothing is said. */
const SCHEDULES = 10_000;

/**
 * Executes one schedule after another until something is found, or nothing is left.
 *
 * @throws UsageError for a guest that cannot boot, and for options that do not go together.
 */
export function explore(what: Runnable, options: ExploreOptions = {}): Exploration {
  const subject = subjectOf(what);
  checkCounts(options);
  for (let { commuting } = options; ; ) {
    const so = explorePlan(planOf(subject, { ...options, commuting }), options);
    const [withdrawn] = so.withdrawn;
    if (withdrawn === undefined || options.commuting !== undefined) {
      so.doubts = doubtsOf(subject);
      return so;
    }
    // What commutes was only a default, and a wrong one: all over again without it.
    commuting = commutingWithout(commuting, withdrawn);
  }
}

function checkCounts({ schedules, preemptions }: ExploreOptions): void {
  for (const [name, count] of Object.entries({ schedules, preemptions })) {
    if (count === undefined || count === Number.POSITIVE_INFINITY) continue;
    if (Number.isInteger(count) && count >= 0) continue;
    throw new UsageError(`${name} is a whole number, not ${String(count)}`);
  }
}

/** Executions at most. */
export function schedulesOf({ search }: Plan, schedules: number | undefined): number {
  return schedules ?? (search === undefined ? SCHEDULES : Number.POSITIVE_INFINITY);
}

function explorePlan(plan: Plan, options: ExploreOptions): Exploration {
  const { search } = plan;
  const { seed = 0, goOn, keepGoing } = options;
  const so = noExploration(plan.name, plan.coverage);
  const schedules = schedulesOf(plan, options.schedules);
  const explorer = new Explorer(plan, keepGoing);
  checkDeterministic(explorer.stage, seed);
  try {
    explorer.begin(so);
    let unit = 1;
    while (so.executions < schedules) {
      if (so.executions % BATCH === 0 && goOn?.(current(so, plan)) === false) break;
      if (so.executions > 0 && so.executions % unit === 0) {
        explorer.begin(so);
      }
      explorer.execute(seed + so.executions);
      if (so.executions === 1) unit = unitOf(so.operations);
      if (explorer.isDone) break;
      if (search?.next() === false) {
        so.exhausted = true;
        so.complete = so.abandoned === 0 && search.cutLoops.length === 0;
        break;
      }
    }
  } catch (error) {
    accuse(explorer.stage, seed, error);
  }
  return current(so, plan);
}

/** What the search says now, and what was found first. */
function current(so: Exploration, { search }: Plan): Exploration {
  const [first] = so.discoveries;
  so.finding = first?.finding;
  so.seed = first?.seed;
  if (search === undefined) return so;
  so.traces = search.traces;
  so.redundant = search.redundant;
  so.estimate = search.estimate;
  so.spinLoops = search.spinLoops.length;
  so.cutLoops = search.cutLoops;
  if (search instanceof Deepening) {
    so.levels = { completed: search.completed?.covers, unfinished: search.level?.covers };
  }
  return so;
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
