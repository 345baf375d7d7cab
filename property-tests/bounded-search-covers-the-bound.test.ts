import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Dfs } from '../scheduler/search/dfs.ts';
import { enumerate, tracesWithin } from './truth/enumerate.ts';
import { explore } from './truth/explored.ts';
import { built, decidingPrograms, lockingPrograms, waitingPrograms } from './truth/generated.ts';
import { cas, load, program, store } from './truth/statements.ts';

describe.each([
  ['cells and locks', lockingPrograms],
  ['branches on what was read', decidingPrograms],
  ['semaphores and conditions', waitingPrograms],
])('of any small program with %s', (_name, programs) => {
  it.each([
    ['merges', true],
    ['does not merge', false],
  ])('a search that %s covers exactly the traces within its bound', (_how, merges) => {
    fc.assert(
      fc.property(programs, fc.nat({ max: 3 }), (source, preemptions) => {
        const truth = enumerate(built(source));
        fc.pre(merges || truth.executions <= 1_000n);
        const within = tracesWithin(truth, preemptions);
        const dfs = new Dfs({ preemptions, merges });
        const explored = explore(built(source), dfs);
        expect(new Set(explored.keys)).toEqual(within);
        if (merges) expect(dfs.traces).toBe(within.size);
      }),
      { numRuns: 80 },
    );
  });
});

// What was found wrong once, shrunk.
describe('a search that merges, with two preemptions, covers', () => {
  it.each([
    [
      'a compareExchange three times',
      11,
      program([store(1), load], [cas(0, 1), cas(0, 0), cas(0, 0)], [cas(0, 0)]),
    ],
    [
      'a store that is undone',
      43,
      program([store(1), store(0)], [load], [store(0), load, cas(0, 0)]),
    ],
  ])('%s: %i traces', (_name, traces, source) => {
    const within = tracesWithin(enumerate(built(source)), 2);
    expect(within.size).toBe(traces);
    const { keys } = explore(built(source), new Dfs({ preemptions: 2, merges: true }));
    expect(new Set(keys)).toEqual(within);
  });
});
