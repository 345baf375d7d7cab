import { describe, expect, it } from 'vitest';
import type { Cell } from '../../machine/bare-parts.ts';
import { type ExploreOptions, explore, program, scenario, ulib } from '../index.ts';

/*
 * Programs of users' whose threads wait in loops. A search that says that it is complete has seen
 * the end where the loop gives up; a loop that repeats its state is proven to, so that the search ends.
 */

const SEARCHES: readonly ExploreOptions[] = [
  { strategy: 'dpor' },
  { strategy: 'dfs', schedules: 2000 },
  { strategy: 'deepen', schedules: 2000 },
  { strategy: 'dpor', preemptions: 1 },
  { strategy: 'dpor', preemptions: 2, schedules: 2000 },
];

type Look = (cell: Cell) => number | undefined;
const LOOKS: readonly (readonly [string, Look])[] = [
  ['load', (cell) => cell.load()],
  ['fetchAdd(0)', (cell) => cell.fetchAdd(0)],
  ['compareExchange(1, 1)', (cell) => cell.compareExchange(1, 1)],
];

const UNWATCHED = { detectors: ['check', 'deadlock', 'livelock', 'endless'], stepsMax: 5000 };

/** One sets a flag behind a mutex; another looks at it so often at most, and then goes on without. */
function poll(tries: number, look: Look) {
  return program(
    'poll',
    ({ cell, mutex, thread, outcome }) => {
      const [ready, data] = [cell('ready'), cell('data')];
      const m = mutex('m');
      let had = '';
      thread('set', function* () {
        m.lock() ?? (yield);
        data.store(7) ?? (yield);
        m.unlock() ?? (yield);
        ready.exchange(1) ?? (yield);
      });
      thread('poll', function* () {
        for (let i = 0; i < tries; i++) if ((look(ready) ?? (yield)) === 1) break;
        m.lock() ?? (yield);
        const v = data.load() ?? (yield);
        m.unlock() ?? (yield);
        had = v === 7 ? 'data' : 'nothing';
      });
      outcome(() => had);
    },
    UNWATCHED,
  );
}

describe.each(LOOKS)('a bounded poll by %s', (_name, look) => {
  it.each([1, 3, 5, 12])('of %i tries is found to give up', (tries) => {
    const so = explore(poll(tries, look));
    expect(so.complete).toBe(true);
    expect(so.outcomes.map(({ value }) => value).sort()).toEqual(['data', 'nothing']);
  });

  it.each([16, 64, 65, 130])('of %i tries gives up, or no search is complete', (tries) => {
    for (const search of SEARCHES) {
      const so = explore(poll(tries, look), search);
      const values = so.outcomes.map(({ value }) => value).sort();
      if (so.complete) expect(values, so.strategy).toEqual(['data', 'nothing']);
      expect(values, so.strategy).toContain('data');
    }
  });
});

it.each(SEARCHES)(
  'a poll that counts in a getter gives up, or no search is complete: %o',
  (search) => {
    const made = program(
      'getter',
      ({ cell, thread, outcome }) => {
        const ready = cell('ready');
        let gaveUp = false;
        thread('set', function* () {
          ready.store(1) ?? (yield);
        });
        thread('poll', function* () {
          gaveUp = false;
          let left = 20;
          const budget = {
            get more(): boolean {
              return left-- > 0;
            },
          };
          while (budget.more) if ((ready.load() ?? (yield)) === 1) return;
          gaveUp = true;
        });
        outcome(() => gaveUp);
      },
      UNWATCHED,
    );
    const so = explore(made, search);
    expect(so.complete && so.outcomes.length < 2).toBe(false);
  },
);

/** A search without bound comes to its end, with these outcomes and nothing found. */
function completes(what: ReturnType<typeof program>, ...outcomes: (number | string)[]): void {
  const so = explore(what, { schedules: 50_000 });
  expect(so.discoveries.map(({ finding }) => finding.title)).toEqual([]);
  expect(so.outcomes.map(({ value }) => value).sort()).toEqual(outcomes);
  expect(so.complete).toBe(true);
}

/** Threads that each add one to a counter, behind a lock of their own making. */
function locked(enter: (lock: Cell) => Generator<void, void, number>, threads = 2) {
  return program(
    'locked',
    ({ cell, thread, outcome }) => {
      const [lock, x] = [cell('lock'), cell('x')];
      for (let i = 1; i <= threads; i++) {
        thread(`t${i}`, function* () {
          yield* enter(lock);
          const v = x.load() ?? (yield);
          x.store(v + 1) ?? (yield);
          lock.exchange(0) ?? (yield);
        });
      }
      outcome(() => x.value);
    },
    UNWATCHED,
  );
}

describe('a loop without end that repeats its state is proven to', () => {
  it.each(LOOKS.slice(0, 2))('a reader by %s that is handed over', (_name, look) => {
    const made = program(
      'receive',
      ({ cell, thread, outcome }) => {
        const sent = cell('sent');
        thread('send', function* () {
          sent.fetchAdd(1) ?? (yield);
          sent.fetchAdd(1) ?? (yield);
        });
        for (const i of [1, 2]) {
          thread(`receive${i}`, function* () {
            while ((look(sent) ?? (yield)) < 2);
          });
        }
        outcome(() => sent.value);
      },
      UNWATCHED,
    );
    completes(made, 2);
  });

  it('a lock by exchange', () => {
    const enter = function* (lock: Cell): Generator<void, void, number> {
      while ((lock.exchange(1) ?? (yield)) !== 0);
    };
    completes(locked(enter, 3), 3);
  });

  it('a lock by compareExchange', () => {
    const enter = function* (lock: Cell): Generator<void, void, number> {
      while ((lock.compareExchange(0, 1) ?? (yield)) !== 0);
    };
    completes(locked(enter, 3), 3);
  });

  it('a lock that tests and then exchanges', () => {
    const enter = function* (lock: Cell): Generator<void, void, number> {
      do {
        while ((lock.fetchAdd(0) ?? (yield)) !== 0);
      } while ((lock.exchange(1) ?? (yield)) !== 0);
    };
    completes(locked(enter), 2);
  });

  it('a ticket lock', () => {
    const made = program(
      'tickets',
      ({ cell, thread, outcome }) => {
        const [next, serving, x] = [cell('next'), cell('serving'), cell('x')];
        for (const i of [1, 2, 3]) {
          thread(`t${i}`, function* () {
            const mine = next.fetchAdd(1) ?? (yield);
            while ((serving.fetchAdd(0) ?? (yield)) !== mine);
            const v = x.load() ?? (yield);
            x.store(v + 1) ?? (yield);
            serving.fetchAdd(1) ?? (yield);
          });
        }
        outcome(() => x.value);
      },
      UNWATCHED,
    );
    completes(made, 3);
  });

  it('a barrier', () => {
    const made = program(
      'barrier',
      ({ cell, thread, outcome }) => {
        const [count, ...flags] = [cell('count'), cell('flag0'), cell('flag1')];
        let early = 0;
        for (const [i, mine] of flags.entries()) {
          const other = flags[1 - i] as Cell;
          thread(`t${i}`, function* () {
            if (i === 0) early = 0;
            mine.store(1) ?? (yield);
            count.fetchAdd(1) ?? (yield);
            while ((count.fetchAdd(0) ?? (yield)) < 2);
            if ((other.load() ?? (yield)) !== 1) early++;
          });
        }
        outcome(() => early);
      },
      UNWATCHED,
    );
    completes(made, 0);
  });
});

/** The queue lock of Mellor-Crummey and Scott (TOCS 1991); late: it says that it waits when linked. */
function queued(threads: number, isLate: boolean, look: (cell: Cell) => number | undefined) {
  return program(
    'queue lock',
    ({ cell, thread, outcome }) => {
      const [tail, x] = [cell('tail'), cell('x')];
      const ids = Array.from({ length: threads }, (_, i) => i + 1);
      const nexts = ids.map((i) => cell(`next${i}`));
      const waits = ids.map((i) => cell(`waits${i}`));
      for (const me of ids) {
        const [mine, next] = [waits[me - 1] as Cell, nexts[me - 1] as Cell];
        thread(`t${me}`, function* () {
          if (!isLate) mine.exchange(1) ?? (yield);
          const before = tail.exchange(me) ?? (yield);
          if (before !== 0) {
            (nexts[before - 1] as Cell).exchange(me) ?? (yield);
            if (isLate) mine.exchange(1) ?? (yield);
            while ((look(mine) ?? (yield)) !== 0);
          }
          const v = x.load() ?? (yield);
          x.store(v + 1) ?? (yield);
          let after = look(next) ?? (yield);
          if (after === 0) {
            if ((tail.compareExchange(me, 0) ?? (yield)) === me) return;
            do after = look(next) ?? (yield);
            while (after === 0);
          }
          (waits[after - 1] as Cell).exchange(0) ?? (yield);
        });
      }
      outcome(() => x.value);
    },
    UNWATCHED,
  );
}

describe.each(LOOKS.slice(0, 2))('a queue lock that looks by %s', (_name, look) => {
  it.each([2, 3])('is proven for %i threads', (threads) => {
    completes(queued(threads, false, look), threads);
  });

  it.each(['dpor', 'dfs', 'deepen', 'dpor:2'])(
    'that is late to say that it waits hangs: %s',
    (strategy) => {
      const so = explore(queued(2, true, look), { strategy, schedules: 300, keepGoing: true });
      const found = so.discoveries.map(({ finding }) => finding.detector);
      expect(so.complete && !found.includes('livelock')).toBe(false);
      if (strategy === 'dpor')
        expect([...found, so.abandoned > 0 ? 'endless' : '']).not.toEqual(['']);
    },
  );
});

type User = { load(va: number): unknown } & Parameters<typeof ulib.fork>[0];

/** A parent that polls a page which it shares with its child, so often at most. */
function pollingProcess(tries: number, look: (u: User, va: number) => number | undefined) {
  return scenario({
    name: `poll ${tries}`,
    processes: ['parent'],
    programs: {
      *parent(u) {
        const va = ulib.mmap(u, 0, 4096, 3, ulib.MAP_SHARED | ulib.MAP_ANONYMOUS, -1, 0) ?? (yield);
        u.store(va, 0) ?? (yield);
        if ((ulib.fork(u) ?? (yield)) === 0) {
          u.exchange(va, 1) ?? (yield);
          ulib.exit(u, 0) ?? (yield);
        }
        let got = 0;
        for (let i = 0; i < tries; i++) {
          if ((look(u as User, va) ?? (yield)) !== 1) continue;
          got = 1;
          break;
        }
        ulib.wait(u) ?? (yield);
        return got;
      },
    },
    cpus: 2,
    param: { nproc: 4, frames: 96 },
    holds: () => true,
    outcome: (_, status) => (status[0] === 1 ? 'got it' : 'gave up'),
  });
}

describe.each([
  ['load', (u: User, va: number) => u.load(va) as number | undefined],
  ['compareExchange', (u: User, va: number) => u.compareExchange(va, 1, 1)],
] as const)('a process that polls shared memory by %s', (_name, look) => {
  const options = { strategy: 'dpor', preemptions: 1, keepGoing: true, schedules: 4000 };

  it('three times is found to give up', () => {
    const so = explore(pollingProcess(3, look), options);
    expect(so.outcomes.map(({ value }) => value)).toContain('gave up');
  });

  it.each([16, 40])('%i times gives up, or the search is not complete', (tries) => {
    const so = explore(pollingProcess(tries, look), options);
    const values = so.outcomes.map(({ value }) => value);
    expect(so.complete && !values.includes('gave up')).toBe(false);
    expect(values).not.toEqual([]);
  });
});
