import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { STRATEGIES } from '../scheduler/strategies.ts';
import { bareProgram } from './bare-generator.ts';

describe.each([...STRATEGIES])('the same seed under %s', (_name, kind) => {
  it('makes the same execution of any bare program', () => {
    fc.assert(
      fc.property(bareProgram, fc.maxSafeInteger(), fc.maxSafeInteger(), (told, seed, between) => {
        const strategy = kind.make();
        const run = (s: number) => {
          strategy.begin(s, told.lanes);
          return told.run(strategy);
        };
        const first = run(seed);
        run(between);
        expect(run(seed)).toEqual(first);
      }),
    );
  });
});
