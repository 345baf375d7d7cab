import { type Answer, Part } from './bare-parts.ts';
import * as op from './operation.ts';
import { ProgramError } from './program-error.ts';

/* What programs of Shuttle, Loom and crossbeam use beside mutexes: docs/primitives.md has the names. */

/**
 * A lock that many threads hold to read, or one to write. Not recursive. Nobody goes before others: a
 * writer may wait for ever while readers come and go, and the other way round.
 */
export class RwLock extends Part {
  /** Waits while a thread writes, the caller included. */
  readLock(): Answer {
    return this.machine.do(op.READ_LOCK, this.at);
  }

  /** @throws ProgramError when nobody reads. */
  readUnlock(): Answer {
    return this.machine.do(op.READ_UNLOCK, this.at);
  }

  /** Waits while a thread reads or writes, the caller included. */
  writeLock(): Answer {
    return this.machine.do(op.WRITE_LOCK, this.at);
  }

  /** @throws ProgramError when the caller does not write. */
  writeUnlock(): Answer {
    return this.machine.do(op.WRITE_UNLOCK, this.at);
  }
}

/** A place where a number of threads wait for each other, again and again. */
export class Barrier extends Part {
  /** @internal Threads that it waits for. */
  count = 1;

  /**
   * Waits until as many threads as the barrier has have come, the caller included: one step to come, and
   * for all but the last one to go on. Answers 1 to the last, 0 to the others.
   */
  wait(): Answer {
    return this.machine.do(op.BARRIER_ARRIVE, this.at, this.count);
  }
}

/** A queue between threads with a fixed number of places, first in, first out. */
export class Channel extends Part {
  /** @internal */
  places = 1;

  /**
   * Waits while all places are full, then puts a 32-bit integer in.
   *
   * @throws ProgramError for what is no whole number.
   */
  send(value: number): Answer {
    const { machine, name } = this;
    if (Number.isInteger(value)) return machine.do(op.SEND, this.at, this.places, value | 0);
    const given = `${machine.current.name} sends ${name} ${String(value)}`;
    throw machine.fail(new ProgramError(`${given}, which is not a whole number`));
  }

  /** Waits while it is empty, then takes the value that was sent first. */
  receive(): Answer {
    return this.machine.do(op.RECEIVE, this.at, this.places);
  }

  /**
   * Values in it now. Not an operation.
   *
   * @throws ProgramError in a thread.
   */
  get length(): number {
    return this.look('length');
  }
}

/** A token that one thread waits for: `std::thread::park` is one for each thread. */
export class Parker extends Part {
  /** Waits for the token and takes it. Without spurious wake-ups. */
  park(): Answer {
    return this.machine.do(op.PARK, this.at);
  }

  /** Makes the token available. A second one before it is taken is the same. */
  unpark(): Answer {
    return this.machine.do(op.UNPARK, this.at);
  }
}

/**
 * What one thread does and others wait for:
 * `if ((once.enter() ?? (yield)) === 1) { …; once.leave() ?? (yield); }`.
 */
export class Once extends Part {
  /** Waits while a thread is within. Answers 1 to the first, who must `leave`, 0 when it has left. */
  enter(): Answer {
    return this.machine.do(op.ONCE_ENTER, this.at, 0);
  }

  /** @throws ProgramError when the caller is not within. */
  leave(): Answer {
    return this.machine.do(op.ONCE_LEAVE, this.at);
  }
}

/** A number that the scheduler chooses: a search tries all, a strategy that draws favours small ones. */
export class Chance extends Part {
  /** @internal Numbers that can be drawn. */
  count = 1;

  /** Answers a number from 0 on, below the count. Waits while another thread draws. */
  draw(): Answer {
    return this.machine.do(op.DRAW, this.at);
  }

  /** @internal The code of a thread that makes what is drawn larger, as often as the scheduler lets it. */
  *offer(): Generator<void, void, number> {
    for (;;) this.machine.do(op.DRAW_MORE, this.at, this.count) ?? (yield);
  }
}

/** A thread that does nothing before another starts it. */
export class Task extends Part {
  /** @throws ProgramError when it was started before. */
  start(): Answer {
    return this.machine.do(op.TASK_START, this.at);
  }

  /** Waits until it has ended; for ever, if nobody starts it. */
  join(): Answer {
    return this.machine.do(op.TASK_JOIN, this.at);
  }

  /** @internal The code of its thread. */
  *run(code: () => Generator<void, unknown, number>): Generator<void, void, number> {
    this.machine.do(op.TASK_BEGIN, this.at) ?? (yield);
    yield* code();
    this.machine.do(op.TASK_END, this.at) ?? (yield);
  }
}
