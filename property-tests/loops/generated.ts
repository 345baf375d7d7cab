import fc from 'fast-check';
import type { Cell } from '../../machine/bare-parts.ts';
import type { Subject } from '../../src/stage/stage.ts';
import { program } from '../../src/subject/bare-subject.ts';
import { BOUNDED } from './bounded-loops.ts';
import { CARRYING } from './carrying-loops.ts';
import { assemble, type Code } from './instructions.ts';
import { finalText } from './oracle.ts';
import type { Piece, Reader, Steps } from './piece.ts';
import { PLAIN } from './plain-pieces.ts';
import { PURE } from './pure-loops.ts';

export const PIECES: ReadonlyMap<string, Piece> = new Map(
  [...PURE, ...CARRYING, ...BOUNDED, ...PLAIN].map((piece) => [piece.name, piece]),
);

export const CELLS = 3;
const NAMES = ['x', 'y', 'z'];

const READERS = new Map<string, (v: number) => Reader>([
  ['load', () => (cell) => cell.load()],
  ['fetchAdd(0)', () => (cell) => cell.fetchAdd(0)],
  ['compareExchange(v, v)', (v) => (cell) => cell.compareExchange(v, v)],
]);

/** A piece, and what it works on. */
export interface Use {
  readonly piece: string;
  /** Cells; b is another cell than a. */
  readonly a: number;
  readonly b: number;
  readonly n: number;
  readonly v: number;
  readonly reader: string;
}

/** A program: plain data, so that a failing one can be shrunk and printed. */
export interface Source {
  /** Whether a thread goes through its pieces in a loop, or names one after the other. */
  readonly isListed: boolean;
  /** Operations after which an execution is called endless: more than any that ends performs. */
  readonly stepsMax: number;
  readonly threads: readonly (readonly Use[])[];
}

export function pieceOf({ piece }: Use): Piece {
  const found = PIECES.get(piece);
  if (found === undefined) throw new Error(`no piece ${piece}`);
  return found;
}

/** What the oracle follows. */
export function codesOf({ threads }: Source): Code[] {
  return threads.map((uses) => assemble(uses.map((use) => pieceOf(use).text(use))));
}

/** What the searches run. Its outcome is as `finalText` tells it. */
export function subjectOf(source: Source): Subject {
  const { isListed, stepsMax, threads } = source;
  const options = { stepsMax, detectors: ['deadlock', 'livelock', 'endless', 'check'] };
  return program(
    'loops',
    ({ cell, mutex, thread, outcome }) => {
      const cells = NAMES.map((name) => cell(name));
      const m = mutex('m');
      const seen: number[][] = threads.map(() => []);
      for (const [lane, uses] of threads.entries()) {
        const begun = (i: number): Steps => {
          const use = uses[i];
          if (use === undefined) return nothing();
          const [a, b] = [cells[use.a] as Cell, cells[use.b] as Cell];
          const read = (READERS.get(use.reader) as (v: number) => Reader)(use.v);
          const see = (value: number): void => {
            seen[lane]?.push(value);
          };
          return pieceOf(use).run({ a, b, m, n: use.n, v: use.v, read, see });
        };
        thread(`t${lane}`, () => {
          seen[lane] = [];
          return isListed ? listed(begun, uses.length) : straight(begun);
        });
      }
      const values = () => cells.map(({ value }) => value);
      outcome(() => finalText(values(), seen));
    },
    options,
  );
}

/** Pieces of a thread at most. */
const LENGTH_MAX = 3;

function* straight(begun: (i: number) => Steps): Steps {
  yield* begun(0);
  yield* begun(1);
  yield* begun(2);
}

function* listed(begun: (i: number) => Steps, count: number): Steps {
  for (let i = 0; i < count; i++) yield* begun(i);
}

function* nothing(): Steps {
  // A thread of fewer pieces.
}

/** For example `t0: poll-for(x, y, n 3, v 1) | t1: store(x, …)`. */
export function textOf({ isListed, threads }: Source): string {
  const use = ({ piece, a, b, n, v, reader }: Use): string =>
    `${piece}(${NAMES[a]}, ${NAMES[b]}, n ${n}, v ${v}, ${reader})`;
  const lines = threads.map((uses, i) => `t${i}: ${uses.map(use).join('; ')}`);
  return `${isListed ? 'in a loop, ' : ''}${lines.join(' | ')}`;
}

/** Programs whose loops are pure: a search without bound must come to its end. */
export function isPure({ isListed, threads }: Source): boolean {
  const kinds = threads.flat().map((use) => pieceOf(use).kind);
  return !isListed && kinds.every((kind) => kind === 'pure' || kind === 'plain');
}

const LONG = 20;
const tries = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 2, max: 4 }) },
  { weight: 1, arbitrary: fc.integer({ min: 5, max: LONG }) },
  { weight: 1, arbitrary: fc.integer({ min: 60, max: 70 }) },
);

function using(pieces: readonly Piece[]): fc.Arbitrary<Use> {
  return fc
    .record({
      piece: fc.constantFrom(...pieces.map(({ name }) => name)),
      a: fc.constantFrom(0, 0, 1, 2),
      other: fc.integer({ min: 1, max: CELLS - 1 }),
      n: tries,
      v: fc.constantFrom(1, 1, 1, 1, 1, 2),
      reader: fc.constantFrom(...READERS.keys()),
    })
    .map(({ other, a, ...rest }) => ({ ...rest, a, b: (a + other) % CELLS }));
}

/** 2 or 3 threads of 1 to 3 pieces, some of which are loops of these. */
function programs(loops: readonly Piece[]): fc.Arbitrary<Source> {
  const piece = fc.oneof(
    { weight: 3, arbitrary: using(PLAIN) },
    { weight: 2, arbitrary: using(loops) },
  );
  const thread = (maxLength: number) => fc.array(piece, { minLength: 1, maxLength, size: 'max' });
  const threads = fc.oneof(
    fc.tuple(thread(LENGTH_MAX), thread(LENGTH_MAX)),
    fc.tuple(thread(2), thread(2), thread(1)),
  );
  return fc
    .record({
      isListed: fc.constantFrom(false, false, false, true),
      // Enough for a detector of livelocks to be sure, or quick.
      stepsMax: fc.constantFrom(700, 700, 700, 2500),
      threads: threads.map(withOneLong),
    })
    .filter(({ threads: all }) => all.flat().some((use) => pieceOf(use).kind !== 'plain'))
    .map((source) => Object.assign(source, { [fc.toStringMethod]: () => textOf(source) }));
}

/** One loop of a program at most goes round more often than a search follows it. */
function withOneLong(threads: readonly (readonly Use[])[]): Use[][] {
  let long = 0;
  return threads.map((uses) =>
    uses.map((use) => (use.n > LONG && long++ > 0 ? { ...use, n: 3 } : use)),
  );
}

export const loopPrograms: fc.Arbitrary<Source> = fc.oneof(
  programs(PURE),
  programs(BOUNDED),
  programs([...PURE, ...CARRYING, ...BOUNDED]),
);
