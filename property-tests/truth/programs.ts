import type { Cell } from '../../machine/bare-parts.ts';
import { type Model, model } from './model.ts';

// The programs that papers on stateless model checking measure, operation by operation. Creating and
// joining threads is left out: it orders nothing in any of them but the end.

const range = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, i) => from + i);

/**
 * One writes x; each of n others reads a cell of its own, then x. Abdulla, Aronis, Jonsson and
 * Sagonas, Optimal Dynamic Partial Order Reduction, POPL 2014: 2^n traces.
 */
export function readers(n: number): Model {
  return model(({ cell, thread }) => {
    const x = cell('x');
    thread('writer', function* () {
      x.store(42) ?? (yield);
    });
    for (const i of range(1, n)) {
      const own = cell(`l${i}`);
      thread(`reader ${i}`, function* (see) {
        own.load() ?? (yield);
        see('x', x.load() ?? (yield));
      });
    }
  });
}

/**
 * Thread j of n sets array[j] to array[j - 1] + 1; one more looks for the last zero from the end.
 * POPL 2014, too.
 */
export function lastzero(n: number): Model {
  return model(({ cell, thread }) => {
    const array = range(0, n).map((i) => cell(`array[${i}]`));
    thread('reader', function* (see) {
      let i = n;
      while (((array[i] as Cell).load() ?? (yield)) !== 0) i--;
      see('last zero', i);
    });
    for (const j of range(1, n)) {
      thread(`t${j}`, function* () {
        const v = (array[j - 1] as Cell).load() ?? (yield);
        (array[j] as Cell).store(v + 1) ?? (yield);
      });
    }
  });
}

/**
 * Threads that put 4 messages each in a hash table of 128 cells by compareExchange. Flanagan and
 * Godefroid, Dynamic Partial-Order Reduction for Model Checking Software, POPL 2005: below
 * 12 threads no two messages collide.
 *
 * @param tids 0..n-1 for n threads.
 */
export function indexer(tids: readonly number[]): Model {
  const size = 128;
  const messagesMax = 4;
  return model(({ cell, thread }) => {
    const table = range(0, size - 1).map((i) => cell(`table[${i}]`));
    for (const tid of tids) {
      thread(`t${tid}`, function* () {
        for (let m = 1; m <= messagesMax; m++) {
          const w = m * 11 + tid;
          let h = (w * 7) % size;
          while (((table[h] as Cell).compareExchange(0, w) ?? (yield)) !== 0) h = (h + 1) % size;
        }
      });
    }
  });
}

/**
 * Threads that each take an inode, and a free block for it, under a lock for each of both. POPL 2005
 * (32 inodes, 26 blocks): below 14 threads no two look at one block.
 *
 * @param tids 0..n-1 for n threads.
 */
export function filesystem(tids: readonly number[]): Model {
  const [inodes, blocks] = [32, 26];
  return model(({ cell, mutex, thread }) => {
    const inode = range(0, inodes - 1).map((i) => ({
      block: cell(`inode[${i}]`),
      lock: mutex(`locki[${i}]`),
    }));
    const block = range(0, blocks - 1).map((b) => ({
      busy: cell(`busy[${b}]`),
      lock: mutex(`lockb[${b}]`),
    }));
    for (const tid of tids) {
      thread(`t${tid}`, function* () {
        const i = inode[tid % inodes] as (typeof inode)[number];
        i.lock.lock() ?? (yield);
        if ((i.block.load() ?? (yield)) === 0) {
          for (let n = ((tid % inodes) * 2) % blocks; ; n = (n + 1) % blocks) {
            const b = block[n] as (typeof block)[number];
            b.lock.lock() ?? (yield);
            const busy = b.busy.load() ?? (yield);
            if (busy === 0) {
              b.busy.store(1) ?? (yield);
              i.block.store(n + 1) ?? (yield);
            }
            b.lock.unlock() ?? (yield);
            if (busy === 0) break;
          }
        }
        i.lock.unlock() ?? (yield);
      });
    }
  });
}

/**
 * Two threads add i to j and j to i, n times each; a third reads both meanwhile. SV-COMP,
 * pthread/fib_bench.
 */
export function fibBench(n: number): Model {
  return model(({ cell, thread }) => {
    const [i, j] = [cell('i', 1), cell('j', 1)];
    for (const [name, mine, other] of [
      ['t1', i, j],
      ['t2', j, i],
    ] as const) {
      thread(name, function* () {
        for (let k = 0; k < n; k++) {
          const a = mine.load() ?? (yield);
          const b = other.load() ?? (yield);
          mine.store(a + b) ?? (yield);
        }
      });
    }
    thread('main', function* (see) {
      see('i', i.load() ?? (yield));
      see('j', j.load() ?? (yield));
    });
  });
}

/** A thread in a program over one cell: what it does, by number. */
type OneCell = (x: Cell, i: number) => Generator<void, void, number>;

const overOneCell = (n: number, code: OneCell): Model =>
  model(({ cell, thread }) => {
    const x = cell('x');
    for (const i of range(1, n)) thread(`t${i}`, () => code(x, i));
  });

/** n threads store: all orders, n! traces. */
export const nWriters = (n: number): Model =>
  overOneCell(n, function* (x, i) {
    x.store(i) ?? (yield);
  });

/** n threads store and one loads: (n + 1)! traces; without the order of unseen stores, n + 1. */
export const nWritersAReader = (n: number): Model =>
  overOneCell(n + 1, function* (x, i) {
    (i <= n ? x.store(i) : x.load()) ?? (yield);
  });

/** n threads load, then store. */
export const readThenWrite = (n: number): Model =>
  overOneCell(n, function* (x, i) {
    x.load() ?? (yield);
    x.store(i) ?? (yield);
  });

/** n threads add 1 to each of so many cells, in one order, atomically: (n!)^cells traces. */
export function increments(n: number, cells: number): Model {
  return model(({ cell, thread }) => {
    const all = range(1, cells).map((i) => cell(`x${i}`));
    for (const i of range(1, n)) {
      thread(`t${i}`, function* () {
        for (const x of all) x.fetchAdd(1) ?? (yield);
      });
    }
  });
}

/**
 * Thread i of n changes x from i - 1 to i: compare-and-swap rotation (casrot). Kokologiannakis, Lahav,
 * Sagonas and Vafeiadis, Effective Stateless Model Checking for C/C++ Concurrency, POPL 2018.
 */
export const casRotation = (n: number): Model =>
  overOneCell(n, function* (x, i) {
    x.compareExchange(i - 1, i) ?? (yield);
  });

/** n threads change x from 0 to 1 if they can, and then store (casw). POPL 2018. */
export const casThenWrite = (n: number): Model =>
  overOneCell(n, function* (x, i) {
    x.compareExchange(0, 1) ?? (yield);
    x.store(i + 2) ?? (yield);
  });

/** One stores 2 and n change 2 to 3 if they can (wcas). */
export const writeAndCas = (n: number): Model =>
  overOneCell(n + 1, function* (x, i) {
    (i === 1 ? x.store(2) : x.compareExchange(2, 3)) ?? (yield);
  });

/** Two threads store n times each; a third loads twice (redundant_co). */
export const redundantCoherence = (n: number): Model =>
  overOneCell(3, function* (x, i) {
    for (let k = 0; k < (i === 3 ? 2 : n); k++) (i === 3 ? x.load() : x.store(i)) ?? (yield);
  });

/** n deposits and a withdrawal without a lock. Huang, Stateless Model Checking Concurrent Programs
 * with Maximal Causality Reduction, PLDI 2015. */
export const account = (n: number): Model =>
  overOneCell(n + 1, function* (amount, i) {
    const v = amount.load() ?? (yield);
    amount.store(v + (i <= n ? 100 : -10)) ?? (yield);
  });

/**
 * n threads read x and n write y; whether z and x are written depends on what is read. After figure 8
 * of Abdulla, Aronis, Jonsson and Sagonas, Source Sets, JACM 64(4), 2017.
 */
export function controlFlow(n: number): Model {
  return model(({ cell, thread }) => {
    const [x, y, z] = [cell('x'), cell('y'), cell('z')];
    for (const i of range(1, n)) {
      thread(`p${i}`, function* () {
        x.load() ?? (yield);
      });
      thread(`q${i}`, function* () {
        y.store(1) ?? (yield);
      });
    }
    thread('r', function* () {
      if ((y.load() ?? (yield)) === 0) z.store(1) ?? (yield);
    });
    thread('s', function* () {
      if ((z.load() ?? (yield)) !== 1) return;
      if ((y.load() ?? (yield)) === 0) x.store(1) ?? (yield);
    });
  });
}

/** Two threads that write who they are, then a message, and read back, n times at most (opt_lock).
 * Chalupa et al., Data-centric Dynamic Partial Order Reduction, POPL 2018. */
export function optLock(n: number): Model {
  return model(({ cell, thread }) => {
    const [last, x] = [cell('last_id'), cell('x')];
    for (const j of [0, 1]) {
      thread(`t${j}`, function* (see) {
        for (let i = 0; i < n; i++) {
          last.store(j) ?? (yield);
          x.store(j) ?? (yield);
          if ((last.load() ?? (yield)) !== j) continue;
          see('x', x.load() ?? (yield));
          return;
        }
      });
    }
  });
}

/** Stores to y under a lock, n times in each of two rounds, beside two threads that need x to be
 * set for their part. PLDI 2015, figure 2 (exponential_bug). */
export function exponentialBug(n: number): Model {
  return model(({ cell, mutex, thread }) => {
    const [x, y, lock] = [cell('x'), cell('y'), mutex('lock')];
    thread('t1', function* () {
      for (let round = 0; round < 2; round++) {
        lock.lock() ?? (yield);
        x.store(1) ?? (yield);
        for (let i = 0; i < n; i++) y.store(1) ?? (yield);
        lock.unlock() ?? (yield);
      }
    });
    thread('t2', function* () {
      for (let round = 0; round < 2; round++) {
        lock.lock() ?? (yield);
        x.store(0) ?? (yield);
        lock.unlock() ?? (yield);
        if ((x.load() ?? (yield)) <= 0) continue;
        const v = y.load() ?? (yield);
        y.store(v + 1) ?? (yield);
        x.store(2) ?? (yield);
      }
    });
    thread('t3', function* (see) {
      for (let round = 0; round < 2; round++) {
        if ((x.load() ?? (yield)) <= 1) continue;
        const v = y.load() ?? (yield);
        see('y', v);
        if (v === 3) return;
        y.store(2) ?? (yield);
      }
    });
  });
}
