import type { Cell } from '../../machine/bare-parts.ts';
import { type Model, type ModelParts, model } from './model.ts';

// Locks made of loads and stores, and what waits for itself. Where an algorithm spins, it looks so
// many times and then gives up: an execution ends, whoever is never let in.

interface Protocol {
  /** Answers whether it is entered. */
  enter(mine: 0 | 1): Generator<void, boolean, number>;
  leave(mine: 0 | 1): Generator<void, void, number>;
}

/** Two threads that each enter once: they note whether they got in, and whom they found there. */
function twoThreads(build: (cell: ModelParts['cell']) => Protocol): Model {
  return model(({ cell, thread }) => {
    const { enter, leave } = build(cell);
    const inside = cell('inside');
    for (const mine of [0, 1] as const) {
      thread(`p${mine}`, function* (see) {
        const entered = yield* enter(mine);
        see('entered', Number(entered));
        if (!entered) return;
        see('inside', inside.fetchAdd(1) ?? (yield));
        inside.fetchAdd(-1) ?? (yield);
        yield* leave(mine);
      });
    }
  });
}

/** Peterson, Myths about the Mutual Exclusion Problem, 1981. */
export const peterson = (looks: number): Model =>
  twoThreads((cell) => {
    const flags = [cell('flag0'), cell('flag1')] as const;
    const turn = cell('turn');
    return {
      *enter(mine) {
        const other = mine === 0 ? 1 : 0;
        flags[mine].store(1) ?? (yield);
        turn.store(other) ?? (yield);
        for (let i = 0; i < looks; i++) {
          if ((flags[other].load() ?? (yield)) === 0) return true;
          if ((turn.load() ?? (yield)) === mine) return true;
        }
        return false;
      },
      *leave(mine) {
        flags[mine].store(0) ?? (yield);
      },
    };
  });

/** Dekker's algorithm (Dijkstra, Cooperating Sequential Processes, 1965). */
export const dekker = (looks: number): Model =>
  twoThreads((cell) => {
    const flags = [cell('flag0'), cell('flag1')] as const;
    const turn = cell('turn');
    return {
      *enter(mine) {
        const other = mine === 0 ? 1 : 0;
        flags[mine].store(1) ?? (yield);
        for (let i = 0; i < looks; i++) {
          if ((flags[other].load() ?? (yield)) === 0) return true;
          if ((turn.load() ?? (yield)) === mine) continue;
          flags[mine].store(0) ?? (yield);
          if ((turn.load() ?? (yield)) !== mine) return false;
          flags[mine].store(1) ?? (yield);
        }
        return false;
      },
      *leave(mine) {
        turn.store(mine === 0 ? 1 : 0) ?? (yield);
        flags[mine].store(0) ?? (yield);
      },
    };
  });

/** Szymanski, A Simple Solution to Lamport's Concurrent Programming Problem, 1988, for two. */
export const szymanski = (looks: number): Model =>
  twoThreads((cell) => {
    const flags = [cell('flag0'), cell('flag1')] as const;
    function* sees(cell: Cell, holds: (flag: number) => boolean): Generator<void, boolean, number> {
      for (let i = 0; i < looks; i++) if (holds(cell.load() ?? (yield))) return true;
      return false;
    }
    return {
      *enter(mine) {
        const own = flags[mine];
        const other = flags[mine === 0 ? 1 : 0];
        own.store(1) ?? (yield);
        if (!(yield* sees(other, (flag) => flag < 3))) return false;
        own.store(3) ?? (yield);
        if ((other.load() ?? (yield)) === 1) {
          own.store(2) ?? (yield);
          if (!(yield* sees(other, (flag) => flag === 4))) return false;
        }
        own.store(4) ?? (yield);
        // Only the second process waits for the first here; it is the first who looks behind it.
        return mine === 0 || (yield* sees(other, (flag) => flag < 2));
      },
      *leave(mine) {
        const other = flags[mine === 0 ? 1 : 0];
        if (mine === 0 && !(yield* sees(other, (flag) => flag < 2 || flag > 3))) return;
        flags[mine].store(0) ?? (yield);
      },
    };
  });

/** n threads that take a ticket and look so many times whether it is their turn. */
export function ticketLock(n: number, looks: number): Model {
  return model(({ cell, thread }) => {
    const [next, serving] = [cell('next'), cell('serving')];
    for (let i = 0; i < n; i++) {
      thread(`t${i}`, function* (see) {
        const ticket = next.fetchAdd(1) ?? (yield);
        for (let look = 0; look < looks; look++) {
          if ((serving.load() ?? (yield)) !== ticket) continue;
          see('ticket', ticket);
          serving.store(ticket + 1) ?? (yield);
          return;
        }
      });
    }
  });
}

/** n philosophers, each with the fork at the left first (Dijkstra 1965); they may all wait. */
export function philosophers(n: number): Model {
  return model(({ mutex, thread }) => {
    const forks = Array.from({ length: n }, (_, i) => mutex(`fork ${i}`));
    for (const [i, left] of forks.entries()) {
      const right = forks[(i + 1) % n] as typeof left;
      thread(`philosopher ${i}`, function* () {
        left.lock() ?? (yield);
        right.lock() ?? (yield);
        right.unlock() ?? (yield);
        left.unlock() ?? (yield);
      });
    }
  });
}

/** n threads lock one mutex and never let it go: n traces, n deadlocks. */
export function neverUnlocked(n: number): Model {
  return model(({ cell, mutex, thread }) => {
    const [m, x] = [mutex('m'), cell('x')];
    for (let i = 0; i < n; i++) {
      thread(`t${i}`, function* () {
        m.lock() ?? (yield);
        x.fetchAdd(1) ?? (yield);
      });
    }
  });
}

/** A buffer of one place: one thread puts so many times, another takes, with condition variables. */
export function handOver(times: number): Model {
  return model(({ cell, mutex, condition, thread }) => {
    const [full, m, changed] = [cell('full'), mutex('m'), condition('changed')];
    for (const mine of [0, 1]) {
      thread(mine === 0 ? 'producer' : 'consumer', function* () {
        for (let i = 0; i < times; i++) {
          m.lock() ?? (yield);
          while ((full.load() ?? (yield)) !== mine) changed.wait(m) ?? (yield);
          full.store(1 - mine) ?? (yield);
          changed.signal() ?? (yield);
          m.unlock() ?? (yield);
        }
      });
    }
  });
}
