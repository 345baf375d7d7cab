import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Dfs } from '../scheduler/search/dfs.ts';
import { Dpor } from '../scheduler/search/dpor.ts';
import { enumerate, TooMany, type Truth, tracesWithin } from './truth/enumerate.ts';
import { explore } from './truth/explored.ts';
import { builtWide, type Wide, wideBlockingPrograms, widePrograms } from './truth/wide.ts';

/** Programs that cost brute force more are passed over. */
const PREFIXES_MAX = 500;

function truthOf(source: Wide): Truth {
  try {
    return enumerate(builtWide(source), { prefixesMax: PREFIXES_MAX });
  } catch (error) {
    fc.pre(!(error instanceof TooMany));
    throw error;
  }
}

describe.each([
  ['loops, indices and retries that hang on what was read', widePrograms],
  ['semaphores, conditions and mutexes that are never let go', wideBlockingPrograms],
])('of any program with %s', (_name, programs) => {
  it('dpor explores each trace once', () => {
    fc.assert(
      fc.property(programs, (source) => {
        const truth = truthOf(source);
        const dpor = new Dpor();
        const explored = explore(builtWide(source), dpor);
        expect([...explored.keys].sort()).toEqual([...truth.traces.keys()].sort());
        expect(explored.finals).toEqual(truth.finals);
        expect(explored.deadlocks).toEqual(truth.deadlocks);
        expect([dpor.traces, dpor.redundant]).toEqual([truth.traces.size, 0]);
      }),
      { numRuns: 40 },
    );
  });

  it('a search with a bound explores each trace within it once', () => {
    fc.assert(
      fc.property(programs, fc.nat({ max: 3 }), (source, preemptions) => {
        const within = tracesWithin(truthOf(source), preemptions);
        const dfs = new Dfs({ preemptions, merges: true });
        expect(new Set(explore(builtWide(source), dfs).keys)).toEqual(within);
        expect(dfs.traces).toBe(within.size);
      }),
      { numRuns: 25 },
    );
  });
});
