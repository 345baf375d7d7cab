import { performance } from 'node:perf_hooks';
import type { Tinypool } from 'tinypool';
import { InternalError } from '../../machine/index.ts';
import {
  type Board,
  type Done,
  doneOn,
  isStopped,
  LocalBeat,
  makeBoard,
  stopAll,
  tasksOn,
} from './beat.ts';
import { type Envelope, errorOf, type Opened } from './unit.ts';
import type { WorkerTask } from './worker.ts';

/** A kind of unit, and what the threads need to know to run it. */
export interface CrewOptions<Task, Result> {
  /** Threads at most; 1 for none: then all is done in this process. */
  readonly jobs: number;
  /** The module that knows the kind of unit, see UnitModule; threads load it. */
  readonly module: URL;
  /** Plain data for its `open`, in each thread. */
  readonly setup: unknown;
  /** Runs a unit in this process. */
  readonly here: Opened<Task, Result>;
  /** What a task is, to name it when its thread dies: `seeds 512 to 1023`. */
  readonly describe: (task: Task) => string;
}

/** A result, and how long its unit took. */
export interface Timed<Result> {
  readonly result: Result;
  readonly ms: number;
}

/** Runs units: on worker threads, or in this process. */
export class Crew<Task, Result> {
  readonly jobs: number;
  private readonly options: CrewOptions<Task, Result>;
  private readonly board: Board;
  private readonly beat: LocalBeat;
  private pool: Promise<Tinypool> | undefined;
  private isClosed = false;
  private isDead = false;
  private count = 0;
  private readonly tasks = new Map<number, Task>();
  /** Rejects when a thread dies. */
  private readonly death: Promise<never>;
  private die: (error: Error) => void = () => undefined;

  constructor(options: CrewOptions<Task, Result>) {
    this.options = options;
    this.jobs = options.jobs;
    this.board = makeBoard(options.jobs);
    this.beat = new LocalBeat(this.board, 0);
    this.death = new Promise((_, reject) => {
      this.die = (error) => {
        this.isDead = true;
        reject(this.named(error));
      };
    });
    // Whoever waits for a unit hears of it; nobody may be waiting.
    this.death.catch(() => undefined);
  }

  /** Runs a unit in this process. */
  async here(task: Task): Promise<Timed<Result>> {
    const { beat } = this;
    const began = performance.now();
    beat.begin(0);
    try {
      const result = await this.options.here(task, beat);
      return { result, ms: performance.now() - began };
    } finally {
      beat.begin(0);
    }
  }

  /**
   * Runs a unit on a thread.
   *
   * @throws what the unit throws; InternalError when the thread dies.
   */
  async run(task: Task): Promise<Timed<Result>> {
    if (this.jobs === 1) return this.here(task);
    const { module, setup } = this.options;
    this.pool ??= this.start();
    const pool = await this.pool;
    const number = ++this.count;
    this.tasks.set(number, task);
    const { board, jobs } = this;
    const sent: WorkerTask = { module: module.href, setup, board, jobs, number, task };
    const answer = pool.run(sent).catch((error: unknown) => {
      throw this.isClosed ? error : this.named(error);
    });
    // One of them is left behind when the other is first.
    answer.catch(() => undefined);
    const { result, failure, ms } = (await Promise.race([answer, this.death])) as Envelope;
    this.tasks.delete(number);
    if (failure !== undefined) throw errorOf(failure);
    return { result: result as Result, ms };
  }

  private async start(): Promise<Tinypool> {
    const { default: Pool } = await import('tinypool');
    const pool = new Pool({
      filename: new URL('./worker.js', import.meta.url).href,
      minThreads: this.jobs,
      maxThreads: this.jobs,
    });
    pool.on('error', (error: Error) => this.die(error));
    for (const thread of pool.threads) {
      // A thread that ends itself is no error to the pool: its unit would never end.
      thread.on('exit', (code: number) => {
        if (!this.isClosed) this.die(new Error(`it ended with exit code ${code}`));
      });
    }
    return pool;
  }

  private named(error: unknown): Error {
    const reason = error instanceof Error ? error.message : String(error);
    const at = tasksOn(this.board)
      .map((number) => this.tasks.get(number))
      .filter((task) => task !== undefined)
      .map((task) => this.options.describe(task));
    const where = at.length === 0 ? '' : `, at ${at.join(' or ')}`;
    return new InternalError(`a worker thread died${where}: ${reason}`);
  }

  /** Units that are running end early. */
  stop(): void {
    stopAll(this.board);
  }

  get isStopped(): boolean {
    return isStopped(this.board);
  }

  /** What units that are running have done so far. */
  get running(): Done {
    return doneOn(this.board);
  }

  /** Ends all threads, whatever they are doing. */
  async close(): Promise<void> {
    this.isClosed = true;
    const ended = (await this.pool)?.destroy();
    // It waits for all threads, for those, too, that have ended already.
    if (!this.isDead) await ended;
  }
}
