import { describe, expect, it } from 'vitest';
import { BareProgram, type Parts } from '../../machine/bare.ts';
import type { Cell } from '../../machine/bare-parts.ts';
import { Dpor } from '../../scheduler/search/dpor.ts';
import { sourceProver as prover } from './source-prover.ts';

type Body = () => Generator<void, void, number>;
type Loop = (x: Cell, y: Cell) => Body;

/** Whether a loop of a thread beside one that stores is proven to wait. */
function isProven(loop: Loop): boolean {
  const program = new BareProgram(
    ({ cell, thread }: Parts) => {
      const [x, y] = [cell('x'), cell('y')];
      thread('setter', function* () {
        x.exchange(1) ?? (yield);
        y.exchange(1) ?? (yield);
      });
      thread('looper', loop(x, y));
    },
    { stepsMax: 5000 },
  );
  const search = new Dpor({ prover });
  let executions = 0;
  do {
    search.begin(0, program.lanes.length);
    program.run(search);
  } while (search.next() && ++executions < 3000);
  expect(search.spinLoops.length + search.cutLoops.length).toBeGreaterThan(0);
  return search.cutLoops.length === 0;
}

function* read(x: Cell): Generator<void, number, number> {
  return x.load() ?? (yield);
}

function* spinUntil(x: Cell, value: number): Generator<void, void, number> {
  while ((x.load() ?? (yield)) !== value);
}

const proven: readonly (readonly [string, Loop])[] = [
  [
    'while, with nothing in it',
    (x) =>
      function* () {
        while ((x.load() ?? (yield)) === 0);
      },
  ],
  [
    'do … while that assigns before it reads',
    (x) =>
      function* () {
        let v: number;
        do v = x.load() ?? (yield);
        while (v === 0);
      },
  ],
  [
    'while (true) with a constant of its own, and break',
    (x) =>
      function* () {
        while (true) {
          const v = x.load() ?? (yield);
          if (v === 1) break;
        }
      },
  ],
  [
    'a sequence lock, which reads one word twice',
    (x, y) =>
      function* () {
        let before: number;
        let after: number;
        do {
          before = x.load() ?? (yield);
          y.load() ?? (yield);
          after = x.load() ?? (yield);
        } while (before === 0 || before !== after);
      },
  ],
  [
    'a helper that spins',
    (x) =>
      function* () {
        yield* spinUntil(x, 1);
      },
  ],
  [
    'a helper that reads',
    (x) =>
      function* () {
        while ((yield* read(x)) === 0);
      },
  ],
  [
    'a loop in a loop, with an operation behind it',
    (x, y) =>
      function* () {
        for (let i = 0; i < 2; i++) {
          while ((x.load() ?? (yield)) === 0);
          y.load() ?? (yield);
        }
      },
  ],
  [
    'test, and test-and-set',
    (x, y) =>
      function* () {
        do while ((x.load() ?? (yield)) === 0);
        while ((y.exchange(1) ?? (yield)) !== 1);
      },
  ],
];

const counter = { rounds: 0 };
const counting = (x: Cell) => {
  counter.rounds++;
  return x.load();
};

const unproven: readonly (readonly [string, Loop])[] = [
  [
    'for that counts',
    (x) =>
      function* () {
        for (let i = 0; i < 500; i++) if ((x.load() ?? (yield)) === 1) return;
      },
  ],
  [
    'a counter in a variable outside',
    (x) =>
      function* () {
        let n = 0;
        while ((x.load() ?? (yield)) === 0 && n < 500) n += 1;
      },
  ],
  [
    'a counter in an object',
    (x) =>
      function* () {
        const kept = { n: 0 };
        while ((x.load() ?? (yield)) === 0 && kept.n < 500) kept.n++;
      },
  ],
  [
    'a counter in the function that reads',
    (x) =>
      function* () {
        counter.rounds = 0;
        while ((counting(x) ?? (yield)) === 0 && counter.rounds < 500);
      },
  ],
  [
    'for … of, whose iterator counts',
    (x) =>
      function* () {
        for (const _ of new Array(500)) if ((x.load() ?? (yield)) === 1) return;
      },
  ],
  [
    'an iterator that the loop is not over',
    (x) =>
      function* () {
        const ticks = new Array(500).values();
        while ((x.load() ?? (yield)) === 0 && ticks.next().done !== true);
      },
  ],
  [
    'a helper that reads, in a loop that counts',
    (x) =>
      function* () {
        for (let i = 0; i < 500; i++) if ((yield* read(x)) === 1) return;
      },
  ],
  [
    'a loop that is run once, in a loop that counts',
    (x) =>
      function* () {
        for (let i = 0; i < 500; i++) {
          do if ((x.load() ?? (yield)) === 1) return;
          while (i < 0);
        }
      },
  ],
  [
    'a loop that is left by what is caught, in a loop that counts',
    (x, y) =>
      function* () {
        for (let i = 0; i < 500; i++) {
          try {
            while (true) {
              if ((x.load() ?? (yield)) === 1) return;
              throw new Error('not yet');
            }
            // biome-ignore lint/correctness/noUnreachable: what follows the loop is skipped
            y.load() ?? (yield);
          } catch {}
        }
      },
  ],
  [
    'a loop that counts, in one that does not',
    (x) =>
      function* () {
        while (true) {
          for (let i = 0; i < 500; i++) if ((x.load() ?? (yield)) === 1) return;
          return;
        }
      },
  ],
  [
    'what the round before had read',
    (x, y) =>
      function* () {
        let last = 0;
        while (last < 500) {
          if ((x.load() ?? (yield)) === 1) return;
          last = last + 1 + (y.load() ?? (yield));
        }
      },
  ],
];

describe('a loop is proven to wait', () => {
  it.each(proven)('%s', (_, loop) => {
    expect(isProven(loop)).toBe(true);
  });
});

describe('a loop is not proven to wait', () => {
  it.each(unproven)('%s', (_, loop) => {
    expect(isProven(loop)).toBe(false);
  });
});
