import { performance } from 'node:perf_hooks';
import { type Board, BoardBeat } from './beat.ts';
import { type Envelope, failureOf, type Opened, type UnitModule } from './unit.ts';

/** What a thread is given; the module and its setup are the same in all tasks of a crew. */
export interface WorkerTask {
  /** URL of the module that knows the kind of unit. */
  readonly module: string;
  readonly setup: unknown;
  readonly board: Board;
  readonly jobs: number;
  /** From 1. */
  readonly number: number;
  readonly task: unknown;
}

let opened: Promise<Opened> | undefined;
let beat: BoardBeat | undefined;

/** A thread of a crew: runs one unit. What it throws is an answer, too: only that keeps its kind. */
export default async function work(task: WorkerTask): Promise<Envelope> {
  const { workerId } = process.__tinypool_state__;
  beat ??= new BoardBeat(task.board, (workerId - 1) % task.jobs);
  beat.begin(task.number);
  try {
    opened ??= open(task);
    const run = await opened;
    const began = performance.now();
    const result = await run(task.task, beat);
    return { result, ms: performance.now() - began };
  } catch (error) {
    return { failure: failureOf(error), ms: 0 };
  } finally {
    beat.begin(0);
  }
}

async function open({ module, setup }: WorkerTask): Promise<Opened> {
  const { open } = (await import(module)) as UnitModule;
  return open(setup);
}
