import type { Machine } from './machine.ts';
import * as op from './operation.ts';

/**
 * Every operation below is one step, and must be written `operation ?? (yield)`: it answers at once
 * while its thread may go on, and answers undefined when the thread has to be suspended first.
 */
type Answer = number | undefined;

/** One word of the machine's memory and what is done with it. */
class Part {
  readonly name: string;
  /** @internal Where it lies. */
  readonly at: op.Address;
  /** @internal Set when the program is whole: its threads decide what machine it needs. */
  machine!: Machine;

  constructor(name: string, at: op.Address) {
    this.name = name;
    this.at = at;
  }
}

/** A shared 32-bit integer. Results wrap around as in C with `-fwrapv`. */
export class Cell extends Part {
  /** Answers the value. */
  load(): Answer {
    return this.machine.load(this.at);
  }

  store(value: number): Answer {
    return this.machine.store(this.at, value);
  }

  /** Adds in one step. Answers the value before. */
  fetchAdd(addend: number): Answer {
    return this.machine.do(op.FETCH_ADD, this.at, addend);
  }

  /** Stores in one step. Answers the value before. */
  exchange(value: number): Answer {
    return this.machine.do(op.EXCHANGE, this.at, value);
  }

  /** Stores `desired` if the value is `expected`. Answers the value before. */
  compareExchange(expected: number, desired: number): Answer {
    return this.machine.do(op.COMPARE_EXCHANGE, this.at, expected, desired);
  }

  /** The value now. Not an operation: for looking at an execution that is over. */
  get value(): number {
    return this.machine.words[this.at] as number;
  }
}

/** A lock that one thread holds at a time. Not recursive. */
export class Mutex extends Part {
  /** Waits while a thread holds it, the caller included. */
  lock(): Answer {
    return this.machine.lock(this.at);
  }

  /** @throws ProgramError when the caller does not hold it. */
  unlock(): Answer {
    return this.machine.unlock(this.at);
  }

  /** Whether a thread holds it now. Not an operation. */
  get locked(): boolean {
    return this.machine.words[this.at] !== 0;
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

  /** The count now. Not an operation. */
  get value(): number {
    return this.machine.words[this.at] as number;
  }
}

/** A condition variable as in POSIX, without spurious wake-ups. */
export class Condition extends Part {
  /**
   * Unlocks the mutex and waits, in one step; a second step, when signalled, locks it again.
   *
   * @throws ProgramError when the caller does not hold the mutex.
   */
  wait(mutex: Mutex): Answer {
    return this.machine.do(op.COND_WAIT, this.at, mutex.at);
  }

  /** Wakes the thread that waits longest, if any. */
  signal(): Answer {
    return this.machine.do(op.COND_SIGNAL, this.at, 0);
  }

  /** Wakes every thread that waits. */
  broadcast(): Answer {
    return this.machine.do(op.COND_BROADCAST, this.at, 0);
  }
}
