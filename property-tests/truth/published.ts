import {
  dekker,
  handOver,
  neverUnlocked,
  peterson,
  philosophers,
  szymanski,
  ticketLock,
} from './exclusion.ts';
import { litmus } from './litmus.ts';
import type { Model } from './model.ts';
import {
  account,
  casRotation,
  casThenWrite,
  controlFlow,
  exponentialBug,
  fibBench,
  filesystem,
  increments,
  indexer,
  lastzero,
  nWriters,
  nWritersAReader,
  optLock,
  readers,
  readThenWrite,
  redundantCoherence,
  writeAndCas,
} from './programs.ts';

/** A program, by the parameters it was measured with, and its number of Mazurkiewicz traces. */
export interface Measured {
  readonly name: string;
  readonly make: () => Model;
  readonly traces: number;
  readonly source: string;
}

const OPTIMAL = 'Abdulla, Aronis, Jonsson, Sagonas: POPL 2014 and JACM 64(4), 2017, tables';
/** Graphs of execution with coherence under sequential consistency: one for each trace. */
const GENMC = 'GenMC, tests/correct, expected.sc.mo';
/** One location only, where C11 atomics are sequentially consistent and its graphs the traces. */
const RCMC = 'Nidhugg, benchmarks/SWSC_experiment/summary.txt, column rcmc';
const NIDHUGG = 'Nidhugg, benchmarks/SWSC_experiment/summary.txt, columns observers and rcmc';
const NIDHUGG_TESTS = 'Nidhugg, tests/smoke/reference.results.txt';
/** No source gives this number: it is what `enumerate` counts. */
const ENUMERATED = 'enumerated';

const upTo = (n: number) => Array.from({ length: n }, (_, i) => i);

type Row = readonly [parameter: number, traces: number];

const family = (
  name: string,
  source: string,
  make: (n: number) => Model,
  rows: readonly Row[],
): Measured[] =>
  rows.map(([n, traces]) => ({ name: `${name}(${n})`, make: () => make(n), traces, source }));

/** Small enough for brute force. */
export const SMALL: readonly Measured[] = [
  ...family('readers', OPTIMAL, readers, [[2, 4]]),
  ...family('readers', NIDHUGG, readers, [[4, 16]]),
  ...family('lastzero', NIDHUGG_TESTS, lastzero, [
    [1, 2],
    [2, 5],
    [3, 12],
    [4, 28],
  ]),
  ...family('lastzero', GENMC, lastzero, [[5, 64]]),
  ...family('fib_bench', NIDHUGG, fibBench, [
    [1, 11],
    [2, 140],
  ]),
  ...family('N-writers', GENMC, nWriters, [[6, 720]]),
  ...family('floating read', RCMC, nWritersAReader, [
    [2, 6],
    [4, 120],
  ]),
  ...family('rw', GENMC, readThenWrite, [
    [2, 4],
    [3, 36],
    [4, 576],
  ]),
  ...family('ainc', GENMC, (n) => increments(n, 1), [[4, 24]]),
  ...family('cinc', GENMC, (n) => increments(n, 3), [
    [2, 8],
    [3, 216],
  ]),
  ...family('casrot', GENMC, casRotation, [
    [2, 2],
    [3, 5],
    [4, 14],
    [5, 43],
    [6, 144],
  ]),
  ...family('casw', GENMC, casThenWrite, [
    [2, 6],
    [3, 66],
    [4, 1200],
  ]),
  ...family('wcas', GENMC, writeAndCas, [
    [2, 5],
    [3, 13],
    [4, 33],
  ]),
  ...family('redundant_co', RCMC, redundantCoherence, [
    [1, 12],
    [2, 90],
    [3, 560],
  ]),
  ...family('account', RCMC, account, [
    [1, 4],
    [2, 36],
    [3, 576],
  ]),
  ...family('control_flow', RCMC, controlFlow, [
    [1, 5],
    [2, 18],
    [3, 90],
  ]),
  ...family('mutex_deadlock', NIDHUGG_TESTS, neverUnlocked, [
    [2, 2],
    [3, 3],
  ]),
  {
    name: 'IRIWish',
    make: () => litmus('Wx1 || Rx Wy1 || Rx Ry || Ry Rx'),
    traces: 27,
    source: GENMC,
  },
  ...family('opt_lock', ENUMERATED, optLock, [
    [1, 10],
    [2, 42],
  ]),
  ...family('exponential_bug', ENUMERATED, exponentialBug, [[1, 1955]]),
  ...family('peterson', ENUMERATED, peterson, [
    [1, 10],
    [2, 20],
    [3, 34],
  ]),
  ...family('dekker', ENUMERATED, dekker, [
    [1, 10],
    [2, 19],
    [3, 31],
  ]),
  ...family('szymanski', ENUMERATED, szymanski, [
    [1, 124],
    [2, 517],
  ]),
  ...family('ticket lock of 3', ENUMERATED, (looks) => ticketLock(3, looks), [
    [1, 30],
    [2, 90],
  ]),
  ...family('philosophers', ENUMERATED, philosophers, [
    [2, 3],
    [3, 7],
    [4, 15],
  ]),
  ...family('hand-over', ENUMERATED, handOver, [
    [1, 2],
    [2, 8],
    [3, 32],
  ]),
];

/** Too large for brute force. */
export const LARGE: readonly Measured[] = [
  ...family('readers', OPTIMAL, readers, [
    [8, 256],
    [13, 8192],
  ]),
  ...family('lastzero', GENMC, lastzero, [[10, 3328]]),
  ...family('lastzero', NIDHUGG, lastzero, [[12, 15_360]]),
  ...family('indexer', GENMC, (n) => indexer(upTo(n)), [
    [12, 8],
    [15, 4096],
  ]),
  ...family('filesystem', NIDHUGG, (n) => filesystem(upTo(n)), [
    [14, 2],
    [16, 8],
    [18, 32],
  ]),
  ...family('filesystem', OPTIMAL, (n) => filesystem(upTo(n)), [
    [19, 64],
    [22, 512],
  ]),
  ...family('fib_bench', NIDHUGG, fibBench, [
    [3, 1698],
    [4, 19_605],
  ]),
  ...family('ainc', GENMC, (n) => increments(n, 1), [[7, 5040]]),
  ...family('cinc', GENMC, (n) => increments(n, 3), [[4, 13_824]]),
  ...family('casrot', GENMC, casRotation, [
    [8, 2048],
    [9, 8597],
  ]),
  ...family('casw', GENMC, casThenWrite, [[5, 32_880]]),
  ...family('wcas', GENMC, writeAndCas, [[9, 2305]]),
  ...family('redundant_co', RCMC, redundantCoherence, [[4, 3150]]),
  ...family('account', RCMC, account, [[4, 14_400]]),
  ...family('control_flow', RCMC, controlFlow, [[4, 600]]),
];
