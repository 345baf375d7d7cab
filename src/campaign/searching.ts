import { Deepening } from '../../scheduler/search/deepening.ts';
import type { SearchState } from '../../scheduler/search/state.ts';
import type { Search } from '../../scheduler/search.ts';
import type { Exploration } from '../explore/exploration.ts';
import type { Timed } from './crew.ts';
import type { ExploreResult, PartTask } from './explore-units.ts';
import { unlessAborted } from './in-order.ts';
import { type Running, take } from './standing.ts';

/** Parts of a search that are gone on with at the same time. */
const PARTS = 16;
/** Executions of a part at most, before it is shared out anew. */
const PART_EXECUTIONS = 16_384;
/** Milliseconds before threads are started. */
const ALONE_MS = 150;

/** Something that is left of a search: undefined for all of it, and the traces that it expects. */
interface Part {
  readonly state: SearchState | undefined;
  readonly left: number;
}

/**
 * Goes on with a dfs in rounds: in each, the first parts of what is left are gone on with for a while,
 * and shared out if they are few. How, depends on no clock and on no number of threads, so what is
 * found, and what is found first, does not either.
 */
export async function runParts(running: Running): Promise<void> {
  const { crew, at, schedules, signal } = running;
  const { so } = at;
  let parts: readonly Part[] = (at.parts ?? [undefined]).map((state) => ({ state, left: 0 }));
  let alone = 0;
  while (parts.length > 0 && so.executions < schedules && !crew.isStopped) {
    const tasks = tasksOf(parts, schedules - so.executions, at.unit);
    const isAlone = crew.jobs === 1 || alone < ALONE_MS;
    const round = isAlone ? inTurn(running, tasks) : Promise.all(tasks.map((t) => crew.run(t)));
    const done = await unlessAborted(round, signal);
    if (done === undefined) return;
    let rest: Part[] = [];
    let waiting = parts.slice(tasks.length);
    for (const { result, ms } of done) {
      alone += ms;
      at.unit ??= result.unit;
      if (result.startsOver) {
        so.traces = 0;
        rest = [];
        waiting = [];
      }
      so.spinLoops = result.spinLoops;
      if (!take(running, result)) return;
      rest.push(...partsOf(result));
      if (result.startsOver) break;
    }
    parts = [...rest, ...waiting];
    at.parts = parts.map(({ state }) => state as SearchState);
    so.estimate = so.traces + Math.round(parts.reduce((sum, { left }) => sum + left, 0));
  }
  so.complete = parts.length === 0 && so.abandoned === 0;
}

/** The next round. With few executions left, those of the first part come first. */
function tasksOf(parts: readonly Part[], left: number, unit: number | undefined): PartTask[] {
  const isLast = left < PARTS * PART_EXECUTIONS;
  const wanted = isLast ? 1 : Math.ceil(PARTS / parts.length);
  const executionsMax = Math.min(left, PART_EXECUTIONS);
  return parts
    .slice(0, isLast ? 1 : PARTS)
    .map(({ state }) => ({ kind: 'part', state, unit, executionsMax, parts: wanted }));
}

/** What comes of the first part includes, at first, what is expected of those that it gave away. */
function partsOf({ rest, left }: ExploreResult): Part[] {
  return rest.map((state, i) => ({ state, left: i === 0 ? left : 0 }));
}

async function inTurn(
  { crew }: Running,
  tasks: readonly PartTask[],
): Promise<Timed<ExploreResult>[]> {
  const done: Timed<ExploreResult>[] = [];
  for (const task of tasks) done.push(await crew.here(task));
  return done;
}

/**
 * Goes on with a search that cannot be shared out: what is found in one place decides what is to be
 * explored in another.
 */
export async function runSearch(running: Running): Promise<void> {
  const { crew, explorer, at, schedules, signal } = running;
  const { so } = at;
  const { search } = explorer.plan;
  if (search === undefined) return;
  const [state] = at.parts ?? [];
  if (state !== undefined) search.restore(state);
  let goesOn = at.parts?.length !== 0;
  while (goesOn && so.executions < schedules && !crew.isStopped && signal?.aborted !== true) {
    const executionsMax = schedules - so.executions;
    const { result } = await crew.here({ kind: 'search', unit: at.unit, executionsMax });
    at.unit ??= result.unit;
    const wantsMore = take(running, result);
    tell(so, search);
    so.complete = result.isComplete && so.abandoned === 0;
    goesOn = wantsMore && !result.isComplete;
  }
  at.parts = goesOn ? [search.save()] : [];
}

function tell(so: Exploration, search: Search): void {
  so.redundant = search.redundant;
  so.estimate = search.estimate;
  so.spinLoops = search.spinLoops.length;
  if (!(search instanceof Deepening)) return;
  so.levels = { completed: search.completed?.covers, unfinished: search.level?.covers };
}
