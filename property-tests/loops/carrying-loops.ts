import type { Instruction } from './instructions.ts';
import type { Answer, Numbers, Piece } from './piece.ts';

/** `while (a !== v) count;`, and what was counted, up to a most. */
const counted = ({ a, v }: Numbers, most: number): Instruction[] => [
  'top',
  ['load', a, 'r'],
  ['if', 'r', '=', v, 'out'],
  ['count', 'i', most],
  ['go', 'top'],
  'out',
  ['see', 'i'],
];

/** Loops without end that count, in all the places where a program can keep a number. */
const counting: readonly Piece[] = [
  {
    name: 'counts-in-a-local',
    kind: 'carrying',
    *run({ a, v, see }) {
      let i = 0;
      while ((a.load() ?? (yield)) !== v) i++;
      see(Math.min(i, 3));
    },
    text: (n) => counted(n, 3),
  },
  {
    name: 'counts-in-an-object',
    kind: 'carrying',
    *run({ a, v, see }) {
      const state = { rounds: 0 };
      while ((a.fetchAdd(0) ?? (yield)) !== v) state.rounds += 1;
      see(Math.min(state.rounds, 3));
    },
    text: (n) => counted(n, 3),
  },
  {
    name: 'counts-in-a-closure',
    kind: 'carrying',
    *run({ a, v, see }) {
      let rounds = 0;
      const look = (): Answer => {
        rounds++;
        return a.load();
      };
      while ((look() ?? (yield)) !== v);
      see(Math.min(rounds - 1, 3));
    },
    text: (n) => counted(n, 3),
  },
  {
    name: 'counts-in-an-array',
    kind: 'carrying',
    *run({ a, v, see }) {
      const rounds: number[] = [];
      while ((a.compareExchange(v, v) ?? (yield)) !== v) rounds.push(1);
      see(Math.min(rounds.length, 3));
    },
    text: (n) => counted(n, 3),
  },
  {
    name: 'counts-far',
    kind: 'carrying',
    *run({ a, v, n, see }) {
      let i = 0;
      while ((a.load() ?? (yield)) !== v) i = Math.min(i + 1, n);
      see(i);
    },
    text: (n) => counted(n, n.n),
  },
  {
    name: 'counts-by-two',
    kind: 'carrying',
    *run({ a, v, see }) {
      let odd = 0;
      while ((a.load() ?? (yield)) !== v) odd = 1 - odd;
      see(odd);
    },
    text: ({ a, v }) => [
      'even',
      ['load', a, 'r'],
      ['if', 'r', '=', v, 'out'],
      ['load', a, 'r'],
      ['if', 'r', '!', v, 'even'],
      ['set', 'i', 1],
      'out',
      ['see', 'i'],
    ],
  },
];

/** Loops without end that do something else after some rounds. */
const changing: readonly Piece[] = [
  {
    name: 'kicks-after-n',
    kind: 'carrying',
    *run({ a, b, v, n }) {
      let i = 0;
      while ((a.load() ?? (yield)) !== v) if (++i === n) b.store(v) ?? (yield);
    },
    text: ({ a, b, v, n }) => [
      'top',
      ['load', a, 'r'],
      ['if', 'r', '=', v, 'out'],
      ['count', 'i', n + 1],
      ['if', 'i', '!', n, 'top'],
      ['store', b, v],
      ['go', 'top'],
      'out',
    ],
  },
  {
    name: 'feeds-the-other',
    kind: 'carrying',
    *run({ a, b, v }) {
      let isFirst = true;
      while ((a.load() ?? (yield)) !== v) {
        if (!isFirst) continue;
        isFirst = false;
        b.store(v) ?? (yield);
      }
    },
    text: ({ a, b, v }) => [
      ['load', a, 'r'],
      ['if', 'r', '=', v, 'out'],
      ['store', b, v],
      'top',
      ['load', a, 'r'],
      ['if', 'r', '!', v, 'top'],
      'out',
    ],
  },
  {
    // Keeps nothing, but calls what nobody can look into: it need not be proven.
    name: 'tells-in-the-loop',
    kind: 'carrying',
    *run({ a, v, see }) {
      while (true) {
        const value = a.fetchAdd(0) ?? (yield);
        if (value !== v) continue;
        see(value);
        break;
      }
    },
    text: ({ a, v }) => ['top', ['load', a, 'r'], ['if', 'r', '!', v, 'top'], ['see', 'r']],
  },
  {
    name: 'looks-here-and-there',
    kind: 'carrying',
    *run({ a, b, v, see }) {
      let [here, there] = [a, b];
      while ((here.load() ?? (yield)) !== v) [here, there] = [there, here];
      see(here === a ? 0 : 1);
    },
    text: ({ a, b, v }) => [
      'top',
      ['load', a, 'r'],
      ['if', 'r', '=', v, 'out'],
      ['load', b, 'r'],
      ['if', 'r', '!', v, 'top'],
      ['set', 'i', 1],
      'out',
      ['see', 'i'],
    ],
  },
  {
    name: 'backs-off',
    kind: 'carrying',
    *run({ a, b, v, see }) {
      let delay = 1;
      while ((a.load() ?? (yield)) !== v) {
        for (let i = 0; i < delay; i++) b.load() ?? (yield);
        delay = Math.min(delay * 2, 4);
      }
      see(delay);
    },
    text: ({ a, b, v }) => [
      ['set', 'd', 1],
      ['load', a, 'r'],
      ['if', 'r', '=', v, 'out'],
      ['load', b, 'r'],
      ['set', 'd', 2],
      ['load', a, 'r'],
      ['if', 'r', '=', v, 'out'],
      ['load', b, 'r'],
      ['load', b, 'r'],
      ['set', 'd', 4],
      'top',
      ['load', a, 'r'],
      ['if', 'r', '=', v, 'out'],
      ['load', b, 'r'],
      ['load', b, 'r'],
      ['load', b, 'r'],
      ['load', b, 'r'],
      ['go', 'top'],
      'out',
      ['see', 'd'],
    ],
  },
  {
    name: 'polls-in-an-endless-loop',
    kind: 'carrying',
    *run({ a, b, v, n }) {
      for (;;) {
        for (let i = 0; i < n; i++) if ((a.load() ?? (yield)) === v) return;
        if ((b.load() ?? (yield)) === v) return;
      }
    },
    text: ({ a, b, v, n }) => [
      'top',
      ['set', 'i', 0],
      'poll',
      ['load', a, 'r'],
      ['if', 'r', '=', v, 'out'],
      ['count', 'i', n],
      ['if', 'i', '<', n, 'poll'],
      ['load', b, 'r'],
      ['if', 'r', '!', v, 'top'],
      'out',
    ],
  },
  {
    name: 'reader-counts',
    kind: 'carrying',
    *run({ a, b, v, n }) {
      let looked = 0;
      const rd = (): Answer => (looked++ < n ? a.load() : b.load());
      while ((rd() ?? (yield)) !== v);
    },
    text: ({ a, b, v, n }) => [
      'near',
      ['if', 'i', '=', n, 'far'],
      ['count', 'i', n],
      ['load', a, 'r'],
      ['if', 'r', '=', v, 'out'],
      ['go', 'near'],
      'far',
      ['load', b, 'r'],
      ['if', 'r', '!', v, 'far'],
      'out',
    ],
  },
];

/** Nobody comes to an end of these: each round changes memory, so that no two executions are alike. */
const storing: readonly Piece[] = [
  {
    name: 'trylock-two',
    kind: 'storing',
    *run({ a, b }) {
      for (;;) {
        if ((a.compareExchange(0, 9) ?? (yield)) !== 0) continue;
        if ((b.compareExchange(0, 9) ?? (yield)) === 0) break;
        a.store(0) ?? (yield);
      }
      b.store(0) ?? (yield);
      a.store(0) ?? (yield);
    },
    text: ({ a, b }) => [
      'top',
      ['cas', a, 0, 9, 'r'],
      ['if', 'r', '!', 0, 'top'],
      ['cas', b, 0, 9, 'r'],
      ['if', 'r', '=', 0, 'out'],
      ['store', a, 0],
      ['go', 'top'],
      'out',
      ['store', b, 0],
      ['store', a, 0],
    ],
  },
];

export const CARRYING: readonly Piece[] = [...counting, ...changing, ...storing];
