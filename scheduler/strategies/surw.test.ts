import { describe, expect, it } from 'vitest';
import { BareProgram } from '../../machine/bare.ts';
import { chiSquared } from '../../property-tests/chi-squared.ts';
import { Profiler } from '../profile.ts';
import { STRATEGIES } from '../strategies.ts';
import type { Strategy } from '../strategy.ts';
import { SelectiveWalk } from './surw.ts';

/** Two threads add to x, with other work between; an execution is the word of who adds when. */
class Adders {
  readonly program: BareProgram;
  word = '';

  /** @param shape additions of each thread, and the stores of its own before each of them */
  constructor(...shape: readonly (readonly [adds: number, stores: number])[]) {
    const self = this;
    this.program = new BareProgram(({ cell, thread }) => {
      const x = cell('x');
      for (const [i, [adds, stores]] of shape.entries()) {
        const own = cell(`of ${i}`);
        thread(`${i}`, function* () {
          for (let n = 0; n < adds; n++) {
            for (let k = 0; k < stores; k++) own.store(k) ?? (yield);
            x.fetchAdd(1) ?? (yield);
            self.word += i;
          }
        });
      }
    });
  }

  /** How often each word comes. */
  words(strategy: Strategy, executions: number): number[] {
    const counts = new Map<string, number>();
    for (let seed = 0; seed < executions; seed++) {
      this.word = '';
      strategy.begin(seed, this.program.lanes.length);
      this.program.run(strategy);
      counts.set(this.word, (counts.get(this.word) ?? 0) + 1);
    }
    return [...counts.values()];
  }

  profiled(): Strategy {
    const profiler = new Profiler();
    profiler.begin(1, this.program.lanes.length);
    this.program.run(profiler);
    return STRATEGIES.get('surw')?.profiled?.(profiler.profile())[0] as Strategy;
  }
}

describe('surw', () => {
  // 5!/(3!·2!) = 10 orders; the 99.9 % quantile of chi-squared with 9 degrees of freedom. What lies
  // between the additions is uneven on purpose.
  it('makes each order of the selected operations with equal probability', () => {
    const adders = new Adders([3, 15], [2, 1]);
    const counts = adders.words(adders.profiled(), 3000);
    expect(counts).toHaveLength(10);
    expect(chiSquared(counts, 10)).toBeLessThan(27.9);
  });

  it('does not when it is told other counts', () => {
    const adders = new Adders([3, 15], [2, 1]);
    expect(chiSquared(adders.words(new SelectiveWalk(1, 1), 3000), 10)).toBeGreaterThan(100);
  });

  it('goes on when the intended thread waits for one that is held', () => {
    const program = new BareProgram(({ cell, thread }) => {
      const [x, flag] = [cell('x'), cell('flag')];
      thread('waits', function* () {
        while ((flag.load() ?? (yield)) === 0);
        x.fetchAdd(1) ?? (yield);
      });
      thread('first', function* () {
        x.fetchAdd(1) ?? (yield);
        flag.store(1) ?? (yield);
      });
    });
    const strategy = new SelectiveWalk(1, 1);
    for (let seed = 0; seed < 100; seed++) {
      strategy.begin(seed, 2);
      expect(program.run(strategy)).toBe('halted');
    }
  });

  it('is made of a profile by its name', () => {
    const adders = new Adders([3, 15], [2, 1], [1, 0]);
    expect(adders.profiled().name).toBe('surw:1,3,2,1');
  });
});
