import type { Cell } from '../../machine/bare-parts.ts';
import type { Instruction } from './instructions.ts';
import type { Numbers, Piece, Steps } from './piece.ts';

/** Looks n times at most, and sees how often it looked in vain. */
const polled = ({ a, v, n }: Numbers): Instruction[] => [
  'top',
  ['load', a, 'r'],
  ['if', 'r', '=', v, 'out'],
  ['count', 'i', n],
  ['if', 'i', '<', n, 'top'],
  'out',
  ['see', 'i'],
];

/** The same, and sees only whether it gave up. */
const gaveUp = ({ a, v, n }: Numbers): Instruction[] => [
  'top',
  ['load', a, 'r'],
  ['if', 'r', '=', v, 'out'],
  ['count', 'i', n],
  ['if', 'i', '<', n, 'top'],
  ['see', 1],
  'out',
];

function* downFrom(n: number): Generator<number, void, unknown> {
  while (n > 0) yield --n;
}

function* again(cell: Cell, v: number, n: number): Steps<number> {
  if ((cell.load() ?? (yield)) === v) return 0;
  return n === 1 ? 1 : 1 + (yield* again(cell, v, n - 1));
}

function* pollOnce(cell: Cell, v: number, budget: { left: number }): Steps<boolean> {
  budget.left--;
  return (cell.fetchAdd(0) ?? (yield)) === v;
}

/** With a number that the loop's head shows. */
const plain: readonly Piece[] = [
  {
    name: 'poll-for',
    kind: 'bounded',
    *run({ a, v, n, see }) {
      let i = 0;
      for (; i < n; i++) if ((a.load() ?? (yield)) === v) break;
      see(i);
    },
    text: polled,
  },
  {
    name: 'poll-cas',
    kind: 'bounded',
    *run({ a, v, n, see }) {
      for (let i = 0; i < n; i++) {
        if ((a.compareExchange(v, v) ?? (yield)) === v) return;
      }
      see(1);
    },
    text: gaveUp,
  },
  {
    name: 'poll-while-countdown',
    kind: 'bounded',
    *run({ a, v, n, see }) {
      let left = n;
      while (left-- > 0) if ((a.fetchAdd(0) ?? (yield)) === v) return;
      see(1);
    },
    text: gaveUp,
  },
  {
    name: 'poll-do-while',
    kind: 'bounded',
    *run({ a, v, n, see }) {
      let tries = 0;
      let value: number;
      do value = a.load() ?? (yield);
      while (value !== v && ++tries < n);
      see(tries);
    },
    text: polled,
  },
  {
    name: 'poll-while-true',
    kind: 'bounded',
    *run({ a, v, n, see }) {
      let tries = 0;
      while (true) {
        if ((a.load() ?? (yield)) === v) break;
        tries += 1;
        if (tries < n) continue;
        break;
      }
      see(tries);
    },
    text: polled,
  },
  {
    name: 'poll-for-of',
    kind: 'bounded',
    *run({ a, v, n, see }) {
      for (const _ of Array(n)) if ((a.load() ?? (yield)) === v) return;
      see(1);
    },
    text: gaveUp,
  },
  {
    name: 'poll-reader',
    kind: 'bounded',
    *run({ a, v, n, read, see }) {
      let tries = 0;
      while ((read(a) ?? (yield)) !== v && ++tries < n);
      see(tries);
    },
    text: polled,
  },
];

/** With a number that lies elsewhere. */
const hidden: readonly Piece[] = [
  {
    name: 'poll-iterator',
    kind: 'bounded',
    *run({ a, v, n, see }) {
      const tries = Array(n - 1).keys();
      while ((a.load() ?? (yield)) !== v) {
        if (!tries.next().done) continue;
        see(1);
        break;
      }
    },
    text: gaveUp,
  },
  {
    name: 'poll-generator',
    kind: 'bounded',
    *run({ a, v, n, see }) {
      for (const _ of downFrom(n)) if ((a.load() ?? (yield)) === v) return;
      see(1);
    },
    text: gaveUp,
  },
  {
    name: 'poll-getter',
    kind: 'bounded',
    *run({ a, v, n, see }) {
      let left = n;
      const budget = {
        get more(): boolean {
          return left-- > 0;
        },
      };
      while (budget.more) if ((a.load() ?? (yield)) === v) return;
      see(1);
    },
    text: gaveUp,
  },
  {
    name: 'poll-value-of',
    kind: 'bounded',
    *run({ a, v, n, see }) {
      let tries = 0;
      const clock = { valueOf: () => ++tries };
      while ((a.load() ?? (yield)) !== v) {
        if (Number(clock) < n) continue;
        see(1);
        break;
      }
    },
    text: gaveUp,
  },
  {
    name: 'poll-text',
    kind: 'bounded',
    *run({ a, v, n, see }) {
      let dots = '';
      while ((a.load() ?? (yield)) !== v) {
        dots += '.';
        if (dots.length === n) break;
      }
      see(dots.length);
    },
    text: polled,
  },
  {
    name: 'poll-closure',
    kind: 'bounded',
    *run({ a, v, n, see }) {
      let tries = 0;
      const isLate = (): boolean => ++tries >= n;
      for (;;) {
        if ((a.load() ?? (yield)) === v) break;
        if (!isLate()) continue;
        see(1);
        break;
      }
    },
    text: gaveUp,
  },
  {
    name: 'poll-recursive',
    kind: 'bounded',
    *run({ a, v, n, see }) {
      see(yield* again(a, v, n));
    },
    text: polled,
  },
  {
    name: 'poll-helper-counts',
    kind: 'bounded',
    *run({ a, v, n, see }) {
      const budget = { left: n };
      while (!(yield* pollOnce(a, v, budget))) {
        if (budget.left > 0) continue;
        see(1);
        break;
      }
    },
    text: gaveUp,
  },
  {
    name: 'poll-finally',
    kind: 'bounded',
    *run({ a, v, n, see }) {
      let tries = 0;
      while (tries < n) {
        try {
          if ((a.load() ?? (yield)) === v) return;
        } finally {
          tries++;
        }
      }
      see(1);
    },
    text: gaveUp,
  },
];

/** With more than one thing in a round, or one loop in another. */
const compound: readonly Piece[] = [
  {
    name: 'trylock',
    kind: 'bounded',
    *run({ a, b, n, see }) {
      for (let i = 0; i < n; i++) {
        if ((a.compareExchange(0, 9) ?? (yield)) !== 0) continue;
        b.fetchAdd(1) ?? (yield);
        a.store(0) ?? (yield);
        return;
      }
      see(1);
    },
    text: ({ a, b, n }) => [
      'top',
      ['cas', a, 0, 9, 'r'],
      ['if', 'r', '=', 0, 'got'],
      ['count', 'i', n],
      ['if', 'i', '<', n, 'top'],
      ['see', 1],
      ['go', 'out'],
      'got',
      ['add', b, 1, 'x'],
      ['store', a, 0],
      'out',
    ],
  },
  {
    name: 'try-exchange',
    kind: 'bounded',
    *run({ a, n, see }) {
      let tries = 0;
      while ((a.exchange(1) ?? (yield)) !== 0) if (++tries === n) break;
      see(tries);
    },
    text: ({ a, n }) => [
      'top',
      ['exchange', a, 1, 'r'],
      ['if', 'r', '=', 0, 'out'],
      ['count', 'i', n],
      ['if', 'i', '<', n, 'top'],
      'out',
      ['see', 'i'],
    ],
  },
  {
    name: 'poll-two',
    kind: 'bounded',
    *run({ a, b, v, n, see }) {
      let i = 0;
      for (; i < n; i++) {
        if ((a.load() ?? (yield)) === v) break;
        if ((b.load() ?? (yield)) === v) break;
      }
      see(i);
    },
    text: ({ a, b, v, n }) => [
      'top',
      ['load', a, 'r'],
      ['if', 'r', '=', v, 'out'],
      ['load', b, 'r'],
      ['if', 'r', '=', v, 'out'],
      ['count', 'i', n],
      ['if', 'i', '<', n, 'top'],
      'out',
      ['see', 'i'],
    ],
  },
  {
    name: 'spins-that-pass-in-a-row',
    kind: 'bounded',
    *run({ a, v, n, see }) {
      for (let i = 0; i < n; i++) while ((a.load() ?? (yield)) === v);
      see(1);
    },
    text: ({ a, v, n }) => [
      'top',
      ['load', a, 'r'],
      ['if', 'r', '=', v, 'top'],
      ['count', 'i', n],
      ['if', 'i', '<', n, 'top'],
      ['see', 1],
    ],
  },
  {
    name: 'looks-in-a-row',
    kind: 'bounded',
    *run({ a, n, see }) {
      let last = -1;
      for (let i = 0; i < n; i++) last = a.load() ?? (yield);
      see(last);
    },
    text: ({ a, n }) => [
      'top',
      ['load', a, 'r'],
      ['count', 'i', n],
      ['if', 'i', '<', n, 'top'],
      ['see', 'r'],
    ],
  },
];

export const BOUNDED: readonly Piece[] = [...plain, ...hidden, ...compound];
