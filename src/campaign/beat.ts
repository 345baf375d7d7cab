import { performance } from 'node:perf_hooks';

/** What was done so far. */
export interface Done {
  executions: number;
  operations: number;
}

/** Operations between two rests: some milliseconds of work. */
const BETWEEN = 50_000;
/** Milliseconds that a unit may keep its process busy. */
const BUSY = 40;

/**
 * How a unit of work says what it does and learns whether it is to go on. Each unit calls `did` after
 * every execution and `rest` when that answers true.
 */
export abstract class Beat implements Done {
  executions = 0;
  operations = 0;
  /** Operations since the last rest, which need not have been in this unit. */
  private busy = 0;

  /** Notes an execution; answers whether it is time to rest. */
  did(operations: number): boolean {
    this.executions++;
    this.operations += operations;
    this.busy += operations;
    return this.busy >= BETWEEN;
  }

  /** Answers whether to go on; if not, the unit ends early with what it has. */
  rest(): Promise<boolean> {
    this.busy = 0;
    return this.pause();
  }

  protected abstract pause(): Promise<boolean>;
}

/** Numbers in shared memory: whether to stop, then what each worker is doing. */
export type Board = Float64Array<SharedArrayBuffer>;

const STOP = 0;
/** Of a worker: the number of its task, and what it has done of it. */
const SLOT = 3;

export function makeBoard(jobs: number): Board {
  const bytes = Float64Array.BYTES_PER_ELEMENT * (1 + SLOT * jobs);
  return new Float64Array(new SharedArrayBuffer(bytes));
}

export function stopAll(board: Board): void {
  board[STOP] = 1;
}

export function isStopped(board: Board): boolean {
  return board[STOP] === 1;
}

/** What units that are running have done so far, together. */
export function doneOn(board: Board): Done {
  let executions = 0;
  let operations = 0;
  for (let at = 1; at < board.length; at += SLOT) {
    executions += board[at + 1] as number;
    operations += board[at + 2] as number;
  }
  return { executions, operations };
}

/** The task that each worker is at, 0 for none. */
export function tasksOn(board: Board): readonly number[] {
  return Array.from(board).filter((_, i) => i % SLOT === 1);
}

/** The beat of a thread's units, which shows on a board what they do. */
export class BoardBeat extends Beat {
  private readonly board: Board;
  private readonly slot: number;

  /** @param slot of the thread, from 0 */
  constructor(board: Board, slot: number) {
    super();
    this.board = board;
    this.slot = 1 + SLOT * slot;
  }

  /** A unit begins, of that task; 0 when it is over. */
  begin(task: number): void {
    this.executions = 0;
    this.operations = 0;
    this.show(task);
  }

  protected pause(): Promise<boolean> {
    this.show(this.board[this.slot] as number);
    return Promise.resolve(!isStopped(this.board));
  }

  private show(task: number): void {
    const { board, slot } = this;
    board[slot] = task;
    board[slot + 1] = this.executions;
    board[slot + 2] = this.operations;
  }
}

/** The same in the process that also waits for signals and timers: lets those have their turn. */
export class LocalBeat extends BoardBeat {
  private since = performance.now();

  protected override async pause(): Promise<boolean> {
    if (performance.now() - this.since >= BUSY) {
      await new Promise((resolve) => setImmediate(resolve));
      this.since = performance.now();
    }
    return super.pause();
  }
}
