import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Segments } from '../scheduler/strategies/segments.ts';
import { Stage } from '../src/stage/stage.ts';
import { CELLS, codesOf, loopPrograms, PIECES, type Source, subjectOf } from './loops/generated.ts';
import { walk } from './loops/oracle.ts';

/*
 * The oracle follows another text than the searches run: here both take the same way, and come to
 * the same end.
 */

/** Takes a random way through the oracle's text, and the same through the JavaScript. */
function agrees(source: Source, seed: number): void {
  let state = seed;
  const { lanes, final } = walk(
    codesOf(source),
    CELLS,
    (able) => {
      state = (state * 1103515245 + 12345) & 0x7fffffff;
      return able[(state >> 8) % able.length] as number;
    },
    1000,
  );
  const stage = new Stage(subjectOf(source));
  stage.watch({ detectors: [] });
  const starts = source.threads.map((_, lane) => ({ lane, steps: 1 }));
  const steps = lanes.map((lane) => ({ lane, steps: 1 }));
  const { ending } = stage.execute(new Segments([...starts, ...steps]), 0);
  if (final === undefined) return;
  expect(ending).toBe('halted');
  expect(stage.machine.step).toBe(lanes.length + starts.length);
  expect(stage.outcome()).toBe(final);
}

describe('the oracle and the program come to the same', () => {
  it.each([...PIECES.keys()])('in %s, beside a thread that stores', (piece) => {
    for (const [v, n] of [
      [1, 3],
      [2, 5],
    ] as const) {
      const use = { a: 0, b: 1, n, v, reader: 'load' };
      const others = ['load', 'tick', 'publish', 'clear'].map((each) => ({ ...use, piece: each }));
      const threads = [[{ ...use, piece }], others.slice(1, 3), [others[3] as (typeof others)[0]]];
      for (let seed = 1; seed <= 20; seed++)
        agrees({ isListed: false, stepsMax: 1000, threads }, seed);
    }
  });

  it('in any program', () => {
    fc.assert(fc.property(loopPrograms, fc.integer({ min: 1, max: 1 << 20 }), agrees), {
      numRuns: 300,
    });
  });
});
