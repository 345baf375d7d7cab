import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { MemoryModel } from '../machine/store-buffers.ts';
import { Dfs } from '../scheduler/search/dfs.ts';
import { Dpor } from '../scheduler/search/dpor.ts';
import { exploreBuffered } from './truth/buffered.ts';
import {
  built,
  decidingPrograms,
  lockingPrograms,
  type Source,
  waitingPrograms,
} from './truth/generated.ts';
import { litmus } from './truth/litmus.ts';
import { weakOutcomes } from './truth/weak.ts';

/** Programs with more interleavings are passed over. */
const INTERLEAVINGS_MAX = 600;

/** Every trace, none twice; where traces are not told, every end. */
function agrees(source: Source, memory: MemoryModel, hasTraces: boolean): void {
  const truth = exploreBuffered(built(source, { memory }), new Dfs(), INTERLEAVINGS_MAX);
  fc.pre(truth !== undefined);
  const dpor = new Dpor();
  const found = exploreBuffered(built(source, { memory }), dpor, INTERLEAVINGS_MAX);
  expect(found?.ends).toEqual(truth?.ends);
  if (!hasTraces || found === undefined || truth === undefined) return;
  expect([...found.traces.keys()].sort()).toEqual([...truth.traces.keys()].sort());
  expect(dpor.traces).toBe(truth.traces.size);
  expect(dpor.redundant).toBe(0);
}

const models = ['tso', 'pso'] as const;

describe.each(models)('dpor explores each trace once, and nothing else, under %s', (memory) => {
  it.each([
    ['cells and locks', lockingPrograms, true],
    ['branches on what was read', decidingPrograms, true],
    ['semaphores and conditions', waitingPrograms, false],
  ])('of any small program with %s', (_name, programs, hasTraces) => {
    fc.assert(
      fc.property(programs, (source) => agrees(source, memory, hasTraces)),
      { numRuns: 25 },
    );
  });
});

/**
 * Traces under `tso` and `pso`. Where no thread loads what it has stored, as here, they are those of
 * Abdulla et al. (TACAS 2015): one for each way that loads read from stores and stores are ordered.
 */
const COUNTS: readonly [name: string, text: string, tso: number, pso: number][] = [
  ['SB', 'Wx1 Ry || Wy1 Rx', 4, 4],
  ['SB with fences', 'Wx1 F Ry || Wy1 F Rx', 3, 3],
  ['MP', 'Wx1 Wy1 || Ry Rx', 3, 4],
  ['MP with a fence', 'Wx1 F Wy1 || Ry Rx', 3, 3],
  ['LB', 'Rx Wy1 || Ry Wx1', 3, 3],
  ['2+2W', 'Wx2 Wy1 || Wy2 Wx1', 3, 4],
  ['R', 'Wx1 Wy1 || Wy2 Rx', 4, 4],
  ['S', 'Wx2 Wy1 || Ry Wx1', 3, 4],
  ['IRIW', 'Wx1 || Wy1 || Rx Ry || Ry Rx', 15, 15],
  ['SB of three', 'Wx1 Ry || Wy1 Rz || Wz1 Rx', 8, 8],
];

describe('dpor counts the traces of', () => {
  it.each(COUNTS)('%s (%s): %i and %i', (_name, text, ...counts) => {
    for (const [i, memory] of models.entries()) {
      const { program, outcome } = litmus(text, { memory });
      const dpor = new Dpor();
      const seen = new Set<string>();
      do {
        dpor.begin(0, program.machine.lanes);
        expect(program.run(dpor)).toBe('halted');
        seen.add(outcome());
      } while (dpor.next());
      expect(dpor.traces).toBe(counts[i]);
      expect(seen).toEqual(weakOutcomes(text, memory));
    }
  });
});
