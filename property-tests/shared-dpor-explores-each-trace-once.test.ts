import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Dpor } from '../scheduler/search/dpor.ts';
import { DporParts } from '../scheduler/search/dpor-parts.ts';
import { Part } from '../scheduler/search/part.ts';
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
import type { Model } from './truth/model.ts';
import { SMALL } from './truth/published.ts';
import { Relay } from './truth/relay.ts';

/** The next few executions of a search. */
class Slice extends Relay {
  /** Whether there are none after them. */
  isOver = false;
  private left: number;

  constructor(search: Dpor, executions: number) {
    super(() => search);
    this.left = executions;
  }

  override next(): boolean {
    this.left--;
    this.isOver = !this.search.next();
    return !this.isOver && this.left > 0;
  }
}

/** The keys of all complete executions, gone on with in slices, `most` parts at a time. */
function shared(make: () => Model, most: number, slice: number): string[] {
  const keys: string[] = [];
  let division = new DporParts();
  while (!division.isComplete) {
    const results = division.tasks(most).map((task) => {
      const dpor = new Dpor();
      const part = new Part(dpor, structuredClone(task));
      const run = new Slice(dpor, slice);
      keys.push(...explore(make(), run).keys);
      return part.end(run.isOver);
    });
    division.take(results);
    expect(division.estimate >= division.traces || Number.isNaN(division.estimate)).toBe(true);
    const state = structuredClone(division.save());
    division = new DporParts();
    division.restore(state);
  }
  expect([division.traces, division.estimate]).toEqual([keys.length, keys.length]);
  return keys.sort();
}

const exchange = (cell: number, expected: number, desired: number): Statement => ({
  do: 'compareExchange',
  cell,
  expected,
  desired,
});
const onlyIf = (equals: number, ...otherwise: Statement[]): Statement => ({
  do: 'if',
  equals,
  body: [],
  otherwise,
});

/** Two traces were lost once. */
const LOST: Source = {
  cells: 2,
  threads: [
    [exchange(0, 0, 0), onlyIf(1, exchange(0, 0, 0)), onlyIf(0, exchange(3, 0, 0))],
    [{ do: 'store', cell: 1, value: 0, relative: false }],
    [exchange(0, 1, 0)],
    [exchange(0, 0, 1), exchange(0, 1, 1)],
  ],
};

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

  it('of a program in which a branch finished while one before it was explored elsewhere', () => {
    const truth = enumerate(built(LOST));
    const keys = shared(() => built(LOST), 2, 1);
    expect(keys).toEqual([...truth.traces.keys()].sort());
  });

  it.each(SMALL)('of $name: $traces', ({ make, traces }) => {
    const keys = shared(make, 3, 5);
    expect([keys.length, new Set(keys).size]).toEqual([traces, traces]);
  });
});
