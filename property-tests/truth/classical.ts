import { type Model, model } from './model.ts';

// Problems that textbooks set, and programs that tools are compared on, with mutexes, semaphores and
// condition variables. A thread that sees what must not be notes `wrong`.

const times = (n: number): readonly number[] => Array.from({ length: n }, (_, i) => i);

/**
 * A buffer of so many places; each producer puts one item and each consumer takes one. With one
 * condition variable for both, a signal may wake whom it does not help (Dijkstra 1965; monitors:
 * Hoare, CACM 17(10), 1974).
 */
export const boundedBuffer = (
  producers: number,
  consumers: number,
  places: number,
  hasOneCondition = false,
): Model =>
  model(({ cell, mutex, condition, thread }) => {
    const [count, m, notFull] = [cell('count'), mutex('m'), condition('not full')];
    const notEmpty = hasOneCondition ? notFull : condition('not empty');
    for (const i of times(producers)) {
      thread(`producer ${i}`, function* () {
        m.lock() ?? (yield);
        while ((count.load() ?? (yield)) === places) notFull.wait(m) ?? (yield);
        count.fetchAdd(1) ?? (yield);
        notEmpty.signal() ?? (yield);
        m.unlock() ?? (yield);
      });
    }
    for (const i of times(consumers)) {
      thread(`consumer ${i}`, function* () {
        m.lock() ?? (yield);
        while ((count.load() ?? (yield)) === 0) notEmpty.wait(m) ?? (yield);
        count.fetchAdd(-1) ?? (yield);
        notFull.signal() ?? (yield);
        m.unlock() ?? (yield);
      });
    }
  });

/** Courtois, Heymans and Parnas, Concurrent Control with "Readers" and "Writers", CACM 14(10), 1971. */
export const readersWriters = (readers: number, writers: number): Model =>
  model(({ cell, semaphore, thread }) => {
    const [reading, inside] = [cell('reading'), cell('inside')];
    const [m, w] = [semaphore('mutex', 1), semaphore('w', 1)];
    for (const i of times(readers)) {
      thread(`reader ${i}`, function* (see) {
        m.wait() ?? (yield);
        if ((reading.fetchAdd(1) ?? (yield)) === 0) w.wait() ?? (yield);
        m.post() ?? (yield);
        see('wrong', inside.load() ?? (yield));
        m.wait() ?? (yield);
        if ((reading.fetchAdd(-1) ?? (yield)) === 1) w.post() ?? (yield);
        m.post() ?? (yield);
      });
    }
    for (const i of times(writers)) {
      thread(`writer ${i}`, function* (see) {
        w.wait() ?? (yield);
        see('wrong', inside.exchange(1) ?? (yield));
        inside.store(0) ?? (yield);
        w.post() ?? (yield);
      });
    }
  });

/** Dijkstra, Cooperating Sequential Processes, 1965: customers who find no chair leave. */
export const sleepingBarber = (customers: number, chairs: number): Model =>
  model(({ cell, mutex, semaphore, thread }) => {
    const [waiting, m] = [cell('waiting'), mutex('m')];
    const [customer, barber] = [semaphore('customers'), semaphore('cuts')];
    thread('barber', function* () {
      for (const _ of times(customers)) {
        customer.wait() ?? (yield);
        m.lock() ?? (yield);
        waiting.fetchAdd(-1) ?? (yield);
        m.unlock() ?? (yield);
        barber.post() ?? (yield);
      }
    });
    for (const i of times(customers)) {
      thread(`customer ${i}`, function* () {
        m.lock() ?? (yield);
        if ((waiting.load() ?? (yield)) === chairs) return void (m.unlock() ?? (yield));
        waiting.fetchAdd(1) ?? (yield);
        m.unlock() ?? (yield);
        customer.post() ?? (yield);
        barber.wait() ?? (yield);
      });
    }
  });

/**
 * Patil, Limitations and Capabilities of Dijkstra's Semaphore Primitives, 1971: an agent puts two of
 * three things on the table; each smoker waits for the two that he lacks, one after the other, and so
 * takes what another needs.
 */
export const smokers = (rounds: number): Model =>
  model(({ semaphore, thread }) => {
    const table = times(3).map((i) => semaphore(`thing ${i}`));
    const done = semaphore('done', 1);
    const [first, second, third] = table as [(typeof table)[0], typeof done, typeof done];
    thread('agent', function* () {
      for (const round of times(rounds)) {
        done.wait() ?? (yield);
        const [one, other] = round % 2 === 0 ? [first, second] : [second, third];
        one.post() ?? (yield);
        other.post() ?? (yield);
      }
    });
    for (const [i, [one, other]] of [
      [first, second],
      [second, third],
      [third, first],
    ].entries() as IterableIterator<[number, [typeof done, typeof done]]>) {
      thread(`smoker ${i}`, function* () {
        one.wait() ?? (yield);
        other.wait() ?? (yield);
        done.post() ?? (yield);
      });
    }
  });

/** n threads that initialise once, looking without the lock first; the flag may be set too early. */
export const doubleChecked = (n: number, flagFirst: boolean): Model =>
  model(({ cell, mutex, thread }) => {
    const [isMade, value, m] = [cell('made'), cell('value'), mutex('m')];
    for (const i of times(n)) {
      thread(`t${i}`, function* (see) {
        if ((isMade.load() ?? (yield)) === 0) {
          m.lock() ?? (yield);
          if ((isMade.load() ?? (yield)) === 0) {
            (flagFirst ? isMade : value).store(1) ?? (yield);
            (flagFirst ? value : isMade).store(1) ?? (yield);
          }
          m.unlock() ?? (yield);
        }
        see('wrong', 1 - (value.load() ?? (yield)));
      });
    }
  });

// The rest is of SCTBench (Thomson, Donaldson and Betts, Concurrency Testing Using Schedule Bounding:
// An Empirical Study, PPoPP 2014), which has it from SV-COMP and earlier collections.

/** n threads add under a lock, and the last looks what came of it (lazy01): n! traces. */
export const lazy = (n: number): Model =>
  model(({ cell, mutex, thread }) => {
    const [data, m] = [cell('data'), mutex('m')];
    for (const i of times(n)) {
      thread(`t${i}`, function* (see) {
        m.lock() ?? (yield);
        if (i < n - 1) data.fetchAdd(i + 1) ?? (yield);
        else see('wrong', (data.load() ?? (yield)) >= (n * (n - 1)) / 2 ? 1 : 0);
        m.unlock() ?? (yield);
      });
    }
  });

/** Some set a, then b; a checker sees both or none of one of them, if they are lucky (reorder). */
export const reorder = (setters: number): Model =>
  model(({ cell, thread }) => {
    const [a, b] = [cell('a'), cell('b')];
    for (const i of times(setters)) {
      thread(`setter ${i}`, function* () {
        a.store(1) ?? (yield);
        b.store(-1) ?? (yield);
      });
    }
    thread('checker', function* (see) {
      const [one, other] = [a.load() ?? (yield), b.load() ?? (yield)];
      see('wrong', one === -other ? 0 : 1);
    });
  });

/** Two values, a lock each: another sees the first new and the second old (twostage). */
export const twoStage = (writers: number): Model =>
  model(({ cell, mutex, thread }) => {
    const [a, b, ma, mb] = [cell('a'), cell('b'), mutex('ma'), mutex('mb')];
    for (const i of times(writers)) {
      thread(`writer ${i}`, function* () {
        ma.lock() ?? (yield);
        a.store(1) ?? (yield);
        ma.unlock() ?? (yield);
        mb.lock() ?? (yield);
        b.store((a.load() ?? (yield)) + 1) ?? (yield);
        mb.unlock() ?? (yield);
      });
    }
    thread('reader', function* (see) {
      ma.lock() ?? (yield);
      const first = a.load() ?? (yield);
      ma.unlock() ?? (yield);
      if (first === 0) return;
      mb.lock() ?? (yield);
      see('wrong', (b.load() ?? (yield)) === first + 1 ? 0 : 1);
      mb.unlock() ?? (yield);
    });
  });

/** One guards what it adds to by a lock, the others by another (wronglock). */
export const wrongLock = (others: number): Model =>
  model(({ cell, mutex, thread }) => {
    const [value, right, wrong] = [cell('value'), mutex('right'), mutex('wrong')];
    thread('one', function* (see) {
      right.lock() ?? (yield);
      const before = value.load() ?? (yield);
      value.store(before + 1) ?? (yield);
      see('wrong', (value.load() ?? (yield)) === before + 1 ? 0 : 1);
      right.unlock() ?? (yield);
    });
    for (const i of times(others)) {
      thread(`other ${i}`, function* () {
        wrong.lock() ?? (yield);
        const before = value.load() ?? (yield);
        value.store(before + 1) ?? (yield);
        wrong.unlock() ?? (yield);
      });
    }
  });

/** Threads that each set the place that an index shows, while main moves it on (sigma). */
export const sigma = (n: number): Model =>
  model(({ cell, thread }) => {
    const [index, array] = [cell('index'), times(n + 1).map((i) => cell(`array${i}`))];
    thread('main', function* () {
      for (const _ of times(n)) index.fetchAdd(1) ?? (yield);
    });
    for (const i of times(n)) {
      thread(`t${i}`, function* (see) {
        const at = index.load() ?? (yield);
        see('wrong', (array[at] as (typeof array)[0]).exchange(1) ?? (yield));
      });
    }
  });

/** Each of three adds 1 to what the next has, under one lock, and a fourth checks (token_ring). */
export const tokenRing = (): Model =>
  model(({ cell, mutex, thread }) => {
    const [x, m] = [times(3).map((i) => cell(`x${i}`, i + 1)), mutex('m')];
    const [x0, x1, x2] = x as [(typeof x)[0], (typeof x)[0], (typeof x)[0]];
    for (const [to, from] of [
      [x0, x2],
      [x1, x0],
      [x2, x1],
    ] as const) {
      thread(`adds to ${to.name}`, function* () {
        m.lock() ?? (yield);
        to.store(((from.load() ?? (yield)) + 1) % 4) ?? (yield);
        m.unlock() ?? (yield);
      });
    }
    thread('check', function* (see) {
      m.lock() ?? (yield);
      const [a, b, c] = [x0.load() ?? (yield), x1.load() ?? (yield), x2.load() ?? (yield)];
      see('wrong', (a + 1) % 4 === b && (b + 1) % 4 === c ? 0 : 1);
      m.unlock() ?? (yield);
    });
  });
