import { describe, expect, it } from 'vitest';
import { race } from '../../property-tests/bare-programs.ts';
import { RandomWalk } from './random.ts';

/** How often each ending of a race comes up under as many seeds. */
function outcomes(locked: boolean, seeds: number): Map<string, number> {
  const told = race(locked);
  const strategy = new RandomWalk();
  const counts = new Map<string, number>();
  for (let seed = 0; seed < seeds; seed++) {
    strategy.begin(seed, told.lanes);
    const { log, ending } = told.run(strategy);
    const last = log.filter((line) => line.includes('stores')).at(-1) as string;
    const value = `${ending} ${last.split(' ').at(-1)}`;
    counts.set(value, (counts.get(value) ?? 0) + 1);
  }
  return counts;
}

describe('a random walk', () => {
  it('finds the outcomes 6, 10, 11 and 12 of the race of +1 and *2, and no other', () => {
    expect([...outcomes(false, 200).keys()].sort()).toEqual(
      ['halted 10', 'halted 11', 'halted 12', 'halted 6'].sort(),
    );
  });

  it('finds 11 and 12 alone when a mutex is held', () => {
    expect([...outcomes(true, 200).keys()].sort()).toEqual(['halted 11', 'halted 12']);
  });
});
