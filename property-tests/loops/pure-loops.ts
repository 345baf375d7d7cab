import type { Cell } from '../../machine/bare-parts.ts';
import type { Instruction } from './instructions.ts';
import type { Numbers, Piece, Reader, Steps } from './piece.ts';

function* spinUntil(cell: Cell, v: number): Steps {
  while ((cell.load() ?? (yield)) !== v);
}

function* spinWith(cell: Cell, v: number, read: Reader): Steps {
  for (;;) {
    const value = read(cell) ?? (yield);
    if (value === v) return;
  }
}

function* read(cell: Cell): Steps<number> {
  return cell.load() ?? (yield);
}

function* readTwice(cell: Cell): Steps<number> {
  const first = yield* read(cell);
  const second = yield* read(cell);
  return first === second ? first : -1;
}

/** `while (a !== v);` */
const untilEqual = ({ a, v }: Numbers): Instruction[] => [
  'top',
  ['load', a, 'r'],
  ['if', 'r', '!', v, 'top'],
];

/** A lock on a, a section that adds one to b, and the release. */
const sectioned = (enter: readonly Instruction[], { a, b }: Numbers): Instruction[] => [
  ...enter,
  ['load', b, 'x'],
  ['count', 'x', 1000],
  ['store', b, 'x'],
  ['store', a, 0],
];

/** Loops that are written in one line or two, and look at one cell. */
const single: readonly Piece[] = [
  {
    name: 'while-load',
    kind: 'pure',
    *run({ a, v }) {
      while ((a.load() ?? (yield)) !== v);
    },
    text: untilEqual,
  },
  {
    name: 'while-add-0',
    kind: 'pure',
    *run({ a, v }) {
      while ((a.fetchAdd(0) ?? (yield)) !== v);
    },
    text: untilEqual,
  },
  {
    name: 'while-cas',
    kind: 'pure',
    *run({ a, v }) {
      while ((a.compareExchange(v, v) ?? (yield)) !== v);
    },
    text: untilEqual,
  },
  {
    name: 'while-less',
    kind: 'pure',
    *run({ a, v }) {
      while ((a.load() ?? (yield)) < v) {
        // nothing
      }
    },
    text: ({ a, v }) => ['top', ['load', a, 'r'], ['if', 'r', '<', v, 'top']],
  },
  {
    name: 'do-while',
    kind: 'pure',
    *run({ a, v, see }) {
      let value: number;
      do {
        value = a.load() ?? (yield);
      } while (value !== v);
      see(value);
    },
    text: (n) => [...untilEqual(n), ['see', 'r']],
  },
  {
    name: 'for-ever',
    kind: 'pure',
    *run({ a, v }) {
      for (;;) if ((a.load() ?? (yield)) === v) break;
    },
    text: untilEqual,
  },
  {
    name: 'while-true-continue',
    kind: 'pure',
    *run({ a, v }) {
      while (true) {
        const value = a.fetchAdd(0) ?? (yield);
        if (value !== v) continue;
        break;
      }
    },
    text: untilEqual,
  },
  {
    name: 'while-true-return',
    kind: 'pure',
    *run({ a, v }) {
      while (true) {
        const value = a.compareExchange(v, v) ?? (yield);
        if (value === v) return;
      }
    },
    text: untilEqual,
  },
  {
    name: 'helper-spin',
    kind: 'pure',
    *run({ a, v }) {
      yield* spinUntil(a, v);
    },
    text: untilEqual,
  },
  {
    name: 'helper-read',
    kind: 'pure',
    *run({ a, v }) {
      while ((yield* read(a)) !== v);
    },
    text: untilEqual,
  },
  {
    name: 'helper-with-reader',
    kind: 'pure',
    *run({ a, v, read }) {
      yield* spinWith(a, v, read);
    },
    text: untilEqual,
  },
  {
    name: 'reader-passed',
    kind: 'pure',
    *run({ a, v, read: rd }) {
      while ((rd(a) ?? (yield)) !== v);
    },
    text: untilEqual,
  },
];

/** Loops that look at two cells, nested ones, and ones that wait twice. */
const double: readonly Piece[] = [
  {
    name: 'helper-reads-twice',
    kind: 'pure',
    *run({ a, v }) {
      while ((yield* readTwice(a)) !== v);
    },
    text: ({ a, v }) => [
      'top',
      ['load', a, 'r'],
      ['load', a, 's'],
      ['if', 'r', '!', 's', 'top'],
      ['if', 'r', '!', v, 'top'],
    ],
  },
  {
    name: 'either-of-two',
    kind: 'pure',
    *run({ a, b, v }) {
      while ((a.load() ?? (yield)) !== v && (b.load() ?? (yield)) !== v);
    },
    text: ({ a, b, v }) => [
      'top',
      ['load', a, 'r'],
      ['if', 'r', '=', v, 'out'],
      ['load', b, 's'],
      ['if', 's', '!', v, 'top'],
      'out',
    ],
  },
  {
    name: 'nested',
    kind: 'pure',
    *run({ a, b, v }) {
      do {
        while ((a.fetchAdd(0) ?? (yield)) !== v);
      } while ((b.fetchAdd(0) ?? (yield)) !== v);
    },
    text: ({ a, b, v }) => [
      'top',
      ['load', a, 'r'],
      ['if', 'r', '!', v, 'top'],
      ['load', b, 's'],
      ['if', 's', '!', v, 'top'],
    ],
  },
  {
    name: 'labelled',
    kind: 'pure',
    *run({ a, b, v }) {
      outer: for (;;) {
        for (;;) {
          if ((a.load() ?? (yield)) !== v) continue outer;
          if ((b.load() ?? (yield)) === v) break outer;
          break;
        }
      }
    },
    text: ({ a, b, v }) => [
      'top',
      ['load', a, 'r'],
      ['if', 'r', '!', v, 'top'],
      ['load', b, 's'],
      ['if', 's', '!', v, 'top'],
    ],
  },
  {
    name: 'deadline-in-a-cell',
    kind: 'pure',
    *run({ a, b, v, see }) {
      let got = 1;
      while ((a.load() ?? (yield)) !== v) {
        if ((b.load() ?? (yield)) < 2) continue;
        got = 0;
        break;
      }
      see(got);
    },
    text: ({ a, b, v }) => [
      ['set', 'got', 1],
      'top',
      ['load', a, 'r'],
      ['if', 'r', '=', v, 'out'],
      ['load', b, 's'],
      ['if', 's', '<', 2, 'top'],
      ['set', 'got', 0],
      'out',
      ['see', 'got'],
    ],
  },
];

/** Locks of one's own making. */
const locks: readonly Piece[] = [
  {
    name: 'lock-exchange',
    kind: 'pure',
    *run({ a, b }) {
      while ((a.exchange(9) ?? (yield)) !== 0);
      const x = b.load() ?? (yield);
      b.store(x + 1) ?? (yield);
      a.store(0) ?? (yield);
    },
    text: (n) => sectioned(['top', ['exchange', n.a, 9, 'r'], ['if', 'r', '!', 0, 'top']], n),
  },
  {
    name: 'lock-cas',
    kind: 'pure',
    *run({ a, b }) {
      while ((a.compareExchange(0, 9) ?? (yield)) !== 0);
      const x = b.load() ?? (yield);
      b.store(x + 1) ?? (yield);
      a.store(0) ?? (yield);
    },
    text: (n) => sectioned(['top', ['cas', n.a, 0, 9, 'r'], ['if', 'r', '!', 0, 'top']], n),
  },
  {
    name: 'lock-test-and-test',
    kind: 'pure',
    *run({ a, b }) {
      do {
        while ((a.fetchAdd(0) ?? (yield)) !== 0);
      } while ((a.exchange(9) ?? (yield)) !== 0);
      const x = b.load() ?? (yield);
      b.store(x + 1) ?? (yield);
      a.store(0) ?? (yield);
    },
    text: (n) =>
      sectioned(
        [
          'top',
          ['load', n.a, 'r'],
          ['if', 'r', '!', 0, 'top'],
          ['exchange', n.a, 9, 'r'],
          ['if', 'r', '!', 0, 'top'],
        ],
        n,
      ),
  },
  {
    name: 'lock-ticket',
    kind: 'pure',
    *run({ a, b, see }) {
      const mine = a.fetchAdd(1) ?? (yield);
      while ((b.fetchAdd(0) ?? (yield)) !== mine);
      see(mine);
      b.fetchAdd(1) ?? (yield);
    },
    text: ({ a, b }) => [
      ['add', a, 1, 'mine'],
      'top',
      ['load', b, 'r'],
      ['if', 'r', '!', 'mine', 'top'],
      ['see', 'mine'],
      ['add', b, 1, 'x'],
    ],
  },
  {
    name: 'barrier',
    kind: 'pure',
    *run({ a }) {
      a.fetchAdd(1) ?? (yield);
      while ((a.fetchAdd(0) ?? (yield)) < 2);
    },
    text: ({ a }) => [['add', a, 1, 'x'], 'top', ['load', a, 'r'], ['if', 'r', '<', 2, 'top']],
  },
];

export const PURE: readonly Piece[] = [...single, ...double, ...locks];
