import fc from 'fast-check';
import { expect, it } from 'vitest';
import { loopPrograms } from './loops/generated.ts';
import { judge, oracleOf, SEARCHES, searchText } from './loops/judge.ts';

/*
 * A loop that waits is proven to repeat its state, or followed, or the search says that it was not:
 * whatever claims to be complete has seen all ends and all hangs. `npm run loops` does the same for
 * programs by the ten thousand.
 */

it.each(SEARCHES.map((search) => [searchText(search), search] as const))(
  '%s claims nothing false of programs with loops',
  (_name, search) => {
    fc.assert(
      fc.property(loopPrograms, (source) => {
        const oracle = oracleOf(source);
        if (oracle === undefined) return;
        expect(judge(source, oracle, search).wrong).toEqual([]);
      }),
      { numRuns: 8, seed: 10 },
    );
  },
);
