import { BareProgram } from '../../machine/bare.ts';

/** One of the four programs, which rust/src/programs.rs has under the same name. */
export interface Peer {
  readonly program: BareProgram;
  /**
   * Operations of the execution before: calls of lock, unlock, load, store, wait and signal in the text
   * of the program, as the other side counts. The machine counts a wait as two steps, and each
   * thread's start as one.
   */
  operations(): number;
  /** Whether what the program computed in the execution before is right. */
  holds(): boolean;
}

/** By name; `buggy` programs have their bug, the others do the same work without. */
export const PEERS: ReadonlyMap<string, (buggy: boolean) => Peer> = new Map([
  ['lost-update', lostUpdate],
  ['locked-counter', lockedCounter],
  ['philosophers', philosophers],
  ['bounded-queue', boundedQueue],
]);

/** Two threads add 1 without a lock. */
function lostUpdate(buggy: boolean): Peer {
  let value = (): number => 0;
  const program = new BareProgram(({ cell, thread }) => {
    const x = cell('x');
    value = () => x.value;
    for (const name of ['a', 'b']) {
      thread(name, function* () {
        const v = x.load() ?? (yield);
        x.store(v + 1) ?? (yield);
      });
    }
  });
  // The bug is in the program; without it there is nothing to measure but the same accesses.
  return { program, operations: () => 4, holds: () => value() >= (buggy ? 2 : 1) };
}

const ADDERS = 3;
const ADDITIONS = 10;

/** Three threads of ten times lock, load, store, unlock. */
function lockedCounter(): Peer {
  let value = (): number => 0;
  const program = new BareProgram(({ cell, mutex, thread }) => {
    const x = cell('x');
    const m = mutex('m');
    value = () => x.value;
    for (let i = 0; i < ADDERS; i++) {
      thread(`t${i}`, function* () {
        for (let n = 0; n < ADDITIONS; n++) {
          m.lock() ?? (yield);
          const v = x.load() ?? (yield);
          x.store(v + 1) ?? (yield);
          m.unlock() ?? (yield);
        }
      });
    }
  });
  const additions = ADDERS * ADDITIONS;
  return { program, operations: () => 4 * additions, holds: () => value() === additions };
}

const SEATS = 4;

/**
 * Each philosopher takes the left fork and then the right one; without the bug, the last one takes the
 * right one first.
 */
function philosophers(buggy: boolean): Peer {
  const program = new BareProgram(({ mutex, thread }) => {
    const forks = Array.from({ length: SEATS }, (_, i) => mutex(`fork ${i}`));
    for (const [seat, left] of forks.entries()) {
      const right = forks[(seat + 1) % SEATS] as typeof left;
      const [first, second] = !buggy && seat === SEATS - 1 ? [right, left] : [left, right];
      thread(`philosopher ${seat}`, function* () {
        first.lock() ?? (yield);
        second.lock() ?? (yield);
        second.unlock() ?? (yield);
        first.unlock() ?? (yield);
      });
    }
  });
  return { program, operations: () => 4 * SEATS, holds: () => true };
}

/**
 * A queue of one place: a producer of two items, two consumers of one each. Whoever puts and whoever
 * takes wait at the same condition variable, so a signal may wake the wrong one: the bug. Without it,
 * all are woken.
 */
function boundedQueue(buggy: boolean): Peer {
  // Counted up by executions and read between them: no execution depends on it.
  let operations = 0;
  const program = new BareProgram(({ cell, mutex, condition, thread }) => {
    const m = mutex('m');
    const changed = condition('changed');
    const filled = cell('filled');

    /** Waits while the count of items is `to`, then makes it that: put is change(1), take change(0). */
    function* change(to: number): Generator<void, void, number> {
      m.lock() ?? (yield);
      while ((filled.load() ?? (yield)) === to) {
        changed.wait(m) ?? (yield);
        operations += 2;
      }
      filled.store(to) ?? (yield);
      (buggy ? changed.signal() : changed.broadcast()) ?? (yield);
      m.unlock() ?? (yield);
      operations += 5;
    }
    thread('producer', function* () {
      yield* change(1);
      yield* change(1);
    });
    thread('consumer 0', () => change(0));
    thread('consumer 1', () => change(0));
  });
  const taken = (): number => {
    const count = operations;
    operations = 0;
    return count;
  };
  return { program, operations: taken, holds: () => true };
}
