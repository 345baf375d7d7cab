import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Dfs } from '../scheduler/search/dfs.ts';
import { enumerate } from './truth/enumerate.ts';
import { explore } from './truth/explored.ts';
import { built, decidingPrograms, lockingPrograms, waitingPrograms } from './truth/generated.ts';

const EXECUTIONS_MAX = 1_000n;

describe.each([
  ['cells and locks', lockingPrograms],
  ['branches on what was read', decidingPrograms],
  ['semaphores and conditions', waitingPrograms],
])('of any small program with %s', (_name, programs) => {
  it('dfs runs each interleaving of the operations once', () => {
    fc.assert(
      fc.property(programs, (source) => {
        const truth = enumerate(built(source));
        fc.pre(truth.executions <= EXECUTIONS_MAX);
        const dfs = new Dfs();
        const explored = explore(built(source), dfs);
        expect(new Set(explored.lanes.map((lanes) => lanes.join())).size).toBe(dfs.traces);
        expect(BigInt(dfs.traces)).toBe(truth.executions);
        expect(dfs.redundant).toBe(0);
        expect(new Set(explored.keys)).toEqual(new Set(truth.traces.keys()));
        expect(explored.finals).toEqual(truth.finals);
        expect(explored.deadlocks).toEqual(truth.deadlocks);
      }),
      { numRuns: 80 },
    );
  });

  it('dfs that merges sees each trace, and counts it once', () => {
    fc.assert(
      fc.property(programs, (source) => {
        const truth = enumerate(built(source));
        const dfs = new Dfs({ merges: true });
        const explored = explore(built(source), dfs);
        expect(new Set(explored.keys)).toEqual(new Set(truth.traces.keys()));
        expect(dfs.traces).toBe(truth.traces.size);
        expect(dfs.traces + dfs.redundant).toBe(explored.keys.length + explored.stopped);
        expect(explored.finals).toEqual(truth.finals);
        expect(explored.deadlocks).toEqual(truth.deadlocks);
      }),
      { numRuns: 80 },
    );
  });
});
