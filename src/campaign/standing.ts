import { performance } from 'node:perf_hooks';
import type { SearchState } from '../../scheduler/search/state.ts';
import { addShare, type Exploration } from '../explore/exploration.ts';
import type { Explorer } from '../explore/explorer.ts';
import type { Crew } from './crew.ts';
import type { ExploreResult, ExploreTask } from './explore-units.ts';

/** Where a campaign stands: plain data. */
export interface Standing {
  readonly so: Exploration;
  /** Executions of a unit; undefined before the first. */
  unit: number | undefined;
  /** What was taken to commute: an assumption that turned out wrong is dropped. */
  readonly commuting: readonly string[] | undefined;
  /** Of a search: what is left of it; undefined before it began. */
  left: SearchState | undefined;
}

/** What those have who run a campaign. */
export interface Running {
  readonly crew: Crew<ExploreTask, ExploreResult>;
  readonly explorer: Explorer;
  readonly at: Standing;
  /** Executions at most. */
  readonly schedules: number;
  readonly signal: AbortSignal | undefined;
  /** When results were taken last, on the clock of `performance`. */
  takenAt: number;
}

/** Adds what came of some executions; answers whether to go on. */
export function take(running: Running, result: ExploreResult): boolean {
  const { at, explorer } = running;
  const { so } = at;
  running.takenAt = performance.now();
  addShare(so, result.share);
  const [first] = so.discoveries;
  so.finding = first?.finding;
  so.seed = first?.seed;
  return so.withdrawn.length === 0 && (first === undefined || explorer.keepsGoing);
}
