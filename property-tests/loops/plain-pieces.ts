import type { Piece } from './piece.ts';

/** What threads do besides waiting. */
export const PLAIN: readonly Piece[] = [
  {
    name: 'store',
    kind: 'plain',
    *run({ a, v }) {
      a.store(v) ?? (yield);
    },
    text: ({ a, v }) => [['store', a, v]],
  },
  {
    name: 'clear',
    kind: 'plain',
    *run({ a }) {
      a.store(0) ?? (yield);
    },
    text: ({ a }) => [['store', a, 0]],
  },
  {
    name: 'load',
    kind: 'plain',
    *run({ a, see }) {
      see(a.load() ?? (yield));
    },
    text: ({ a }) => [
      ['load', a, 'r'],
      ['see', 'r'],
    ],
  },
  {
    name: 'exchange',
    kind: 'plain',
    *run({ a, v, see }) {
      see(a.exchange(v) ?? (yield));
    },
    text: ({ a, v }) => [
      ['exchange', a, v, 'r'],
      ['see', 'r'],
    ],
  },
  {
    name: 'add',
    kind: 'plain',
    *run({ a }) {
      a.fetchAdd(1) ?? (yield);
    },
    text: ({ a }) => [['add', a, 1, 'r']],
  },
  {
    name: 'pulse',
    kind: 'plain',
    *run({ a, v }) {
      a.store(v) ?? (yield);
      a.store(0) ?? (yield);
    },
    text: ({ a, v }) => [
      ['store', a, v],
      ['store', a, 0],
    ],
  },
  {
    name: 'publish',
    kind: 'plain',
    *run({ a, b, v }) {
      b.store(v) ?? (yield);
      a.store(v) ?? (yield);
    },
    text: ({ a, b, v }) => [
      ['store', b, v],
      ['store', a, v],
    ],
  },
  {
    name: 'section',
    kind: 'plain',
    *run({ a, m }) {
      m.lock() ?? (yield);
      const x = a.load() ?? (yield);
      a.store(x + 1) ?? (yield);
      m.unlock() ?? (yield);
    },
    text: ({ a }) => [
      ['lock'],
      ['load', a, 'x'],
      ['count', 'x', 1000],
      ['store', a, 'x'],
      ['unlock'],
    ],
  },
  {
    name: 'tick',
    kind: 'plain',
    *run({ b }) {
      b.fetchAdd(1) ?? (yield);
      b.fetchAdd(1) ?? (yield);
    },
    text: ({ b }) => [
      ['add', b, 1, 'r'],
      ['add', b, 1, 'r'],
    ],
  },
];
