import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Dpor } from '../scheduler/search/dpor.ts';
import { enumerate } from './truth/enumerate.ts';
import { explore } from './truth/explored.ts';
import {
  built,
  decidingPrograms,
  lockingPrograms,
  type Source,
  type Statement,
  waitingPrograms,
} from './truth/generated.ts';
import { litmus } from './truth/litmus.ts';
import {
  cas,
  condWait,
  load,
  lock,
  other,
  post,
  program,
  signal,
  store,
  wait,
  when,
} from './truth/statements.ts';

/** Every trace, none twice, and the counts that the search reports are of what it did. */
function agrees(source: Source): void {
  const truth = enumerate(built(source));
  const dpor = new Dpor();
  const explored = explore(built(source), dpor);
  expect([...explored.keys].sort()).toEqual([...truth.traces.keys()].sort());
  expect(explored.finals).toEqual(truth.finals);
  expect(explored.deadlocks).toEqual(truth.deadlocks);
  expect(dpor.traces).toBe(truth.traces.size);
  expect(dpor.redundant).toBe(explored.stopped);
  expect(dpor.redundant).toBe(0);
}

describe('dpor explores each trace once, and nothing else', () => {
  it.each([
    ['cells and locks', lockingPrograms],
    ['branches on what was read', decidingPrograms],
    ['semaphores and conditions', waitingPrograms],
  ])('of any small program with %s', (_name, programs) => {
    fc.assert(fc.property(programs, agrees), { numRuns: 250 });
  });
});

// What was found wrong once, shrunk.

const regressions: [name: string, traces: number, ...threads: Statement[][]][] = [
  ['succeeds once it is reversed', 13, [cas(0, 1)], [cas(1, 0)], [load], [load]],
  ['writes what it expects', 19, [store(1)], [load], [cas(0, 0)], [cas(1, 0)]],
  ['is expected by another', 19, [cas(0, 2)], [load], [cas(0, 0)], [cas(2, 0)]],
  ['is followed by a store', 9, [cas(0, 2)], [load], [cas(2, 0), store(1)]],
  ['is between two stores', 49, [cas(1, 0)], [load], [store(0), store(1)], [cas(0, 0)]],
];

/** Over two cells: the reversal of one race depends on the order of another, which is behind it. */
const settledLater: [name: string, traces: number, ...threads: Statement[][]][] = [
  [
    'decides whether another cell is read',
    10,
    [store(0)],
    [load],
    [other(store(2)), other(load)],
    [other(cas(2, 0)), when(2, [load])],
  ],
  [
    'decides what is read beside two others',
    12,
    [cas(0, 2)],
    [cas(1, 2)],
    [other(store(2)), other(store(1))],
    [other(cas(0, 0)), when(2, [load], [other(cas(0, 0))])],
  ],
];

const waits: [name: string, traces: number, ...threads: Statement[][]][] = [
  ['a lock that waits beside a load', 4, [lock()], [lock(store(0))], [load]],
  ['a lock that waits for a waiter', 4, [lock()], [lock(wait, wait)], [post]],
  ['a lock that waits beside a condition', 5, [condWait], [lock()], [signal]],
  ['a wait that may be for ever', 3, [wait, store(0), post], [wait], [store(0)]],
  ['a lock that is never let go', 3, [lock(store(0))], [lock(lock())], [store(0)]],
];

/** The reversal of a race is planned for, and below the plan a step that sleeps hides it. */
const hidden: [text: string, traces: number][] = [
  ['Rx || Wy0 || Wx0 || Ry Wy0 || Rz Rx', 12],
  ['Rx || Wy0 || Wx0 || Wy0 Ry || Rz Rx', 12],
];

describe('dpor explores each trace of', () => {
  it.each(hidden)('%s: %i', (text, traces) => {
    const truth = [...enumerate(litmus(text)).traces.keys()].sort();
    expect(truth.length).toBe(traces);
    expect([...explore(litmus(text), new Dpor()).keys].sort()).toEqual(truth);
  });

  it.each(regressions)('a compareExchange that %s: %i', (_name, traces, ...threads) => {
    agrees(program(...threads));
    expect(enumerate(built(program(...threads))).traces.size).toBe(traces);
  });

  it.each(settledLater)('a compareExchange that %s: %i', (_name, traces, ...threads) => {
    agrees(program(...threads));
    expect(enumerate(built(program(...threads))).traces.size).toBe(traces);
  });

  it.each(waits)('%s: %i', (_name, traces, ...threads) => {
    agrees(program(...threads));
    expect(enumerate(built(program(...threads))).traces.size).toBe(traces);
  });
});
