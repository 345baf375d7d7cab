import type { Cell } from '../../machine/bare-parts.ts';
import { type Model, type ModelParts, model, type See } from './model.ts';

// Locks, queues and stacks made of atomic operations alone. Where an algorithm would look or try for
// ever, it does so so many times and then gives up. A thread that sees what must not be notes
// `wrong`.

type Step<T> = Generator<void, T, number>;

const cells = (cell: ModelParts['cell'], name: string, n: number, initial = 0): Cell[] =>
  Array.from({ length: n }, (_, i) => cell(`${name}${i}`, initial));

/** Looks so many times at most; answers whether the value was a good one at last. */
function* sees(at: Cell, looks: number, isGood: (value: number) => boolean): Step<boolean> {
  for (let i = 0; i < looks; i++) if (isGood(at.load() ?? (yield))) return true;
  return false;
}

/** Notes `wrong` when somebody else is inside. */
function* critical(inside: Cell, see: See): Step<void> {
  see('wrong', inside.fetchAdd(1) ?? (yield));
  inside.fetchAdd(-1) ?? (yield);
}

/** Lamport, A New Solution of Dijkstra's Concurrent Programming Problem, CACM 17(8), 1974. */
export const bakery = (n: number, looks: number): Model =>
  model(({ cell, thread }) => {
    const [choosing, number] = [cells(cell, 'choosing', n), cells(cell, 'number', n)];
    const inside = cell('inside');
    for (let i = 0; i < n; i++) {
      const [choice, mine] = [choosing[i] as Cell, number[i] as Cell];
      thread(`p${i}`, function* (see) {
        choice.store(1) ?? (yield);
        let most = 0;
        for (const other of number) most = Math.max(most, other.load() ?? (yield));
        mine.store(most + 1) ?? (yield);
        choice.store(0) ?? (yield);
        for (let j = 0; j < n; j++) {
          if (j === i) continue;
          if (!(yield* sees(choosing[j] as Cell, looks, (v) => v === 0))) return;
          const before = (v: number) => v === 0 || v > most + 1 || (v === most + 1 && j > i);
          if (!(yield* sees(number[j] as Cell, looks, before))) return;
        }
        yield* critical(inside, see);
        mine.store(0) ?? (yield);
      });
    }
  });

/** Lamport, A Fast Mutual Exclusion Algorithm, TOCS 5(1), 1987: one round, then it gives up. */
export const lamportFast = (n: number): Model =>
  model(({ cell, thread }) => {
    const [x, y, inside] = [cell('x'), cell('y'), cell('inside')];
    const busy = cells(cell, 'b', n);
    for (let i = 0; i < n; i++) {
      const mine = busy[i] as Cell;
      thread(`p${i}`, function* (see) {
        mine.store(1) ?? (yield);
        x.store(i + 1) ?? (yield);
        if ((y.load() ?? (yield)) !== 0) return void (mine.store(0) ?? (yield));
        y.store(i + 1) ?? (yield);
        if ((x.load() ?? (yield)) !== i + 1) {
          mine.store(0) ?? (yield);
          for (const other of busy) if ((other.load() ?? (yield)) !== 0) return;
          if ((y.load() ?? (yield)) !== i + 1) return;
        }
        yield* critical(inside, see);
        y.store(0) ?? (yield);
        mine.store(0) ?? (yield);
      });
    }
  });

/** Mellor-Crummey and Scott, Scalable Synchronization on Shared-Memory Multiprocessors, TOCS 9(1), 1991. */
export const mcsLock = (n: number, looks: number): Model =>
  model(({ cell, thread }) => {
    const [tail, inside] = [cell('tail'), cell('inside')];
    const [next, waits] = [cells(cell, 'next', n), cells(cell, 'waits', n, 1)];
    for (let i = 0; i < n; i++) {
      thread(`p${i}`, function* (see) {
        const before = tail.exchange(i + 1) ?? (yield);
        if (before !== 0) {
          (next[before - 1] as Cell).store(i + 1) ?? (yield);
          if (!(yield* sees(waits[i] as Cell, looks, (v) => v === 0))) return;
        }
        yield* critical(inside, see);
        let after = (next[i] as Cell).load() ?? (yield);
        if (after === 0) {
          if ((tail.compareExchange(i + 1, 0) ?? (yield)) === i + 1) return;
          after = (next[i] as Cell).load() ?? (yield);
          if (after === 0) return;
        }
        (waits[after - 1] as Cell).store(0) ?? (yield);
      });
    }
  });

/** n threads that try a lock so many times, and go away if it is taken. */
export const tryLock = (n: number, tries: number): Model =>
  model(({ cell, thread }) => {
    const [lock, inside] = [cell('lock'), cell('inside')];
    for (let i = 0; i < n; i++) {
      thread(`p${i}`, function* (see) {
        for (let tried = 0; tried < tries; tried++) {
          if ((lock.exchange(1) ?? (yield)) !== 0) continue;
          yield* critical(inside, see);
          lock.store(0) ?? (yield);
          return;
        }
      });
    }
  });

/** n threads meet: the last to come turns the sense, the others look so many times (sense-reversing barrier). */
export const barrier = (n: number, looks: number): Model =>
  model(({ cell, thread }) => {
    const [count, sense] = [cell('count'), cell('sense')];
    const came = cells(cell, 'came', n);
    for (let i = 0; i < n; i++) {
      thread(`p${i}`, function* (see) {
        (came[i] as Cell).store(1) ?? (yield);
        if ((count.fetchAdd(1) ?? (yield)) === n - 1) sense.store(1) ?? (yield);
        else if (!(yield* sees(sense, looks, (v) => v === 1))) return;
        const other = (came[(i + 1) % n] as Cell).load() ?? (yield);
        see('wrong', other === 1 ? 0 : 1);
      });
    }
  });

/** One writes two cells, so many times; a reader takes both if no write was under way (seqlock). */
export const seqlock = (writes: number, tries: number): Model =>
  model(({ cell, thread }) => {
    const [seq, a, b] = [cell('seq'), cell('a'), cell('b')];
    thread('writer', function* () {
      for (let i = 1; i <= writes; i++) {
        seq.fetchAdd(1) ?? (yield);
        a.store(i) ?? (yield);
        b.store(i) ?? (yield);
        seq.fetchAdd(1) ?? (yield);
      }
    });
    thread('reader', function* (see) {
      for (let i = 0; i < tries; i++) {
        const before = seq.load() ?? (yield);
        if (before % 2 === 1) continue;
        const [one, other] = [a.load() ?? (yield), b.load() ?? (yield)];
        if ((seq.load() ?? (yield)) !== before) continue;
        see('wrong', one === other ? 0 : 1);
        return;
      }
    });
  });

/**
 * Treiber's stack (Systems Programming: Coping with Parallelism, 1986) of nodes 2 over 1. One pops;
 * another pops both, and pushes the first again if it is to: the compareExchange of the one may then
 * mistake that for a stack that never changed (ABA), and node 1 is popped twice.
 */
export const treiberStack = (tries: number, pushesAgain: boolean): Model =>
  model(({ cell, thread }) => {
    const top = cell('top', 2);
    const next = [cell('next of none'), cell('next of 1', 0), cell('next of 2', 1)];
    const popped = cells(cell, 'popped', 3);
    function* pop(see: See): Step<number> {
      for (let i = 0; i < tries; i++) {
        const node = top.load() ?? (yield);
        if (node === 0) return 0;
        const below = (next[node] as Cell).load() ?? (yield);
        if ((top.compareExchange(node, below) ?? (yield)) !== node) continue;
        if (node === 1) see('wrong', (popped[1] as Cell).fetchAdd(1) ?? (yield));
        return node;
      }
      return 0;
    }
    function* push(node: number): Step<void> {
      for (let i = 0; i < tries; i++) {
        const old = top.load() ?? (yield);
        (next[node] as Cell).store(old) ?? (yield);
        if ((top.compareExchange(old, node) ?? (yield)) === old) return;
      }
    }
    thread('one', function* (see) {
      yield* pop(see);
      yield* pop(see);
    });
    thread('other', function* (see) {
      const first = yield* pop(see);
      yield* pop(see);
      if (pushesAgain && first === 2) yield* push(2);
    });
  });

/** Michael and Scott, Simple, Fast, and Practical Non-Blocking and Blocking Concurrent Queue Algorithms, PODC 1996. */
export const queue = (enqueuers: number, dequeuers: number, tries: number): Model =>
  model(({ cell, thread }) => {
    const [head, tail] = [cell('head'), cell('tail')];
    const next = cells(cell, 'next', enqueuers + 1);
    const taken = cells(cell, 'taken', enqueuers + 1);
    for (let node = 1; node <= enqueuers; node++) {
      thread(`in ${node}`, function* () {
        for (let i = 0; i < tries; i++) {
          const last = tail.load() ?? (yield);
          const link = next[last] as Cell;
          const after = link.load() ?? (yield);
          if (after !== 0) tail.compareExchange(last, after) ?? (yield);
          else if ((link.compareExchange(0, node) ?? (yield)) === 0) {
            tail.compareExchange(last, node) ?? (yield);
            return;
          }
        }
      });
    }
    for (let d = 0; d < dequeuers; d++) {
      thread(`out ${d}`, function* (see) {
        for (let i = 0; i < tries; i++) {
          const first = head.load() ?? (yield);
          const last = tail.load() ?? (yield);
          const after = (next[first] as Cell).load() ?? (yield);
          if (after === 0) return;
          if (first === last) tail.compareExchange(last, after) ?? (yield);
          else if ((head.compareExchange(first, after) ?? (yield)) === first) {
            see('wrong', (taken[after] as Cell).fetchAdd(1) ?? (yield));
            return;
          }
        }
      });
    }
  });

/**
 * Chase and Lev, Dynamic Circular Work-Stealing Deque, SPAA 2005: the owner pushes so many and takes
 * as many; each thief steals once.
 */
export const deque = (pushes: number, thieves: number): Model =>
  model(({ cell, thread }) => {
    const [top, bottom] = [cell('top'), cell('bottom')];
    const [items, had] = [cells(cell, 'item', pushes), cells(cell, 'had', pushes)];
    function* have(item: number, see: See): Step<void> {
      see('wrong', (had[item] as Cell).fetchAdd(1) ?? (yield));
    }
    thread('owner', function* (see) {
      for (let i = 0; i < pushes; i++) {
        (items[i] as Cell).store(i) ?? (yield);
        bottom.store(i + 1) ?? (yield);
      }
      for (let b = pushes - 1; b >= 0; b--) {
        bottom.store(b) ?? (yield);
        const t = top.load() ?? (yield);
        if (t < b) yield* have(b, see);
        else {
          const isMine = t === b && (top.compareExchange(t, t + 1) ?? (yield)) === t;
          bottom.store(b + 1) ?? (yield);
          if (isMine) yield* have(b, see);
          return;
        }
      }
    });
    for (let i = 0; i < thieves; i++) {
      thread(`thief ${i}`, function* (see) {
        const t = top.load() ?? (yield);
        if (t >= (bottom.load() ?? (yield))) return;
        const item = (items[t] as Cell).load() ?? (yield);
        if ((top.compareExchange(t, t + 1) ?? (yield)) === t) yield* have(item, see);
      });
    }
  });

/** Lamport's queue of one producer and one consumer: so many items through so many places. */
export const ring = (count: number, places: number, looks: number): Model =>
  model(({ cell, thread }) => {
    const [read, written] = [cell('read'), cell('written')];
    const place = cells(cell, 'place', places);
    thread('producer', function* () {
      for (let i = 0; i < count; i++) {
        if (!(yield* sees(read, looks, (r) => i - r < places))) return;
        (place[i % places] as Cell).store(i + 1) ?? (yield);
        written.store(i + 1) ?? (yield);
      }
    });
    thread('consumer', function* (see) {
      for (let i = 0; i < count; i++) {
        if (!(yield* sees(written, looks, (w) => w > i))) return;
        const item = (place[i % places] as Cell).load() ?? (yield);
        see('wrong', item === i + 1 ? 0 : 1);
        read.store(i + 1) ?? (yield);
      }
    });
  });
