import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { DetectorKind } from '../detectors/detector.ts';
import { race, raceWithClocks } from '../detectors/race.ts';
import { BareProgram, type Parts } from '../machine/bare.ts';
import type { Code } from '../machine/index.ts';
import { RandomWalk } from '../scheduler/strategies/random.ts';
import { execute, watch } from '../src/stage/execution.ts';

/** What a thread does again and again: takes a lock and uses a cell, or uses it without. */
interface Round {
  readonly lock: number;
  readonly cell: number;
  readonly stores: boolean;
}

const round: fc.Arbitrary<Round> = fc.record({
  lock: fc.integer({ min: 0, max: 1 }),
  cell: fc.integer({ min: 0, max: 2 }),
  stores: fc.boolean(),
});

/** Rounds of two or three threads; cell 2 is used without a lock, in the last of so many rounds. */
const threads = fc.array(fc.array(round, { minLength: 2, maxLength: 5 }), {
  minLength: 2,
  maxLength: 3,
});

function programOf(all: readonly (readonly Round[])[], rounds: number): BareProgram {
  const build = ({ cell, mutex, thread }: Parts): void => {
    const cells = [cell('x'), cell('y'), cell('late')];
    const locks = [mutex('m'), mutex('n')];
    for (const [i, mine] of all.entries()) {
      thread(`t${i}`, function* (): Code<void> {
        for (let n = 0; n < rounds; n++) {
          const { lock, cell: at, stores } = mine[n % mine.length] as Round;
          const [x, m] = [cells[at], locks[at === 2 ? lock : at]];
          if (x === undefined || m === undefined) continue;
          m.lock() ?? (yield);
          if (at !== 2 && stores) x.store(n) ?? (yield);
          else if (at !== 2) x.load() ?? (yield);
          m.unlock() ?? (yield);
          if (at === 2 && n > rounds - 6) {
            if (stores) x.store(n) ?? (yield);
            else x.load() ?? (yield);
          }
        }
      });
    }
  };
  return new BareProgram(build, { stepsMax: 100_000 });
}

function foundBy(kind: DetectorKind, program: BareProgram, seed: number): string {
  watch(program, null, false, [kind]);
  const { finding } = execute(program, new RandomWalk(), seed);
  return finding === undefined ? 'nothing' : `${finding.title} at ${finding.step}`;
}

it('a race is found just the same when clocks are renumbered again and again', () => {
  const seen = { race: 0, nothing: 0 };
  fc.assert(
    fc.property(threads, fc.nat({ max: 999 }), (all, seed) => {
      const program = programOf(all, 200);
      const expected = foundBy(race, program, seed);
      expect(foundBy(raceWithClocks(40), program, seed)).toBe(expected);
      seen[expected === 'nothing' ? 'nothing' : 'race']++;
    }),
    { numRuns: 200 },
  );
  expect(seen.race).toBeGreaterThan(20);
  expect(seen.nothing).toBeGreaterThan(20);
});
