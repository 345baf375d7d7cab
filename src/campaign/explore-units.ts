import { invariant } from '../../machine/index.ts';
import type { PartResult, PartTask } from '../../scheduler/search/division.ts';
import { Part } from '../../scheduler/search/part.ts';
import { noShare, type Share } from '../explore/exploration.ts';
import { Explorer, unitOf } from '../explore/explorer.ts';
import { type PlanOptions, planOf } from '../explore/plan.ts';
import { accuse } from '../stage/determinism.ts';
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

/** A part of a search, for a while. */
export interface PieceTask {
  readonly kind: 'piece';
  readonly part: PartTask;
  readonly unit: number | undefined;
  readonly executionsMax: number;
}

export type ExploreTask = SampleTask | PieceTask;

export interface ExploreResult {
  readonly share: Share;
  /** Executions of a unit. */
  readonly unit: number;
  /** Of a piece of a search. */
  readonly part: PartResult;
}

/** Of a unit that is no part of a search. */
const NO_PART: PartResult = {
  rest: [],
  traces: 0,
  redundant: 0,
  left: 0,
  spinLoops: 0,
  cutLoops: [],
  startsOver: false,
};

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
      return await piece(explorer, task, beat);
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
  return { share, unit, part: NO_PART };
}

/** Goes on with a part of a search, in units, until it has had its share of operations. */
async function piece(
  explorer: Explorer,
  { part: task, unit: known, executionsMax }: PieceTask,
  beat: Beat,
): Promise<ExploreResult> {
  const { search } = explorer.plan;
  invariant(search !== undefined, 'a search is planned');
  const part = new Part(search, task);
  const share = noShare();
  let unit = known ?? 1;
  let goesOn = true;
  let isOver = false;
  for (let n = 0; goesOn && !isOver; n++) {
    if (n % unit === 0) explorer.begin(share);
    const { operations } = share;
    explorer.execute(0);
    if (known === undefined && n === 0) unit = unitOf(share.operations);
    isOver = !explorer.isDone && !part.next();
    const isFull = share.operations >= task.operations || share.executions >= executionsMax;
    goesOn = !explorer.isDone && !isFull;
    if (beat.did(share.operations - operations) && !(await beat.rest())) goesOn = false;
  }
  return { share, unit, part: part.end(isOver) };
}
