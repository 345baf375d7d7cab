import { describe, expect, it } from 'vitest';
import { Dfs } from '../scheduler/search/dfs.ts';
import { Dpor } from '../scheduler/search/dpor.ts';
import * as classical from './truth/classical.ts';
import { enumerate, tracesWithin } from './truth/enumerate.ts';
import { explore } from './truth/explored.ts';
import * as lockFree from './truth/lock-free.ts';
import type { Model } from './truth/model.ts';

/** What is known of a program: how many traces it has, whether one is wrong, whether one is stuck. */
type Row = readonly [
  name: string,
  make: () => Model,
  traces: number,
  end: 'right' | 'wrong' | 'stuck',
];

const {
  bakery,
  barrier,
  deque,
  lamportFast,
  mcsLock,
  queue,
  ring,
  seqlock,
  treiberStack,
  tryLock,
} = lockFree;

const LOCK_FREE: readonly Row[] = [
  ['bakery lock, 1 look', () => bakery(2, 1), 22, 'right'],
  ['bakery lock, 2 looks', () => bakery(2, 2), 47, 'right'],
  ["Lamport's fast lock", () => lamportFast(2), 26, 'right'],
  ['MCS lock, 2 threads, 2 looks', () => mcsLock(2, 2), 16, 'right'],
  ['MCS lock, 3 threads', () => mcsLock(3, 1), 168, 'right'],
  ['lock that 3 threads try', () => tryLock(3, 1), 24, 'right'],
  ['lock that 3 threads try twice', () => tryLock(3, 2), 114, 'right'],
  ['barrier of 2, 2 looks', () => barrier(2, 2), 6, 'right'],
  ['barrier of 3, 2 looks', () => barrier(3, 2), 54, 'right'],
  ['seqlock, 2 writes', () => seqlock(2, 1), 37, 'right'],
  ['seqlock, 2 writes, 2 tries', () => seqlock(2, 2), 145, 'right'],
  ["Treiber's stack", () => treiberStack(2, false), 18, 'right'],
  ["Treiber's stack, pushed to again (ABA)", () => treiberStack(2, true), 38, 'wrong'],
  ['queue of Michael and Scott, 1 in, 2 out', () => queue(1, 2, 1), 18, 'right'],
  ['queue of Michael and Scott, 2 in, 1 out', () => queue(2, 1, 2), 98, 'right'],
  ['deque of Chase and Lev, 3 items, a thief', () => deque(3, 1), 29, 'right'],
  ['deque of Chase and Lev, 2 items, 2 thieves', () => deque(2, 2), 252, 'right'],
  ["Lamport's queue, 3 items, 2 places", () => ring(3, 2, 1), 20, 'right'],
];

const {
  boundedBuffer,
  doubleChecked,
  lazy,
  readersWriters,
  reorder,
  sigma,
  sleepingBarber,
  smokers,
  tokenRing,
  twoStage,
  wrongLock,
} = classical;

/** Beside the rest, n! traces of n sections under one lock, and (n + 1)!² of reorder. */
const CLASSICAL: readonly Row[] = [
  ['bounded buffer, 2 and 2, 1 place', () => boundedBuffer(2, 2, 1), 56, 'right'],
  ['bounded buffer, 2 and 2, 2 places', () => boundedBuffer(2, 2, 2), 48, 'right'],
  ['bounded buffer with one condition', () => boundedBuffer(2, 2, 1, true), 60, 'stuck'],
  ['readers and writers, 2 and 2', () => readersWriters(2, 2), 48, 'right'],
  ['readers and writers, 3 and 1', () => readersWriters(3, 1), 216, 'right'],
  ['sleeping barber, a chair each', () => sleepingBarber(2, 2), 40, 'right'],
  ['sleeping barber, who waits for those who left', () => sleepingBarber(3, 1), 234, 'stuck'],
  ['smokers', () => smokers(2), 3, 'stuck'],
  ['double-checked locking', () => doubleChecked(3, false), 15, 'right'],
  ['double-checked locking, flag first', () => doubleChecked(3, true), 30, 'wrong'],
  ['lazy(4)', () => lazy(4), 24, 'wrong'],
  ['lazy(5)', () => lazy(5), 120, 'wrong'],
  ['reorder(2)', () => reorder(2), 36, 'wrong'],
  ['reorder(3)', () => reorder(3), 576, 'wrong'],
  ['twostage(2)', () => twoStage(2), 40, 'wrong'],
  ['wronglock(2)', () => wrongLock(2), 34, 'wrong'],
  ['sigma(1)', () => sigma(1), 2, 'right'],
  ['sigma(3)', () => sigma(3), 120, 'wrong'],
  ['token ring', () => tokenRing(), 24, 'wrong'],
];

describe.each([
  ['made of atomic operations', LOCK_FREE],
  ['that textbooks set', CLASSICAL],
])('of programs %s', (_, rows) => {
  it.each(rows)('%s: dpor finds what brute force finds', (_name, make, traces, end) => {
    const truth = enumerate(make());
    expect(truth.traces.size).toBe(traces);
    const isWrong = [...truth.finals].some((final) => /wrong=[^0]/.test(final));
    expect([isWrong, truth.deadlocks.size > 0]).toEqual([end === 'wrong', end === 'stuck']);
    const dpor = new Dpor();
    const { keys, finals, deadlocks } = explore(make(), dpor);
    expect([...keys].sort()).toEqual([...truth.traces.keys()].sort());
    expect([finals, deadlocks, dpor.redundant]).toEqual([truth.finals, truth.deadlocks, 0]);
    const bounded = new Dfs({ preemptions: 1, merges: true });
    expect(new Set(explore(make(), bounded).keys)).toEqual(tracesWithin(truth, 1));
  });
});

it.each([
  ["Lamport's fast lock of 3", () => lamportFast(3), 2558],
  ['reorder(4)', () => reorder(4), 14_400],
  ['bounded buffer with one condition, 3 and 3', () => boundedBuffer(3, 3, 1, true), 11_700],
  ['sleeping barber, 3 customers, 2 chairs', () => sleepingBarber(3, 2), 3876],
])('%s: %i executions of dpor, none of them in vain', (_name, make, traces) => {
  const { program } = make();
  const dpor = new Dpor();
  do {
    dpor.begin(0, program.lanes.length);
    program.run(dpor);
  } while (dpor.next());
  expect([dpor.traces, dpor.redundant]).toEqual([traces, 0]);
});
