import { describe, expect, it } from 'vitest';
import { BareProgram, type Parts } from '../machine/bare.ts';
import type { Cell } from '../machine/bare-parts.ts';
import { Dfs } from '../scheduler/search/dfs.ts';
import { Dpor } from '../scheduler/search/dpor.ts';
import type { CutLoop } from '../scheduler/search/loop-prover.ts';
import { ROUNDS_MAX } from '../scheduler/search/spins.ts';
import type { Search } from '../scheduler/search.ts';
import { sourceProver as prover } from '../src/loops/source-prover.ts';

/*
 * A thread in a loop that is proven to come back in the same state waits for what it looks at: a
 * search of it ends, and reaches all values that the program can end with. A loop that counts is
 * explored as it is written, or the search says that it is not complete.
 *
 * Without Spins these searches do not end: comment `announced` out in dpor.ts to see it.
 */

interface Explored {
  readonly values: ReadonlySet<unknown>;
  readonly endings: ReadonlySet<string>;
  readonly traces: number;
  readonly spinLoops: number;
  readonly cutLoops: readonly CutLoop[];
}

const EXECUTIONS_MAX = 20_000;

function explored(search: Search, of: Built): Explored {
  const values = new Set<unknown>();
  const endings = new Set<string>();
  let executions = 0;
  do {
    search.begin(0, of.program.lanes.length);
    const ending = of.program.run(search);
    if (ending !== 'stopped') endings.add(ending);
    if (ending === 'halted') values.add(of.value());
    expect(++executions).toBeLessThan(EXECUTIONS_MAX);
  } while (search.next());
  const { traces, spinLoops, cutLoops } = search;
  return { values, endings, traces, spinLoops: spinLoops.length, cutLoops };
}

interface Built {
  readonly program: BareProgram;
  readonly value: () => unknown;
}

/** @param build answers what an execution comes to */
function built(build: (parts: Parts) => () => unknown): Built {
  let value = (): unknown => undefined;
  const program = new BareProgram(
    (parts) => {
      value = build(parts);
    },
    { stepsMax: 3000 },
  );
  return { program, value: () => value() };
}

/** Threads that each add one to a counter, in a section that a lock of their own making guards. */
function counting(
  count: number,
  lock: (parts: Parts, i: number) => { enter: () => Section; leave: () => Section },
): Built {
  return built((parts) => {
    const x = parts.cell('x');
    for (let i = 0; i < count; i++) {
      const { enter, leave } = lock(parts, i);
      parts.thread(`t${i}`, function* () {
        yield* enter();
        const v = x.load() ?? (yield);
        x.store(v + 1) ?? (yield);
        yield* leave();
      });
    }
    return () => x.value;
  });
}

type Section = Generator<void, void, number>;

/** The same cells for all threads of one program. */
function shared<T>(make: (parts: Parts) => T): (parts: Parts) => T {
  const made = new WeakMap<Parts['cell'], T>();
  return (parts) => {
    const known = made.get(parts.cell) ?? make(parts);
    made.set(parts.cell, known);
    return known;
  };
}

const word = shared(({ cell }) => cell('lock'));
const ticket = shared(({ cell }) => [cell('next'), cell('serving')] as const);
const flags = shared(({ cell }) => ({
  wants: [cell('wants0'), cell('wants1')] as const,
  turn: cell('turn'),
}));

const taking = (take: (lock: Cell) => number | undefined) => (parts: Parts) => {
  const lock = word(parts);
  return {
    *enter(): Section {
      while ((take(lock) ?? (yield)) !== 0);
    },
    *leave(): Section {
      lock.store(0) ?? (yield);
    },
  };
};

const locks: readonly (readonly [string, number, Built])[] = [
  [
    'compare-and-exchange',
    3,
    counting(
      3,
      taking((lock) => lock.compareExchange(0, 1)),
    ),
  ],
  [
    'exchange',
    3,
    counting(
      3,
      taking((lock) => lock.exchange(1)),
    ),
  ],
  [
    'a ticket lock',
    3,
    counting(3, (parts) => {
      const [next, serving] = ticket(parts);
      let mine = 0;
      return {
        *enter(): Section {
          const drawn = next.fetchAdd(1) ?? (yield);
          mine = drawn;
          while ((serving.load() ?? (yield)) !== drawn);
        },
        *leave(): Section {
          serving.store(mine + 1) ?? (yield);
        },
      };
    }),
  ],
  [
    "Peterson's lock, whose loop looks at two words",
    2,
    counting(2, (parts, i) => {
      const { wants, turn } = flags(parts);
      const mine = wants[i as 0 | 1];
      const its = wants[(1 - i) as 0 | 1];
      return {
        *enter(): Section {
          mine.store(1) ?? (yield);
          turn.store(1 - i) ?? (yield);
          while ((its.load() ?? (yield)) === 1 && (turn.load() ?? (yield)) === 1 - i);
        },
        *leave(): Section {
          mine.store(0) ?? (yield);
        },
      };
    }),
  ],
];

const searches = [
  ['dpor', () => new Dpor({ prover })],
  ['merging dfs', () => new Dfs({ merges: true, prover })],
  ['merging dfs of 2 preemptions', () => new Dfs({ merges: true, preemptions: 2, prover })],
] as const;

for (const [name, search] of searches) {
  describe(`${name}, on locks that spin`, () => {
    for (const [what, count, program] of locks) {
      it(`ends, and never counts wrong: ${what}`, () => {
        const { values, endings, spinLoops, cutLoops } = explored(search(), program);
        expect(values).toEqual(new Set([count]));
        expect(endings).toEqual(new Set(['halted']));
        expect(spinLoops).toBeGreaterThan(0);
        expect(cutLoops).toEqual([]);
      });
    }
  });
}

/** One thread looks at a flag that the other sets, `rounds` times at most. */
function looking(rounds: number): Built {
  return built(({ cell, thread }) => {
    const flag = cell('flag');
    const saw = cell('saw', -1);
    thread('setter', function* () {
      flag.store(1) ?? (yield);
    });
    thread('looker', function* () {
      for (let i = 0; i < rounds; i++) {
        if ((flag.load() ?? (yield)) === 0) continue;
        saw.store(i) ?? (yield);
        break;
      }
    });
    return () => saw.value;
  });
}

describe('a loop that counts', () => {
  it.each([5, 16, 40, 60])('is explored as it is written: %i rounds', (rounds) => {
    const { values, traces, spinLoops, cutLoops } = explored(new Dpor({ prover }), looking(rounds));
    expect(values).toEqual(new Set(Array.from({ length: rounds + 1 }, (_, i) => i - 1)));
    expect(traces).toBe(rounds + 1);
    expect(spinLoops).toBe(0);
    expect(cutLoops).toEqual([]);
  });

  it('is cut after 64 rounds that were alike, and the search says where', () => {
    const { values, cutLoops } = explored(new Dpor({ prover }), looking(1000));
    expect(values.size).toBeGreaterThan(ROUNDS_MAX);
    expect(cutLoops).toEqual([{ place: expect.stringContaining('spin-loops-wait'), rounds: 64 }]);
  });

  it('goes on when nobody else can step, though it was cut', () => {
    const program = built(({ cell, thread }) => {
      const flag = cell('flag');
      const gaveUp = cell('gaveUp');
      thread('looker', function* () {
        for (let i = 0; i < 500; i++) if ((flag.load() ?? (yield)) !== 0) return;
        gaveUp.store(1) ?? (yield);
      });
      return () => gaveUp.value;
    });
    const { values, cutLoops } = explored(new Dpor({ prover }), program);
    expect(values).toEqual(new Set([1]));
    expect(cutLoops).toHaveLength(1);
  });
});

it('a thread that waits for ever reaches the step limit: it is no deadlock', () => {
  const program = built(({ cell, thread }) => {
    const flag = cell('flag');
    thread('looker', function* () {
      while ((flag.load() ?? (yield)) === 0);
    });
    thread('other', function* () {
      flag.load() ?? (yield);
    });
    return () => flag.value;
  });
  expect(explored(new Dpor({ prover }), program).endings).toEqual(new Set(['steps']));
});
