import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BareProgram } from '../machine/bare.ts';
import type { Atomic, Cell } from '../machine/bare-parts.ts';
import { Dfs } from '../scheduler/search/dfs.ts';
import { Dpor } from '../scheduler/search/dpor.ts';
import { RoundRobin } from '../scheduler/strategies/round-robin.ts';
import { sourceProver } from '../src/loops/source-prover.ts';
import { reported, silent } from './findings.ts';
import { enumerate } from './truth/enumerate.ts';
import { explore } from './truth/explored.ts';
import { model } from './truth/model.ts';

type Update = 'store' | 'fetchAdd' | 'fetchSub' | 'fetchAnd' | 'fetchOr' | 'fetchXor' | 'exchange';

interface Act {
  readonly act: Update | 'load' | 'compareExchange';
  readonly cell: number;
  readonly value: number;
}

const UPDATES: readonly (readonly [Update, (before: number, value: number) => number])[] = [
  ['store', (_before, value) => value],
  ['fetchAdd', (before, value) => (before + value) | 0],
  ['fetchSub', (before, value) => (before - value) | 0],
  ['fetchAnd', (before, value) => before & value],
  ['fetchOr', (before, value) => before | value],
  ['fetchXor', (before, value) => before ^ value],
  ['exchange', (_before, value) => value],
];

const act: fc.Arbitrary<Act> = fc.record({
  act: fc.constantFrom('load', 'compareExchange', ...UPDATES.map(([name]) => name)),
  cell: fc.nat({ max: 2 }),
  value: fc.nat({ max: 3 }),
});

/** Over two atomic cells and a plain one. */
const programs = fc.oneof(
  fc.array(fc.array(act, { maxLength: 4 }), { minLength: 2, maxLength: 2 }),
  fc.array(fc.array(act, { maxLength: 2 }), { minLength: 3, maxLength: 3 }),
);

function* perform(x: Cell, { act: kind, value }: Act): Generator<void, number, number> {
  if (kind === 'load') return x.load() ?? (yield);
  if (kind === 'compareExchange') return x.compareExchange(value, value + 1) ?? (yield);
  return x[kind](value) ?? (yield);
}

const built = (threads: readonly (readonly Act[])[]) =>
  model(({ atomic, cell, thread }) => {
    const cells = [atomic('a'), atomic('b', 1), cell('c')];
    for (const [i, acts] of threads.entries()) {
      thread(`t${i}`, function* (see) {
        for (const each of acts) {
          const x = cells[each.cell] as Cell;
          see(x.name, yield* perform(x, each));
        }
      });
    }
  });

describe('atomic cells', () => {
  it('have the traces that brute force finds, each once', () => {
    fc.assert(
      fc.property(programs, (threads) => {
        const truth = enumerate(built(threads));
        const dpor = new Dpor();
        const explored = explore(built(threads), dpor);
        expect([...explored.keys].sort()).toEqual([...truth.traces.keys()].sort());
        expect(explored.finals).toEqual(truth.finals);
        expect([dpor.traces, dpor.redundant]).toEqual([truth.traces.size, 0]);
      }),
      { numRuns: 100 },
    );
  });

  it.each(UPDATES)('%s leaves what it says, and answers the value before', (name, after) => {
    for (const [before, value] of [
      [5, 3],
      [-1, 6],
      [0x7fff_ffff, 1],
      [-0x8000_0000, 1],
    ] as const) {
      let answer = 0;
      let x!: Atomic;
      const program = new BareProgram(({ atomic, thread }) => {
        x = atomic('x', before);
        thread('t', function* () {
          answer = x[name](value) ?? (yield);
        });
      });
      const strategy = new RoundRobin();
      strategy.begin(1, program.machine.lanes);
      expect(program.run(strategy)).toBe('halted');
      expect([answer, x.value]).toEqual([name === 'store' ? 0 : before, after(before, value)]);
    }
  });
});

const looks: readonly (readonly [string, (x: Atomic) => number | undefined])[] = [
  ['load', (x) => x.load()],
  ['fetchAdd(0)', (x) => x.fetchAdd(0)],
  ['fetchSub(0)', (x) => x.fetchSub(0)],
  ['fetchOr(0)', (x) => x.fetchOr(0)],
  ['fetchXor(0)', (x) => x.fetchXor(0)],
  ['fetchAnd(-1)', (x) => x.fetchAnd(-1)],
  ['compareExchange(0, 0)', (x) => x.compareExchange(0, 0)],
];

describe('who waits for an atomic cell', () => {
  it.each(looks)('with %s is seen to wait, and knows what the other knew', (_name, look) => {
    silent(({ atomic, cell, thread }) => {
      const [flag, data] = [atomic('flag'), cell('data')];
      thread('writer', function* () {
        data.store(7) ?? (yield);
        flag.store(1) ?? (yield);
      });
      thread('reader', function* () {
        while ((look(flag) ?? (yield)) === 0);
        data.load() ?? (yield);
      });
    });
  });

  it.each(looks)('with %s does so in a search that ends', (_name, look) => {
    for (const search of [new Dpor({ prover: sourceProver }), new Dfs({ prover: sourceProver })]) {
      const program = new BareProgram(({ atomic, thread }) => {
        const flag = atomic('flag');
        thread('writer', function* () {
          flag.store(1) ?? (yield);
        });
        thread('reader', function* () {
          while ((look(flag) ?? (yield)) === 0);
        });
      });
      let executions = 0;
      do {
        search.begin(0, program.lanes.length);
        program.run(search);
        expect(++executions).toBeLessThan(20);
      } while (search.next());
      expect(search.cutLoops).toEqual([]);
    }
  });

  it('as a lock of one bit that is set with fetchOr does so, too', () => {
    silent(({ atomic, cell, thread }) => {
      const [lock, x] = [atomic('lock'), cell('x')];
      for (const name of ['a', 'b']) {
        thread(name, function* () {
          while (((lock.fetchOr(1) ?? (yield)) & 1) === 1);
          const v = x.load() ?? (yield);
          x.store(v + 1) ?? (yield);
          lock.fetchAnd(~1) ?? (yield);
        });
      }
    });
  });
});

describe('an atomic cell orders nothing', () => {
  /** A reader that does not look at what it loads races with who published by this. */
  const blind = (publish: (flag: Atomic) => number | undefined): void =>
    reported(
      ({ atomic, cell, thread }) => {
        const [flag, data] = [atomic('flag'), cell('data')];
        thread('writer', function* () {
          data.store(7) ?? (yield);
          publish(flag) ?? (yield);
        });
        thread('reader', function* () {
          flag.load() ?? (yield);
          data.load() ?? (yield);
        });
      },
      'race',
      ['data race on data'],
    );

  it('for who does not read what was stored there', () => {
    blind((flag) => flag.store(1));
  });

  it('for who reads what another stored over it', () => {
    reported(
      ({ atomic, cell, thread }) => {
        const [flag, data] = [atomic('flag'), cell('data')];
        thread('writer', function* () {
          data.store(7) ?? (yield);
          flag.store(1) ?? (yield);
        });
        thread('other', function* () {
          flag.store(2) ?? (yield);
        });
        thread('reader', function* () {
          if ((flag.load() ?? (yield)) === 2) data.load() ?? (yield);
        });
      },
      'race',
      ['data race on data'],
    );
  });

  it('by a compareExchange that fails, for who reads afterwards', () => {
    blind((flag) => flag.compareExchange(5, 6));
  });
});

describe('under store buffers', () => {
  const outcomes = (memory: 'tso' | 'pso', part: 'cell' | 'atomic'): Set<string> => {
    const { program, outcome } = model(
      (parts) => {
        const [x, y] = [parts[part]('x'), parts[part]('y')];
        for (const [name, mine, theirs] of [
          ['p', x, y],
          ['q', y, x],
        ] as const) {
          parts.thread(name, function* (see) {
            mine.store(1) ?? (yield);
            see(theirs.name, theirs.load() ?? (yield));
          });
        }
      },
      { memory },
    );
    const seen = new Set<string>();
    const search = new Dfs();
    do {
      search.begin(0, program.machine.lanes);
      expect(program.run(search)).toBe('halted');
      seen.add(outcome());
    } while (search.next());
    return seen;
  };

  it.each(['tso', 'pso'] as const)('%s: atomic stores are in memory at once', (memory) => {
    expect([outcomes(memory, 'cell').size, outcomes(memory, 'atomic').size]).toEqual([4, 3]);
  });

  it.each(['tso', 'pso'] as const)('%s: an atomic store follows those before it', (memory) => {
    const { program, outcome } = model(
      ({ atomic, cell, thread }) => {
        const [flag, data] = [atomic('flag'), cell('data')];
        thread('writer', function* () {
          data.store(1) ?? (yield);
          flag.fetchOr(1) ?? (yield);
        });
        thread('reader', function* (see) {
          if ((flag.load() ?? (yield)) === 1) see('data', data.load() ?? (yield));
        });
      },
      { memory },
    );
    const seen = new Set<string>();
    const search = new Dfs();
    do {
      search.begin(0, program.machine.lanes);
      program.run(search);
      seen.add(outcome());
    } while (search.next());
    expect(seen).toEqual(new Set(['', 'reader data=1']));
  });
});
