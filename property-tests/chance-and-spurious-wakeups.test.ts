import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BareProgram, type Parts } from '../machine/bare.ts';
import { Dfs } from '../scheduler/search/dfs.ts';
import { Dpor } from '../scheduler/search/dpor.ts';
import type { Search } from '../scheduler/search.ts';
import { RandomWalk } from '../scheduler/strategies/random.ts';
import { enumerate } from './truth/enumerate.ts';
import { explore } from './truth/explored.ts';
import { type Model, model } from './truth/model.ts';

/* What the scheduler chooses beside the order of operations: numbers, and wake-ups for no reason. */

function agrees(made: () => Model): number {
  const truth = enumerate(made());
  const dpor = new Dpor();
  const explored = explore(made(), dpor);
  expect([...explored.keys].sort()).toEqual([...truth.traces.keys()].sort());
  expect(explored.finals).toEqual(truth.finals);
  expect(explored.deadlocks).toEqual(truth.deadlocks);
  expect([dpor.traces, dpor.redundant]).toEqual([truth.traces.size, 0]);
  return truth.traces.size;
}

const DEEDS = ['draw', 'look', 'put', 'await', 'signal'] as const;
const deeds = fc.array(fc.constantFrom(...DEEDS), { maxLength: 3 });
const programs = fc.tuple(deeds, deeds, fc.integer({ min: 2, max: 3 }), fc.nat({ max: 2 }));

type Source = [(typeof DEEDS)[number][], (typeof DEEDS)[number][], number, number];

const built = ([first, second, count, spurious]: Source): Model =>
  model(({ cell, mutex, condition, chance, thread }) => {
    const [x, m] = [cell('x'), mutex('m')];
    const [c, dice] = [condition('c', spurious), chance('dice', count)];
    for (const [i, list] of [first, second].entries()) {
      thread(`t${i}`, function* (see) {
        let drawn = 7;
        for (const deed of list) {
          switch (deed) {
            case 'draw':
              drawn = dice.draw() ?? (yield);
              see('drawn', drawn);
              break;
            case 'look':
              see('x', x.load() ?? (yield));
              break;
            case 'put':
              x.store(drawn) ?? (yield);
              break;
            case 'await':
              m.lock() ?? (yield);
              c.wait(m) ?? (yield);
              m.unlock() ?? (yield);
              break;
            default:
              c.signal() ?? (yield);
          }
        }
      });
    }
  });

/** What threads answered, and endings, in all executions of a search. */
function all(search: Search, { program, outcome }: Model): Set<string> {
  const seen = new Set<string>();
  do {
    search.begin(0, program.lanes.length);
    const ending = program.run(search);
    if (ending !== 'stopped') seen.add(`${ending} ${outcome()}`);
  } while (search.next());
  return seen;
}

const drawing = (count: number, times: number) => (): Model =>
  model(({ chance, thread }) => {
    const dice = chance('dice', count);
    thread('t', function* (see) {
      for (let i = 0; i < times; i++) see('n', dice.draw() ?? (yield));
    });
  });

describe('numbers that are drawn and wake-ups for no reason', () => {
  it('have the traces that brute force finds, each once', () => {
    fc.assert(
      fc.property(programs, (source) => {
        agrees(() => built(source));
      }),
      { numRuns: 150 },
    );
  });

  it('a draw has a trace for each number, draws for each row of numbers', () => {
    expect(agrees(drawing(2, 1))).toBe(2);
    expect(agrees(drawing(6, 1))).toBe(6);
    expect(agrees(drawing(3, 3))).toBe(27);
  });

  it('dfs finds every number, too, and no other', () => {
    const numbers = [0, 1, 2, 3].map((n) => `halted t n=${n}`);
    expect(all(new Dfs(), drawing(4, 1)())).toEqual(new Set(numbers));
  });

  it('a random walk draws one of two numbers as often as the other', () => {
    const { program, outcome } = drawing(2, 1)();
    const walk = new RandomWalk();
    let ones = 0;
    for (let seed = 1; seed <= 1000; seed++) {
      walk.begin(seed, program.machine.lanes);
      expect(program.run(walk)).toBe('halted');
      if (outcome() === 't n=1') ones++;
    }
    expect(ones).toBeGreaterThan(400);
    expect(ones).toBeLessThan(600);
  });

  const waiting =
    (spurious: number, loops: boolean) =>
    ({ cell, mutex, condition, thread }: Parts): (() => number) => {
      const [ready, seen, m, c] = [
        cell('ready'),
        cell('seen', -1),
        mutex('m'),
        condition('c', spurious),
      ];
      thread('waiter', function* () {
        m.lock() ?? (yield);
        if (loops) while ((ready.load() ?? (yield)) === 0) c.wait(m) ?? (yield);
        else if ((ready.load() ?? (yield)) === 0) c.wait(m) ?? (yield);
        const value = ready.load() ?? (yield);
        seen.store(value) ?? (yield);
        m.unlock() ?? (yield);
      });
      thread('setter', function* () {
        m.lock() ?? (yield);
        ready.store(1) ?? (yield);
        c.signal() ?? (yield);
        m.unlock() ?? (yield);
      });
      return () => seen.value;
    };

  const seenBy = (spurious: number, loops: boolean): Set<number> => {
    let value = (): number => -1;
    const program = new BareProgram((parts) => {
      value = waiting(spurious, loops)(parts);
    });
    const values = new Set<number>();
    const dpor = new Dpor();
    do {
      dpor.begin(0, program.lanes.length);
      if (program.run(dpor) === 'halted') values.add(value());
    } while (dpor.next());
    return values;
  };

  it('an `if` around a wait is wrong only where wake-ups come for no reason; a `while` never', () => {
    expect([...seenBy(0, false)]).toEqual([1]);
    expect([...seenBy(1, false)].sort()).toEqual([0, 1]);
    expect([...seenBy(2, true)]).toEqual([1]);
  });

  it('a thread that only such a wake-up lets go on is a deadlock all the same', () => {
    const made = model(({ mutex, condition, thread }) => {
      const [m, c] = [mutex('m'), condition('c', 1)];
      thread('t', function* () {
        m.lock() ?? (yield);
        c.wait(m) ?? (yield);
        m.unlock() ?? (yield);
      });
    });
    expect(all(new Dpor(), made)).toEqual(new Set(['halted ', 'blocked ']));
  });
});

describe('an array', () => {
  it('is so many cells, each with a name of its own', () => {
    const program = new BareProgram(({ array, thread }) => {
      const a = array('a', 3, 5);
      expect(a.map(({ name }) => name)).toEqual(['a[0]', 'a[1]', 'a[2]']);
      thread('t', function* () {
        const v = a[0]?.load() ?? (yield);
        a[2]?.store(v + 1) ?? (yield);
      });
    });
    const walk = new RandomWalk();
    walk.begin(1, program.machine.lanes);
    expect(program.run(walk)).toBe('halted');
    expect([...program.machine.words.subarray(0, 3)]).toEqual([5, 5, 6]);
  });
});
