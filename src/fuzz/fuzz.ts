import fc from 'fast-check';
import { likeness } from '../finding.ts';
import type { GuestSpec } from '../guest.ts';
import { type Attempt, attempt, type Hit, standsAlone } from './attempt.ts';
import { CallCounts } from './calls.ts';
import { type FuzzCase, fuzzCases, specOfCase } from './case.ts';
import { reduce } from './reduce.ts';

export interface FuzzOptions {
  /** Seed of the first program; each further one has the next. A safe integer. */
  readonly seed: number;
  /** Programs at most. */
  readonly programs: number;
  /** Schedules of each program. */
  readonly schedules: number;
  /** As on the command line; `portfolio` if left out. */
  readonly strategy?: string;
  readonly mutants?: readonly string[];
  /** Names of the detectors that watch; all if left out. */
  readonly detectors?: readonly string[];
  /** Whether a program with a finding is made small; true if left out. */
  readonly shrink?: boolean;
  /** Goes on after a finding, and tells each that is like none before. */
  readonly keepGoing?: boolean;
}

/** What came of it so far. What shrinking took is not counted. */
export interface Fuzzing {
  programs: number;
  executions: number;
  operations: number;
  /** Executions that an unfair strategy kept from ending: nothing can be said of them. */
  abandoned: number;
  /** System calls, counted in one execution of each program. */
  readonly calls: CallCounts;
  readonly findings: FuzzFinding[];
  /** Programs whose finding is like one before. */
  repeated: number;
}

/** A finding in a generated program, shrunk. */
export interface FuzzFinding extends Hit {
  /** Seed of the program, which makes it again. */
  readonly program: number;
  /** What was generated; `spec` is what is left of it. */
  readonly from: GuestSpec;
  /** Programs and executions that shrinking took. */
  readonly candidates: number;
  readonly executions: number;
}

/** Executions that fast-check's shrinking of a program may take, and those until all is done. */
const SHRINK_EXECUTIONS = 3000;
const REDUCE_EXECUTIONS = 6000;
/** If the last program showed it in schedule n, a smaller one gets 5·n, and so many at most. */
const SHRINK_PATIENCE = 5;
const SHRINK_SCHEDULES_MAX = 150;

/**
 * Generates programs of system calls, with machines and schedules to run them, until something is
 * found; then makes that program small, with the same finding in it: fewer processes, calls and CPUs,
 * and the usual limits. The program of a seed depends on nothing else, so
 * `{ seed: found.program, programs: 1 }` makes it again.
 *
 * @throws UsageError for a strategy, mutant or detector that does not exist.
 */
export function fuzz(options: FuzzOptions): Fuzzing {
  const so = noFuzzing();
  for (const _ of fuzzing(options, so));
  return so;
}

/** Before the first program. */
export function noFuzzing(): Fuzzing {
  return {
    programs: 0,
    executions: 0,
    operations: 0,
    abandoned: 0,
    calls: new CallCounts(),
    findings: [],
    repeated: 0,
  };
}

/** As fuzz, for who wants a word after each program: answers what was found in it. */
export function* fuzzing(
  options: FuzzOptions,
  so: Fuzzing,
): Generator<FuzzFinding | undefined, void> {
  const known = new Set<string>();
  while (so.programs < options.programs) {
    const found = new Program(options, so, known).run(options.seed + so.programs++);
    if (found !== undefined) so.findings.push(found);
    yield found;
    if (found !== undefined && options.keepGoing !== true) return;
  }
}

/** One generated program, and what shrinking makes of it. */
class Program {
  private readonly options: FuzzOptions;
  private readonly so: Fuzzing;
  /** Likenesses of findings that were told. */
  private readonly known: Set<string>;
  private first: Hit | undefined;
  private last: Hit | undefined;
  private candidates = 0;
  private executions = 0;
  private executionsMax = SHRINK_EXECUTIONS;
  private broken: unknown;

  constructor(options: FuzzOptions, so: Fuzzing, known: Set<string>) {
    this.options = options;
    this.so = so;
    this.known = known;
  }

  run(program: number): FuzzFinding | undefined {
    const property = fc.property(fuzzCases, (one) => !this.fails(one));
    const endOnFailure = this.options.shrink === false;
    const details = fc.check(property, { seed: seed32(program), numRuns: 1, endOnFailure });
    const [smallest] = details.counterexample ?? [];
    if (smallest !== undefined && !endOnFailure) {
      this.executionsMax = REDUCE_EXECUTIONS;
      reduce(smallest, (one) => this.fails(one));
    }
    if (this.broken !== undefined) throw this.broken;
    const { first, last, candidates, executions } = this;
    if (first === undefined || last === undefined) return undefined;
    const before = standsAlone(last) ? 0 : last.before;
    return { ...last, before, program, from: first.spec, candidates, executions };
  }

  /** Whether the finding that is looked for is in a case: any at first, then one like that. */
  private fails(one: FuzzCase): boolean {
    if (this.broken !== undefined || this.executions > this.executionsMax) return false;
    try {
      const { hit } = this.first === undefined ? this.generated(one) : this.shrunk(one);
      if (hit === undefined) return false;
      const like = likeness(hit.finding);
      if (this.first === undefined) {
        if (this.known.has(like)) {
          this.so.repeated++;
          return false;
        }
        this.known.add(like);
        this.first = hit;
      } else if (like !== likeness(this.first.finding)) {
        return false;
      }
      this.last = hit;
      return true;
    } catch (error) {
      // A fault of ours is no counterexample.
      this.broken = error;
      return false;
    }
  }

  private generated(one: FuzzCase): Attempt {
    const { so, options } = this;
    const done = this.attempt(one, options.schedules, so.calls);
    so.executions += done.executions;
    so.operations += done.operations;
    so.abandoned += done.abandoned;
    return done;
  }

  private shrunk(one: FuzzCase): Attempt {
    const shown = this.last === undefined ? 0 : this.last.before + 1;
    const patience = Math.min(SHRINK_PATIENCE * shown, SHRINK_SCHEDULES_MAX);
    const done = this.attempt(one, Math.max(this.options.schedules, patience));
    this.candidates++;
    this.executions += done.executions;
    return done;
  }

  private attempt(one: FuzzCase, schedules: number, events?: CallCounts): Attempt {
    const { mutants = [], detectors, strategy = 'portfolio' } = this.options;
    const spec = specOfCase(one, mutants);
    const watched = detectors === undefined ? spec : { ...spec, detectors };
    const listening = events === undefined ? {} : { events };
    return attempt(watched, { strategy, seed: one.seed, schedules, ...listening });
  }
}

/** fast-check takes seeds of 32 bits; all of ours that differ by less than 2^32 stay different. */
function seed32(seed: number): number {
  return seed | 0;
}
