import type { Machine } from './machine.ts';
import { type Address, ATOMIC } from './operands.ts';
import * as op from './operation.ts';
import { ProgramError } from './program-error.ts';

/**
 * Every operation below is one step, and must be written `operation ?? (yield)`: it answers at once
 * while its thread may go on, and answers undefined when the thread has to be suspended first.
 */
export type Answer = number | undefined;

/** What a part has for a machine while its program is being described. */
const NONE_YET = new Proxy({} as Machine, {
  get(): never {
    throw new ProgramError('operations are allowed only inside thread()');
  },
});

/** One word of the machine's memory and what is done with it. */
export class Part {
  readonly name: string;
  /** @internal Where it lies. */
  readonly at: Address;
  /** @internal Set when the program is whole: its threads decide what machine it needs. */
  machine: Machine = NONE_YET;

  constructor(name: string, at: Address) {
    this.name = name;
    this.at = at;
  }

  /**
   * @internal What lies in its word, for whoever looks at an execution that is over. A thread that
   * looked would read what the scheduler does not know of, and no search would try the other orders.
   *
   * @throws ProgramError while threads run.
   */
  protected look(property: string): number {
    const { machine, name } = this;
    if (!machine.isRunning) return machine.words[this.at] as number;
    const looked = `${machine.current.name} looks at ${name}.${property}, which is no operation`;
    throw machine.fail(new ProgramError(`${looked}: it is for outcome() and check()`));
  }
}

/**
 * A shared 32-bit integer. What it is given, and results, wrap around as in C with `-fwrapv`.
 *
 * @throws ProgramError, from every operation, for what is no whole number.
 */
export class Cell extends Part {
  /** Answers the value. */
  load(): Answer {
    return this.machine.load(this.at);
  }

  store(value: number): Answer {
    return this.machine.store(this.at, this.wrapped(value));
  }

  /** Adds in one step. Answers the value before. */
  fetchAdd(addend: number): Answer {
    return this.machine.do(op.FETCH_ADD, this.at, this.wrapped(addend));
  }

  /** Subtracts in one step. Answers the value before. */
  fetchSub(subtrahend: number): Answer {
    return this.machine.do(op.FETCH_ADD, this.at, -this.wrapped(subtrahend) | 0);
  }

  /** Keeps the bits of the mask, in one step. Answers the value before. */
  fetchAnd(mask: number): Answer {
    return this.machine.do(op.FETCH_AND, this.at, this.wrapped(mask));
  }

  /** Sets the bits of the mask, in one step. Answers the value before. */
  fetchOr(mask: number): Answer {
    return this.machine.do(op.FETCH_OR, this.at, this.wrapped(mask));
  }

  /** Flips the bits of the mask, in one step. Answers the value before. */
  fetchXor(mask: number): Answer {
    return this.machine.do(op.FETCH_XOR, this.at, this.wrapped(mask));
  }

  /** Stores in one step. Answers the value before. */
  exchange(value: number): Answer {
    return this.machine.do(op.EXCHANGE, this.at, this.wrapped(value));
  }

  /** Stores `desired` if the value is `expected`. Answers the value before. */
  compareExchange(expected: number, desired: number): Answer {
    const { machine, at } = this;
    return machine.do(op.COMPARE_EXCHANGE, at, this.wrapped(expected), this.wrapped(desired));
  }

  /**
   * The value now. Not an operation: for looking at an execution that is over.
   *
   * @throws ProgramError in a thread, which loads it.
   */
  get value(): number {
    return this.look('value');
  }

  /** @internal */
  protected wrapped(value: number): number {
    if (Number.isInteger(value)) return value | 0;
    const { machine, name } = this;
    const given = `${machine.current.name} gives ${name} ${String(value)}`;
    throw machine.fail(new ProgramError(`${given}, which is not a whole number`));
  }
}

/**
 * A shared 32-bit integer that is meant to be used by several threads at once, as those of
 * `std::sync::atomic` with `SeqCst`: its operations are no data race, and whoever reads a value knows
 * all that whoever wrote it knew, through read-modify-writes in between, too (C++20, [intro.races]).
 *
 * With store buffers its stores and read-modify-writes wait until the stores of their thread are in
 * memory, and are there at once; loads do not wait. So compilers translate them for x86 and SPARC.
 */
export class Atomic extends Cell {
  override load(): Answer {
    return this.machine.do(op.LOAD, this.at, ATOMIC);
  }

  override store(value: number): Answer {
    return this.machine.do(op.ATOMIC_STORE, this.at, this.wrapped(value));
  }
}

/** A lock that one thread holds at a time. Not recursive. */
export class Mutex extends Part {
  /** Waits while a thread holds it, the caller included. */
  lock(): Answer {
    return this.machine.lock(this.at);
  }

  /** Takes it if nobody holds it, the caller included. Answers 1 if it did, 0 if not. */
  tryLock(): Answer {
    return this.machine.do(op.MUTEX_TRY, this.at, 0);
  }

  /** @throws ProgramError when the caller does not hold it. */
  unlock(): Answer {
    return this.machine.unlock(this.at);
  }

  /**
   * Whether a thread holds it now. Not an operation.
   *
   * @throws ProgramError in a thread, for which there is `tryLock`.
   */
  get locked(): boolean {
    return this.look('locked') !== 0;
  }
}

/** A counting semaphore. */
export class Semaphore extends Part {
  /** Waits while the count is 0, then takes one. */
  wait(): Answer {
    return this.machine.do(op.SEM_WAIT, this.at, 0);
  }

  /** Adds one. */
  post(): Answer {
    return this.machine.do(op.SEM_POST, this.at, 0);
  }

  /**
   * The count now. Not an operation.
   *
   * @throws ProgramError in a thread.
   */
  get value(): number {
    return this.look('value');
  }
}

/** A condition variable as in POSIX, without spurious wake-ups unless they are asked for. */
export class Condition extends Part {
  /**
   * Unlocks the mutex and waits, in one step; a second step, when signalled, locks it again.
   *
   * @throws ProgramError when the caller does not hold the mutex, or it is another program's.
   */
  wait(mutex: Mutex): Answer {
    const { machine, name } = this;
    if (!(mutex instanceof Mutex) || mutex.machine !== machine) {
      throw machine.fail(new ProgramError(`${name} waits with a mutex of the same program only`));
    }
    return machine.do(op.COND_WAIT, this.at, mutex.at);
  }

  /** Wakes the thread that waits longest, if any. */
  signal(): Answer {
    return this.machine.do(op.COND_SIGNAL, this.at, 0);
  }

  /** @internal The code of a thread that wakes others without their having been signalled. */
  *wakeForNoReason(times: number): Generator<void, void, number> {
    for (let i = 0; i < times; i++) this.machine.do(op.COND_SPURIOUS, this.at) ?? (yield);
  }

  /** Wakes every thread that waits. */
  broadcast(): Answer {
    return this.machine.do(op.COND_BROADCAST, this.at, 0);
  }
}
