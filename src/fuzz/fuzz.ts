import { likeness } from '../../detectors/finding.ts';
import { addCalls, type CallTally } from './calls.ts';
import {
  type Examined,
  examine,
  type FuzzFinding,
  type FuzzHit,
  type Making,
  made,
} from './program.ts';
import { finish } from './work.ts';

export type { FuzzFinding } from './program.ts';

export interface FuzzOptions extends Making {
  /** Seed of the first program; each further one has the next. A safe integer. */
  readonly seed: number;
  /** Programs at most. */
  readonly programs: number;
  /** Goes on after a finding, and tells each that is like none before. */
  readonly keepGoing?: boolean;
}

/** What some programs in a row came to: plain data. What shrinking took is not counted. */
export interface FuzzCounts {
  programs: number;
  executions: number;
  operations: number;
  /** Executions that an unfair strategy kept from ending: nothing can be said of them. */
  abandoned: number;
  /** Programs whose finding is like one before. */
  repeated: number;
  /** System calls, counted in one execution of each program. */
  readonly calls: CallTally;
}

export interface Fuzzing extends FuzzCounts {
  readonly findings: readonly FuzzFinding[];
}

/** Programs in a row, and each of their findings that is like none before. */
export interface FuzzShare extends FuzzCounts {
  readonly hits: FuzzHit[];
}

export function noFuzzShare(): FuzzShare {
  const counts = { programs: 0, executions: 0, operations: 0, abandoned: 0, repeated: 0 };
  return { ...counts, calls: new Map(), hits: [] };
}

/** One program more. */
export function addProgram(share: FuzzShare, { hit, ...counts }: Examined): void {
  addFuzzShare(share, {
    programs: 1,
    repeated: 0,
    ...counts,
    hits: hit === undefined ? [] : [hit],
  });
}

/** The programs that come after those of `sum`. */
export function addFuzzShare(sum: FuzzShare, more: FuzzShare): void {
  sum.programs += more.programs;
  sum.executions += more.executions;
  sum.operations += more.operations;
  sum.abandoned += more.abandoned;
  sum.repeated += more.repeated;
  addCalls(sum.calls, more.calls);
  const known = new Set(sum.hits.map(({ finding }) => likeness(finding)));
  for (const hit of more.hits) {
    if (known.has(likeness(hit.finding))) sum.repeated++;
    else sum.hits.push(hit);
  }
}

/**
 * Generates programs of system calls, with machines and schedules to run them, until something is
 * found; then makes that program small, with the same finding in it: fewer processes, calls and CPUs,
 * and the usual limits. The program of a seed depends on nothing else, so
 * `{ seed: found.program, programs: 1 }` makes it again.
 *
 * @throws UsageError for a strategy, mutant or detector that does not exist.
 */
export function fuzz(options: FuzzOptions): Fuzzing {
  const { seed, programs, keepGoing } = options;
  const share = noFuzzShare();
  while (share.programs < programs && (share.hits.length === 0 || keepGoing === true)) {
    addProgram(share, finish(examine(options, seed + share.programs)));
  }
  const { hits, ...counts } = share;
  return { ...counts, findings: hits.map((hit) => finish(made(options, hit))) };
}
