import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Dfs, type DfsOptions } from '../scheduler/search/dfs.ts';
import { DfsParts } from '../scheduler/search/dfs-parts.ts';
import type { PartResult, PartTask } from '../scheduler/search/division.ts';
import { Part } from '../scheduler/search/part.ts';
import { sourceProver as prover } from '../src/loops/source-prover.ts';
import { enumerate, tracesWithin } from './truth/enumerate.ts';
import { explore } from './truth/explored.ts';
import { built, decidingPrograms, lockingPrograms, waitingPrograms } from './truth/generated.ts';
import { type Model, model } from './truth/model.ts';
import { cas, program, store } from './truth/statements.ts';

/*
 * A merging search that is divided covers what it covers undivided, whatever a part does in a round,
 * and what it does, execution by execution, depends on no number of threads.
 *
 * Fails when a branch is lost where a part is divided. When Stretches.leave forgets to say what is not
 * known yet, one program in a thousand shows it; the one at the end always does.
 */

/** How a search is divided: executions of a part in a round, and parts in a round, at most. */
interface Division {
  readonly slice: number;
  readonly most: number;
}

const divisions: fc.Arbitrary<Division> = fc.record({
  slice: fc.integer({ min: 1, max: 12 }),
  most: fc.integer({ min: 1, max: 16 }),
});

/** Ends after some executions, whether there are more or not. */
class SlicedDfs extends Dfs {
  left = 0;
  isComplete = false;

  override next(): boolean {
    this.isComplete = !super.next();
    return !this.isComplete && --this.left > 0;
  }
}

interface Done {
  readonly result: PartResult;
  readonly keys: readonly string[];
  readonly finals: ReadonlySet<string>;
}

/** A guest and a search of its own, which know nothing but what they are sent. */
function threadOf(guest: Model, options: DfsOptions, slice: number): (task: PartTask) => Done {
  const dfs = new SlicedDfs(options);
  return (task) => {
    const part = new Part(dfs, structuredClone(task));
    dfs.left = slice;
    const { keys, finals } = explore(guest, dfs);
    return { result: structuredClone(part.end(dfs.isComplete)), keys, finals };
  };
}

/** Runs a search to its end, on so many threads; between rounds it is saved and made anew. */
function divided(
  make: () => Model,
  options: DfsOptions,
  { slice, most }: Division,
  threadCount: number,
) {
  const threads = Array.from({ length: threadCount }, () => threadOf(make(), options, slice));
  const keys: string[] = [];
  const finals = new Set<string>();
  let parts = new DfsParts(true);
  while (!parts.isComplete) {
    const round = parts.tasks(most).map((task, i) => (threads[i % threadCount] as Thread)(task));
    for (const done of round) {
      keys.push(...done.keys);
      for (const final of done.finals) finals.add(final);
    }
    parts.take(round.map(({ result }) => result));
    const saved = structuredClone(parts.save());
    parts = new DfsParts(true);
    parts.restore(saved);
  }
  return { keys, finals, traces: parts.traces, redundant: parts.redundant };
}

type Thread = ReturnType<typeof threadOf>;

describe.each([
  ['cells and locks', lockingPrograms],
  ['branches on what was read', decidingPrograms],
  ['semaphores and conditions', waitingPrograms],
])('of any small program with %s', (_name, programs) => {
  it('a divided search covers exactly the traces within its bound, and counts each once', () => {
    fc.assert(
      fc.property(programs, fc.nat({ max: 3 }), divisions, (source, preemptions, division) => {
        const make = (): Model => built(source);
        const within = tracesWithin(enumerate(make()), preemptions);
        const options = { preemptions, merges: true };
        const one = divided(make, options, division, 1);
        expect(new Set(one.keys)).toEqual(within);
        expect(one.traces).toBe(within.size);
        expect(divided(make, options, division, 2)).toEqual(one);
        expect(divided(make, options, division, 3)).toEqual(one);
      }),
      { numRuns: 80 },
    );
  });

  it('a divided search without a bound covers all traces, and counts each once', () => {
    fc.assert(
      fc.property(programs, divisions, (source, division) => {
        const make = (): Model => built(source);
        const all = new Set(enumerate(make()).traces.keys());
        const { keys, traces } = divided(make, { merges: true }, division, 2);
        expect(new Set(keys)).toEqual(all);
        expect(traces).toBe(all.size);
      }),
      { numRuns: 40 },
    );
  });
});

// Shrunk: a part that took preemptions for needless before the later ones were tried missed a trace.
it('a part does not rely on what the part before it has still to try', () => {
  const source = program([cas(0, 0)], [store(1), cas(0, 0), cas(0, 0)], [store(0)]);
  const within = tracesWithin(enumerate(built(source)), 1);
  const options = { preemptions: 1, merges: true };
  const { keys } = divided(() => built(source), options, { slice: 3, most: 8 }, 1);
  expect(new Set(keys)).toEqual(within);
});

/** Two threads that add one to a counter beneath a lock of exchange, and one that looks. */
function spinning(): Model {
  return model(({ cell, thread }) => {
    const [lock, counter] = [cell('lock'), cell('counter')];
    for (const name of ['p', 'q']) {
      thread(name, function* () {
        while ((lock.exchange(1) ?? (yield)) !== 0);
        const value = counter.load() ?? (yield);
        counter.store(value + 1) ?? (yield);
        lock.store(0) ?? (yield);
      });
    }
    thread('looker', function* (see) {
      see('counter', counter.load() ?? (yield));
    });
  });
}

describe('a divided search in which a spin loop comes to light', () => {
  it.each([1, 2, 5, 40])('starts over as a whole: slices of %i executions', (slice) => {
    const options = { preemptions: 2, merges: true, prover };
    const whole = new Dfs(options);
    const { finals } = explore(spinning(), whole);
    expect(whole.spinLoops).toHaveLength(1);
    const one = divided(spinning, options, { slice, most: 16 }, 1);
    expect(one.traces).toBe(whole.traces);
    expect([...finals].every((final) => one.finals.has(final))).toBe(true);
    expect(divided(spinning, options, { slice, most: 16 }, 3)).toEqual(one);
  });
});
