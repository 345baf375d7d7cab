import { likeness } from '../../detectors/finding.ts';
import type { GuestSpec } from '../subject/kernel-spec.ts';
import { type Attempting, attempt, type Hit, standsAlone } from './attempt.ts';
import { CallCounts, type CallTally } from './calls.ts';
import { caseOf, draw, type FuzzCase, smaller, specOfCase } from './case.ts';
import { reduce } from './reduce.ts';
import type { Work } from './work.ts';

/** How programs are made and executed; the same for all of a campaign. */
export interface Making {
  /** Schedules of each program. */
  readonly schedules: number;
  /** As on the command line; `portfolio` if left out. */
  readonly strategy?: string;
  readonly mutants?: readonly string[];
  /** Names of the detectors that watch; all if left out. */
  readonly detectors?: readonly string[];
  /** Whether a program with a finding is made small; true if left out. */
  readonly shrink?: boolean;
}

/** A finding in a program as it was generated. */
export interface FuzzHit extends Hit {
  /** Seed of the program, which makes it again. */
  readonly program: number;
}

/** A finding in a generated program, shrunk. */
export interface FuzzFinding extends FuzzHit {
  /** What was generated; `spec` is what is left of it. */
  readonly from: GuestSpec;
  /** Programs and executions that shrinking took. */
  readonly candidates: number;
  readonly executions: number;
}

/** What the schedules of one generated program came to. */
export interface Examined {
  readonly executions: number;
  readonly operations: number;
  readonly abandoned: number;
  /** Of one execution. */
  readonly calls: CallTally;
  readonly hit: FuzzHit | undefined;
}

/** Executions that fast-check's shrinking of a program may take, and those until all is done. */
const SHRINK_EXECUTIONS = 3000;
const REDUCE_EXECUTIONS = 6000;
/** If the last program showed it in schedule n, a smaller one gets 5·n, and so many at most. */
const SHRINK_PATIENCE = 5;
const SHRINK_SCHEDULES_MAX = 150;

/** Generates the program of a seed and executes it. */
export function* examine(making: Making, program: number): Work<Examined> {
  const one = caseOf(draw(program));
  const events = new CallCounts();
  const asked = { ...attempting(making, one, making.schedules), events };
  const { hit, ...counts } = yield* attempt(specOf(making, one), asked);
  return { ...counts, calls: events.counts, hit: hit === undefined ? hit : { ...hit, program } };
}

/** Makes the program of a finding small, with the same finding in it. */
export function* made(making: Making, hit: FuzzHit): Work<FuzzFinding> {
  const shrinker = new Shrinker(making, hit);
  if (making.shrink !== false) yield* shrinker.shrink();
  const { last, candidates, executions } = shrinker;
  const before = standsAlone(last) ? 0 : last.before;
  const { program, spec: from } = hit;
  return { ...last, before, program, from, candidates, executions };
}

class Shrinker {
  /** Of the smallest program so far. */
  last: Hit;
  candidates = 0;
  executions = 0;
  private readonly making: Making;
  private readonly program: number;
  private readonly like: string;
  private executionsMax = SHRINK_EXECUTIONS;

  constructor(making: Making, hit: FuzzHit) {
    this.making = making;
    this.program = hit.program;
    this.last = hit;
    this.like = likeness(hit.finding);
  }

  *shrink(): Work<void> {
    let drawing = draw(this.program);
    for (let before: unknown; before !== drawing; ) {
      before = drawing;
      for (const each of smaller(drawing)) {
        if (this.isSpent) break;
        if (!(yield* this.fails(caseOf(each)))) continue;
        drawing = each;
        break;
      }
    }
    this.executionsMax = REDUCE_EXECUTIONS;
    yield* reduce(caseOf(drawing), (one) => this.fails(one));
  }

  private get isSpent(): boolean {
    return this.executions > this.executionsMax;
  }

  /** Whether that finding is in a case, too. */
  private *fails(one: FuzzCase): Work<boolean> {
    if (this.isSpent) return false;
    const { making, last } = this;
    const patience = Math.min(SHRINK_PATIENCE * (last.before + 1), SHRINK_SCHEDULES_MAX);
    const asked = attempting(making, one, Math.max(making.schedules, patience));
    const { executions, hit } = yield* attempt(specOf(making, one), asked);
    this.candidates++;
    this.executions += executions;
    if (hit === undefined || likeness(hit.finding) !== this.like) return false;
    this.last = hit;
    return true;
  }
}

function specOf({ mutants = [], detectors }: Making, one: FuzzCase): GuestSpec {
  const spec = specOfCase(one, mutants);
  return detectors === undefined ? spec : { ...spec, detectors };
}

function attempting(
  { strategy = 'portfolio' }: Making,
  { seed }: FuzzCase,
  schedules: number,
): Attempting {
  return { strategy, seed, schedules };
}
