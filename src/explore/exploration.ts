import type { Withdrawn } from '../../detectors/detector.ts';
import { type Finding, likeness } from '../../detectors/finding.ts';
import type { OutcomeValue } from '../../detectors/model.ts';
import type { CutLoop } from '../../scheduler/search/loop-prover.ts';
import type { Doubt } from '../doubts.ts';
import type { Coverage } from './coverage.ts';

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
  /** Executions in which it was the first that was found: what comes behind another is not counted. */
  times: number;
}

/** A value that executions came to. */
export interface OutcomeCount {
  readonly value: OutcomeValue;
  /** Schedule of the first that did, for `run`. */
  readonly schedule: string;
  /** All that came to it, those included that a search repeats after it began anew. */
  executions: number;
}

/** An execution that reached the step limit. */
interface Endless {
  /** Who stepped last, and at what: for example `worker at load(x)`. */
  readonly who: readonly string[];
  /** For `run`; undefined where a strategy drew it. */
  readonly schedule: string | undefined;
}

/** What was different in the executions that were looked at: few of all, by their seeds. */
export interface Sample {
  executions: number;
  /** Points at which control passed on, as numbers; see Retrace. */
  readonly switchPoints: Set<number>;
  /** Traces, as numbers. */
  readonly traces: Set<number>;
}

/** What came of some executions in a row: plain data, and those of the next can be added. */
export interface Share {
  executions: number;
  operations: number;
  /** Longest execution so far, in steps. */
  stepsLongest: number;
  /** Threads of the largest execution so far: scheduler loops, processes and timers. */
  threads: number;
  /**
   * Executions that reached the step limit under a strategy that is not fair, or with no detector
   * that minds: nothing can be said of them.
   */
  abandoned: number;
  /** The first of those. */
  endless: Endless | undefined;
  /** Executions after which everybody was blocked, and nothing was found wrong with that. */
  blocked: number;
  /** Distinct bugs, in the order in which they were found. */
  readonly discoveries: Discovery[];
  /** Distinct values of executions that halted, in the order in which they came. */
  readonly outcomes: OutcomeCount[];
  /** Assumptions that turned out to be wrong. */
  readonly withdrawn: Withdrawn[];
  /** Of a strategy that draws. */
  readonly sample: Sample;
}

/** What came of an exploration. */
export interface Exploration extends Share {
  readonly strategy: string;
  /** Of a search: complete executions that were not seen before, and those that were cut or repeated. */
  traces: number;
  redundant: number;
  /** Of a search: expected number of traces in all; NaN where nothing can be said. */
  estimate: number;
  /** Of a search: places where threads spin, and were taken to wait for what they look at. */
  spinLoops: number;
  /** Of a search: loops whose later rounds were not explored; with one, it proves nothing. */
  cutLoops: readonly CutLoop[];
  /** What is covered if `complete`. */
  readonly coverage: Coverage;
  /** Whether the search came to its end. */
  exhausted: boolean;
  /**
   * Whether no other execution is covered by what `coverage` says: it came to its end, each execution
   * ended, and no loop was cut. See incompleteOf.
   */
  complete: boolean;
  /** Of a series of searches: the widest that came to its end, and the one that did not. */
  levels: { readonly completed: string | undefined; readonly unfinished: string | undefined };
  /** What its author probably did not mean. */
  doubts: readonly Doubt[];
  /** The first of the discoveries. */
  finding: Finding | undefined;
  /** Seed of the execution that it was found in. */
  seed: number | undefined;
}

/** Numbers kept in each set of a sample at most. */
const SAMPLE_MAX = 1 << 20;

export function noShare(): Share {
  return {
    executions: 0,
    operations: 0,
    stepsLongest: 0,
    threads: 0,
    abandoned: 0,
    endless: undefined,
    blocked: 0,
    discoveries: [],
    outcomes: [],
    withdrawn: [],
    sample: { executions: 0, switchPoints: new Set(), traces: new Set() },
  };
}

/** An exploration that has not begun. */
export function noExploration(strategy: string, coverage: Coverage): Exploration {
  return {
    ...noShare(),
    strategy,
    traces: 0,
    redundant: 0,
    estimate: Number.NaN,
    spinLoops: 0,
    cutLoops: [],
    coverage,
    exhausted: false,
    complete: false,
    levels: { completed: undefined, unfinished: undefined },
    doubts: [],
    finding: undefined,
    seed: undefined,
  };
}

/** Adds what came of the executions that follow. */
export function addShare(so: Share, share: Share): void {
  for (const each of share.discoveries) {
    const known = discoveryLike(so, each.finding);
    if (known !== undefined) known.times += each.times;
    else so.discoveries.push({ ...each, execution: so.executions + each.execution });
  }
  for (const each of share.outcomes) {
    const known = so.outcomes.find(({ value }) => value === each.value);
    if (known !== undefined) known.executions += each.executions;
    else so.outcomes.push({ ...each });
  }
  so.withdrawn.push(...share.withdrawn);
  so.executions += share.executions;
  so.operations += share.operations;
  so.stepsLongest = Math.max(so.stepsLongest, share.stepsLongest);
  so.threads = Math.max(so.threads, share.threads);
  so.abandoned += share.abandoned;
  so.endless ??= share.endless;
  so.blocked += share.blocked;
  addSample(so.sample, share.sample.executions, share.sample.switchPoints, share.sample.traces);
}

/** The discovery of a bug that is known already. */
export function discoveryLike(so: Share, finding: Finding): Discovery | undefined {
  const like = likeness(finding);
  return so.discoveries.find((each) => likeness(each.finding) === like);
}

export function addSample(
  sample: Sample,
  executions: number,
  switchPoints: Iterable<number>,
  traces: Iterable<number>,
): void {
  if (sample.traces.size > SAMPLE_MAX || sample.switchPoints.size > SAMPLE_MAX) return;
  sample.executions += executions;
  for (const point of switchPoints) sample.switchPoints.add(point);
  for (const trace of traces) sample.traces.add(trace);
}
