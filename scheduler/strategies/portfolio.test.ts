import { describe, expect, it } from 'vitest';
import { lockedCounter } from '../../property-tests/bare-programs.ts';
import { Profiler } from '../profile.ts';
import { makeStrategy, STRATEGIES } from '../strategies.ts';
import type { Strategy } from '../strategy.ts';
import { Portfolio } from './portfolio.ts';

const told = lockedCounter(3, 4);

function story(strategy: Strategy, seed: number): unknown {
  strategy.begin(seed, told.lanes);
  return told.run(strategy);
}

describe('portfolio', () => {
  it('makes the schedule that one of its strategies makes of the seed', () => {
    const portfolio = new Portfolio();
    const names = ['random', 'pct', 'pos', 'surw'];
    for (let seed = -8; seed < 40; seed++) {
      const name = names[((seed % 4) + 4) % 4] as string;
      expect(story(portfolio, seed)).toEqual(story(makeStrategy(name) as Strategy, seed));
    }
  });

  it('is made of a profile by strategies whose names make them again', () => {
    const profiler = new Profiler();
    story(profiler, 3);
    const strategies = STRATEGIES.get('portfolio')?.profiled?.(profiler.profile()) ?? [];
    const mutex = profiler.profile().shared[0];
    expect(mutex?.counts).toEqual([8, 8, 8]);
    expect(strategies.map(({ name }) => name)).toContain(`surw:${(mutex?.object ?? 0) + 1},8,8,8`);
    for (const [seed, strategy] of strategies.entries()) {
      const again = makeStrategy(strategy.name) as Strategy;
      expect(story(again, seed)).toEqual(story(strategy, seed));
    }
  });
});

describe('makeStrategy', () => {
  it('refuses options that are no positive whole numbers, or that nobody takes', () => {
    for (const text of [
      'urw:0',
      'urw:-1',
      'surw:1,x',
      'pos:3',
      'random:1',
      'portfolio:2',
      'urw:',
    ]) {
      expect(makeStrategy(text)).toBeUndefined();
    }
    expect(makeStrategy('urw:3,4')?.name).toBe('urw:3,4');
  });
});
