import { STRATEGIES } from '../scheduler/strategies.ts';
import type { Strategy } from '../scheduler/strategy.ts';
import { selectDetectors } from './detectors/index.ts';
import type { Finding } from './finding.ts';
import { Stage } from './stage.ts';
import { type Runnable, subjectOf } from './subject.ts';

export interface ExploreOptions {
  readonly spec: Runnable;
  readonly strategy: Strategy;
  /** Seed of the first execution; each further one has the next. */
  readonly seed: number;
  /** Executions at most. */
  readonly schedules: number;
  /** Called every so often; answers whether to go on. */
  readonly goOn?: (so: Exploration) => boolean;
}

/** What came of an exploration. */
export interface Exploration {
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
  finding: Finding | undefined;
  /** Seed of the execution that it was found in. */
  seed: number | undefined;
}

/** Executions between two calls of `goOn`. */
const BATCH = 64;

/**
 * Executes one schedule after another until something is found. What detectors learn over
 * executions (the order of locks) they keep.
 *
 * @throws UsageError for a guest that cannot boot.
 */
export function explore(options: ExploreOptions): Exploration {
  const { spec, strategy, schedules } = options;
  const stage = new Stage(subjectOf(spec));
  stage.watch({ detectors: selectDetectors(spec.detectors) });
  const fair = STRATEGIES.get(strategy.name.split(':')[0] ?? '')?.fair ?? true;
  const so: Exploration = {
    executions: 0,
    operations: 0,
    stepsLongest: 0,
    threads: 0,
    abandoned: 0,
    finding: undefined,
    seed: undefined,
  };
  while (so.executions < schedules) {
    if (so.executions % BATCH === 0 && options.goOn?.(so) === false) break;
    const seed = options.seed + so.executions++;
    const { finding } = stage.execute(strategy, seed);
    so.operations += stage.machine.step;
    so.stepsLongest = Math.max(so.stepsLongest, stage.machine.step);
    so.threads = Math.max(so.threads, threadsOf(stage));
    if (finding === undefined) continue;
    if (finding.detector === 'endless' && !fair) {
      so.abandoned++;
      continue;
    }
    so.finding = finding;
    so.seed = seed;
    break;
  }
  return so;
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
