import { invariant } from '../../machine/index.ts';
import { Dfs } from '../../scheduler/search/dfs.ts';
import type { SearchState } from '../../scheduler/search/state.ts';
import { accuse } from '../determinism.ts';
import { addShare, noShare, type Share } from '../explore/exploration.ts';
import { Explorer, unitOf } from '../explore/explorer.ts';
import { type PlanOptions, planOf } from '../explore/plan.ts';
import type { Beat } from './beat.ts';
import { type Recipe, subjectOfRecipe } from './recipe.ts';
import type { Opened } from './unit.ts';

/** What all units of an exploration have in common. */
export interface ExploreSetup {
  readonly recipe: Recipe;
  readonly options: PlanOptions;
  readonly seed: number;
  readonly keepGoing: boolean | undefined;
}

/** Executions of a strategy that draws, numbered from 0. */
export interface SampleTask {
  readonly kind: 'sample';
  readonly first: number;
  /** One behind the last. */
  readonly end: number;
  /** Executions of a unit; undefined for the task that finds out, which ends with the first unit. */
  readonly unit: number | undefined;
}

/** A part of a dfs. */
export interface PartTask {
  readonly kind: 'part';
  /** Undefined for the whole. */
  readonly state: SearchState | undefined;
  readonly unit: number | undefined;
  readonly executionsMax: number;
  /** Parts to make of what is left, at most. */
  readonly parts: number;
}

/** Further executions of the search that is in this process. */
export interface SearchTask {
  readonly kind: 'search';
  readonly unit: number | undefined;
  readonly executionsMax: number;
}

export type ExploreTask = SampleTask | PartTask | SearchTask;

export interface ExploreResult {
  readonly share: Share;
  /** Executions of a unit. */
  readonly unit: number;
  /** Of a search: complete executions. */
  readonly traces: number;
  /** Of a search: whether it came to its end. */
  readonly isComplete: boolean;
  /** Of a part: traces that it expects further on, and what is left, in the order of the whole. */
  readonly left: number;
  readonly rest: readonly SearchState[];
  /**
   * Of a part: spin loops that are known, and whether one is new. Then the part began from the root
   * again: what it tells takes the place of all that others did.
   */
  readonly spinLoops: number;
  readonly startsOver: boolean;
}

const NO_PART = { left: 0, rest: [], spinLoops: 0, startsOver: false };

/** Operations of a part after which it is shared out anew. */
const SLICE_OPERATIONS = 1_500_000;

/** For threads; see UnitModule. */
export async function open(setup: unknown): Promise<Opened> {
  const { recipe, options, seed, keepGoing } = setup as ExploreSetup;
  const plan = planOf(await subjectOfRecipe(recipe), options);
  return unitsOf(new Explorer(plan, keepGoing), seed) as Opened;
}

/** Runs units of an exploration. */
export function unitsOf(explorer: Explorer, seed: number): Opened<ExploreTask, ExploreResult> {
  return async (task, beat) => {
    try {
      if (task.kind === 'sample') return await sample(explorer, seed, task, beat);
      if (task.kind === 'search') return await search(explorer, task, beat);
      return await part(explorer, task, beat);
    } catch (error) {
      accuse(explorer.stage, seed, error);
    }
  };
}

async function sample(
  explorer: Explorer,
  seed: number,
  { first, end, unit: known }: SampleTask,
  beat: Beat,
): Promise<ExploreResult> {
  const share = noShare();
  let unit = known ?? 1;
  let last = end;
  for (let n = first; n < last; n++) {
    if ((n - first) % unit === 0) explorer.begin(share);
    const before = share.operations;
    explorer.execute(seed + n);
    if (n === first && known === undefined) {
      unit = unitOf(share.operations);
      last = Math.min(end, first + unit);
    }
    if (explorer.isDone) break;
    if (beat.did(share.operations - before) && !(await beat.rest())) break;
  }
  return { share, unit, traces: 0, isComplete: false, ...NO_PART };
}

/** One unit, or fewer if `executionsMax` says so or the time is over. */
async function search(
  explorer: Explorer,
  { unit: known, executionsMax }: SearchTask,
  beat: Beat,
): Promise<ExploreResult> {
  const { search } = explorer.plan;
  invariant(search !== undefined, 'a search is planned');
  const share = noShare();
  const before = search.traces;
  let unit = known ?? 1;
  let isComplete = false;
  explorer.begin(share);
  while (share.executions < Math.min(unit, executionsMax)) {
    const { operations } = share;
    explorer.execute(0);
    if (known === undefined && share.executions === 1) unit = unitOf(share.operations);
    if (explorer.isDone) break;
    isComplete = !search.next();
    if (isComplete) break;
    if (beat.did(share.operations - operations) && !(await beat.rest())) break;
  }
  return { share, unit, traces: search.traces - before, isComplete, ...NO_PART };
}

/** Goes on with a part of a dfs for a while, then divides what is left. */
async function part(explorer: Explorer, task: PartTask, beat: Beat): Promise<ExploreResult> {
  const dfs = explorer.plan.search;
  invariant(dfs instanceof Dfs, 'parts are of a dfs');
  const { state, executionsMax, parts } = task;
  if (state !== undefined) dfs.restore(state);
  const known = dfs.spinLoops.length;
  const before = dfs.traces;
  const share = noShare();
  let { unit } = task;
  let isComplete = false;
  for (let goesOn = true; goesOn; ) {
    const most = executionsMax - share.executions;
    const done = await search(explorer, { kind: 'search', unit, executionsMax: most }, beat);
    addShare(share, done.share);
    unit = done.unit;
    isComplete = done.isComplete;
    const isFull = share.operations >= SLICE_OPERATIONS || share.executions >= executionsMax;
    goesOn = !isComplete && !isFull && !explorer.isDone && (await beat.rest());
  }
  const spinLoops = dfs.spinLoops.length;
  const startsOver = spinLoops > known;
  return {
    share,
    unit: unit ?? 1,
    traces: startsOver ? dfs.traces : dfs.traces - before,
    isComplete,
    left: isComplete ? 0 : dfs.estimate - dfs.traces,
    rest: isComplete ? [] : divided(dfs, parts),
    spinLoops,
    startsOver,
  };
}

/** The state of a dfs in so many parts, or fewer; after it, the dfs is the first of them. */
function divided(dfs: Dfs, parts: number): SearchState[] {
  const given: SearchState[] = [];
  while (given.length < parts - 1) {
    const state = dfs.split();
    if (state === undefined) break;
    given.unshift(state);
  }
  return [dfs.save(), ...given];
}
