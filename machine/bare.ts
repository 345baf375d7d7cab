import { type Answer, Atomic, Cell, Condition, Mutex, type Part, Semaphore } from './bare-parts.ts';
import type { Cpu } from './cpu.ts';
import { Layout } from './layout.ts';
import { Machine } from './machine.ts';
import { Barrier, Chance, Channel, Once, Parker, RwLock, Task } from './more-parts.ts';
import type { Address } from './operands.ts';
import * as op from './operation.ts';
import { ProgramError } from './program-error.ts';
import type { Ending, Scheduler } from './seam.ts';
import type { MemoryModel } from './store-buffers.ts';
import { type Code, Thread } from './thread.ts';
import { isDormantAt } from './traits.ts';
import { WeakMachine } from './weak-machine.ts';

/** What a program is made of; each name is unique in its program, and reports show it. */
export interface Parts {
  cell(name: string, initial?: number): Cell;
  /** A cell whose operations are no race, and order threads. */
  atomic(name: string, initial?: number): Atomic;
  mutex(name: string): Mutex;
  semaphore(name: string, initial?: number): Semaphore;
  /** @param spurious how often it may wake the thread that waits longest for no reason, 0 to 16 */
  condition(name: string, spurious?: number): Condition;
  rwlock(name: string): RwLock;
  /** @param count threads that wait for each other, 1 or more */
  barrier(name: string, count: number): Barrier;
  /** @param places values that it holds at most, 1 to 1024 */
  channel(name: string, places: number): Channel;
  parker(name: string): Parker;
  /** @param count numbers that can be drawn, 2 to 1024 */
  chance(name: string, count: number): Chance;
  /** Cells `name[0]` and so on. */
  array(name: string, length: number, initial?: number): readonly Cell[];
  once(name: string): Once;
  /** A thread that waits to be started. One that nobody starts is no deadlock. */
  task(name: string, code: () => Code): Task;
  /**
   * An operation: waits until every store of the thread is in memory. Write `fence() ?? (yield)`. It
   * orders nothing that is not ordered already where memory is sequentially consistent.
   */
  fence(): Answer;
  /**
   * A thread, in the order that gives it its lane.
   *
   * Its code is called anew for each execution and may depend on nothing but what its operations
   * answer: what lies in variables outside it is not restored between executions.
   */
  thread(name: string, code: () => Code): void;
}

export interface BareOptions {
  /** Operations after which an execution ends as 'steps'. Default 100,000. */
  readonly stepsMax?: number;
  /** How memory orders stores. Default `sc`. */
  readonly memory?: MemoryModel;
}

/** A thread that can never step again, and what it waits for. */
export interface BlockedThread {
  readonly thread: string;
  /** For example `lock(m)`. */
  readonly operation: string;
}

const THREADS_MAX = 64;

/**
 * A handful of threads over shared cells, mutexes, semaphores and condition variables, on the machine
 * with no kernel. Each thread has a CPU, and so a lane, of its own.
 *
 * ```ts
 * const program = new BareProgram(({ cell, thread }) => {
 *   const x = cell('x', 5);
 *   thread('add', function* () {
 *     const v = x.load() ?? (yield);
 *     x.store(v + 1) ?? (yield);
 *   });
 *   thread('double', function* () {
 *     const v = x.load() ?? (yield);
 *     x.store(v * 2) ?? (yield);
 *   });
 * });
 * program.run(scheduler);
 * ```
 */
export class BareProgram {
  readonly machine: Machine;
  /** Names of the threads, by lane. */
  readonly lanes: readonly string[];
  private readonly codes: readonly (() => Code)[];

  /**
   * @param build describes the program; called once.
   * @throws ProgramError when two parts share a name, or there is no thread, or more than 64.
   */
  constructor(build: (parts: Parts) => void, options: BareOptions = {}) {
    const plan = new Plan();
    build(plan.parts);
    const { layout, initial, all } = plan;
    if (plan.threads.length === 0) throw new ProgramError(NO_THREADS);
    const threads = [...plan.threads, ...plan.machinery];
    if (threads.length > THREADS_MAX) {
      throw new ProgramError(`a program has 1 to ${THREADS_MAX} threads, not ${threads.length}`);
    }
    const stepsMax = options.stepsMax ?? 100_000;
    const { memory = 'sc' } = options;
    const config = { cpus: threads.length, frames: 1, tickInterval: 0, stepsMax, memory };
    this.machine = memory === 'sc' ? new Machine(layout, config) : new WeakMachine(layout, config);
    for (const part of all) part.machine = this.machine;
    plan.machine = this.machine;
    this.lanes = threads.map(({ name }) => name);
    this.codes = threads.map(({ code }) => code);
    for (const [id, { name }] of threads.entries()) {
      this.machine.threads.push(new Thread(id, name));
    }
    this.machine.words.set(initial);
    this.machine.memory.snapshot([]);
  }

  /** Undoes the execution before: memory, threads and machine as at power-on. */
  reset(): void {
    const { machine } = this;
    machine.memory.restore();
    machine.reset();
    for (let i = 0; i < this.codes.length; i++) {
      const thread = machine.threads[i] as Thread;
      thread.begin((this.codes[i] as () => Code)());
      machine.place(thread, machine.cpus[i] as Cpu);
    }
  }

  /**
   * One whole execution from the start.
   *
   * @returns 'halted' when every thread ended, 'blocked' when those that did not can never step.
   * @throws whatever a thread throws; ProgramError when one breaks a contract.
   */
  run(scheduler: Scheduler): Ending {
    this.reset();
    return this.machine.run(scheduler);
  }

  /** Digest of the memory now: equal digests are taken for equal final states. */
  digest(): number {
    return this.machine.memory.digest(0);
  }

  /** Which threads did not end, and where they wait: the evidence of a deadlock. */
  blocked(): BlockedThread[] {
    const { layout, threads } = this.machine;
    return threads
      .filter((thread) => !thread.ended && !isDormantAt(thread.kind))
      .map((thread) => ({ thread: thread.name, operation: thread.describeIn(layout) }));
  }
}

const PLACES_MAX = 1024;
const CELLS_MAX = 65_536;
const SPURIOUS_MAX = 16;
const NO_THREADS = `a program has 1 to ${THREADS_MAX} threads, not 0`;

function counted(name: string, count: number, most: number): number {
  if (Number.isInteger(count) && count >= 1 && count <= most) return count;
  throw new ProgramError(`${name} has 1 to ${most} of them, not ${String(count)}`);
}

/** The program while it is being described. */
class Plan {
  readonly layout = new Layout();
  readonly initial: number[] = [];
  readonly threads: { readonly name: string; readonly code: () => Code }[] = [];
  /** Threads of the program's parts. Their lanes are behind those of the program's own. */
  readonly machinery: { readonly name: string; readonly code: () => Code }[] = [];
  machine: Machine | undefined;
  readonly all: Part[] = [];

  readonly parts: Parts = {
    cell: (name, initial = 0) => this.add(new Cell(name, this.word(name, initial))),
    atomic: (name, initial = 0) => {
      const at = this.word(name, initial);
      this.layout.atomics.add(at);
      return this.add(new Atomic(name, at));
    },
    mutex: (name) => this.add(new Mutex(name, this.word(name, 0))),
    semaphore: (name, initial = 0) => {
      if (initial < 0) throw new ProgramError(`semaphore ${name} starts with ${initial}`);
      return this.add(new Semaphore(name, this.word(name, initial)));
    },
    condition: (name, spurious = 0) => {
      const condition = this.add(new Condition(name, this.word(name, 0)));
      if (spurious !== 0) {
        const times = counted(name, spurious, SPURIOUS_MAX);
        this.machinery.push({
          name: `spurious ${name}`,
          code: () => condition.wakeForNoReason(times),
        });
      }
      return condition;
    },
    chance: (name, count) => {
      const chance = this.add(new Chance(name, this.word(name, 0)));
      chance.count = counted(name, count, PLACES_MAX);
      this.machinery.push({ name: `chance ${name}`, code: () => chance.offer() });
      return chance;
    },
    array: (name, length, initial = 0) => {
      const cells = counted(name, length, CELLS_MAX);
      return Array.from({ length: cells }, (_, i) => this.parts.cell(`${name}[${i}]`, initial));
    },
    rwlock: (name) => {
      const lock = this.add(new RwLock(name, this.word(name, 0)));
      this.word(`${name}.readers`, 0);
      return lock;
    },
    barrier: (name, count) => {
      const barrier = this.add(new Barrier(name, this.word(name, 0)));
      barrier.count = counted(name, count, THREADS_MAX);
      return barrier;
    },
    channel: (name, places) => {
      const channel = this.add(new Channel(name, this.word(name, 0)));
      channel.places = counted(name, places, PLACES_MAX);
      this.word(`${name}.first`, 0);
      for (let i = 0; i < places; i++) this.word(`${name}.place ${i}`, 0);
      return channel;
    },
    parker: (name) => this.add(new Parker(name, this.word(name, 0))),
    once: (name) => this.add(new Once(name, this.word(name, 0))),
    task: (name, code) => {
      const task = this.add(new Task(name, this.word(name, 0)));
      this.threads.push({ name, code: () => task.run(code) });
      return task;
    },
    fence: () => {
      if (this.machine === undefined) throw new ProgramError('only threads can use a fence');
      return this.machine.do(op.FENCE, 0);
    },
    thread: (name, code) => {
      this.checkNew(name);
      this.threads.push({ name, code });
    },
  };

  private word(name: string, initial: number): Address {
    this.checkNew(name);
    if (!Number.isInteger(initial) || initial !== (initial | 0)) {
      throw new ProgramError(
        `${name} starts with ${String(initial)}, which is not a 32-bit integer`,
      );
    }
    this.initial.push(initial);
    return this.layout.word(name);
  }

  private add<P extends Part>(part: P): P {
    this.all.push(part);
    return part;
  }

  private checkNew(name: string): void {
    const taken = this.layout.find(name) !== undefined;
    if (taken || this.threads.some((thread) => thread.name === name)) {
      throw new ProgramError(`two parts of the program are called ${name}`);
    }
  }
}
