import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PartResult } from '../scheduler/search/division.ts';
import { Dpor } from '../scheduler/search/dpor.ts';
import { Forest } from '../scheduler/search/forest.ts';
import type { SearchState } from '../scheduler/search/state.ts';
import { enumerate } from './truth/enumerate.ts';
import { explore } from './truth/explored.ts';
import { built, decidingPrograms, lockingPrograms, waitingPrograms } from './truth/generated.ts';
import type { Model } from './truth/model.ts';
import { SMALL } from './truth/published.ts';
import { Relay } from './truth/relay.ts';

/** The next few executions of a search. */
class Slice extends Relay {
  private left: number;

  constructor(search: Dpor, executions: number) {
    super(() => search);
    this.left = executions;
  }

  override next(): boolean {
    this.left--;
    return this.search.next() && this.left > 0;
  }
}

/** The keys of all complete executions, gone on with in slices, `most` parts at a time. */
function shared(make: () => Model, most: number, slice: number): string[] {
  const keys: string[] = [];
  let forest = new Forest();
  let parts = forest.next(most);
  while (parts.length > 0) {
    const results = parts.map((state): PartResult => {
      const dpor = new Dpor();
      dpor.restore(structuredClone(state));
      const explored = explore(make(), new Slice(dpor, slice));
      keys.push(...explored.keys);
      return { rest: [dpor.save()], left: Number.NaN, startsOver: false };
    });
    forest.take(results);
    forest = restored(structuredClone(forest.save()));
    parts = forest.next(most);
  }
  return keys.sort();
}

function restored(state: SearchState): Forest {
  const forest = new Forest();
  forest.restore(state);
  return forest;
}

describe('a dpor that is shared out explores each trace once', () => {
  it.each([
    ['cells and locks', lockingPrograms],
    ['branches on what was read', decidingPrograms],
    ['semaphores and conditions', waitingPrograms],
  ])('of any small program with %s', (_name, programs) => {
    // Found to lose traces were a step that sleeps, and is explored elsewhere, trusted as others are.
    const most = fc.integer({ min: 1, max: 4 });
    const slice = fc.integer({ min: 1, max: 8 });
    fc.assert(
      fc.property(programs, most, slice, (source, parts, executions) => {
        const truth = enumerate(built(source));
        const keys = shared(() => built(source), parts, executions);
        expect(keys).toEqual([...truth.traces.keys()].sort());
      }),
      { numRuns: 100 },
    );
  });

  it.each(SMALL)('of $name: $traces', ({ make, traces }) => {
    const keys = shared(make, 3, 5);
    expect([keys.length, new Set(keys).size]).toEqual([traces, traces]);
  });
});
