import { Deepening } from '../../scheduler/search/deepening.ts';
import type { Division } from '../../scheduler/search/division.ts';
import { divisionOf } from '../../scheduler/search/divisions.ts';
import type { Search } from '../../scheduler/search.ts';
import type { Timed } from './crew.ts';
import type { ExploreResult, PieceTask } from './explore-units.ts';
import { unlessAborted } from './in-order.ts';
import { type Running, take } from './standing.ts';

/** Parts that are gone on with at the same time. */
const PARTS = 16;
/** Executions of a part at most, before it is shared out anew. */
const PART_EXECUTIONS = 16_384;
/** Milliseconds before threads are started. */
const ALONE_MS = 150;

/**
 * Goes on with a search in rounds: in each, parts of what is left are gone on with for a while. Which,
 * depends on no clock and on no number of threads, so what is found, and what is found first, does not
 * either.
 */
export async function runSearch(running: Running, search: Search): Promise<void> {
  const { crew, at, schedules, signal } = running;
  const { so } = at;
  const division = divisionOf(search);
  if (at.left !== undefined) division.restore(at.left);
  let alone = 0;
  let goesOn = true;
  while (goesOn && !division.isComplete && so.executions < schedules && !crew.isStopped) {
    const tasks = tasksOf(division, schedules - so.executions, at.unit);
    const isAlone = crew.jobs === 1 || alone < ALONE_MS;
    const round = isAlone ? inTurn(running, tasks) : Promise.all(tasks.map((t) => crew.run(t)));
    const done = await unlessAborted(round, signal);
    if (done === undefined) break;
    const results = upToStart(done);
    for (const { result, ms } of results) {
      alone += ms;
      at.unit ??= result.unit;
      goesOn = take(running, result) && goesOn;
    }
    division.take(results.map(({ result }) => result.part));
    so.spinLoops = results.at(-1)?.result.part.spinLoops ?? 0;
    tell(running, division, search);
  }
  at.left = division.save();
  so.exhausted = division.isComplete;
  so.complete = so.exhausted && so.abandoned === 0 && so.cutLoops.length === 0;
}

/** The next round. With few executions left, those of the first part come first. */
function tasksOf(division: Division, left: number, unit: number | undefined): PieceTask[] {
  const isLast = left < PARTS * PART_EXECUTIONS;
  const executionsMax = Math.min(left, PART_EXECUTIONS);
  return division
    .tasks(isLast ? 1 : PARTS)
    .map((part) => ({ kind: 'piece', part, unit, executionsMax }));
}

async function inTurn(
  { crew }: Running,
  tasks: readonly PieceTask[],
): Promise<Timed<ExploreResult>[]> {
  const done: Timed<ExploreResult>[] = [];
  // A copy, as threads get: what comes of an interrupted round is dropped, and its parts stay as they were.
  for (const task of tasks) done.push(await crew.here(structuredClone(task)));
  return done;
}

/** Up to the first that started over: what comes behind it is void. */
function upToStart(done: readonly Timed<ExploreResult>[]): readonly Timed<ExploreResult>[] {
  const at = done.findIndex(({ result }) => result.part.startsOver);
  return at < 0 ? done : done.slice(0, at + 1);
}

function tell({ at: { so }, explorer }: Running, division: Division, search: Search): void {
  so.traces = division.traces;
  so.redundant = division.redundant;
  so.estimate = division.estimate;
  so.cutLoops = division.cutLoops;
  if (!(search instanceof Deepening)) return;
  for (const { finding } of so.discoveries) {
    if (finding.detector === 'race') explorer.plan.widen?.(finding.about?.words ?? []);
  }
  so.levels = { completed: search.completed?.covers, unfinished: search.level?.covers };
}
