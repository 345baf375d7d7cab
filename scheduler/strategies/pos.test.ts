import { describe, expect, it } from 'vitest';
import { BareProgram } from '../../machine/bare.ts';
import type { Strategy } from '../strategy.ts';
import { Pos } from './pos.ts';
import { RandomWalk } from './random.ts';

const LENGTH = 20;

/** A thread with 20 stores, and one whose only store waits for many of them, or few. */
class Wait {
  /** Stores of the long thread before the short one started, and before its store. */
  started = 0;
  stored = 0;
  private done = 0;
  private readonly program: BareProgram;

  /** @param racing whether all stores are to one cell */
  constructor(racing: boolean) {
    const self = this;
    this.program = new BareProgram(({ cell, thread }) => {
      const x = cell('x');
      const own = cell('own');
      thread('long', function* () {
        for (; self.done < LENGTH; self.done++) (racing ? x : own).store(1) ?? (yield);
      });
      thread('short', function* () {
        self.started = self.done;
        x.store(2) ?? (yield);
        self.stored = self.done;
      });
    });
  }

  /** How many of so many executions do as asked. */
  count(strategy: Strategy, executions: number, asked: (self: this) => boolean): number {
    let count = 0;
    for (let seed = 0; seed < executions; seed++) {
      this.done = 0;
      strategy.begin(seed, 2);
      this.program.run(strategy);
      if (asked(this)) count++;
    }
    return count;
  }
}

describe('pos', () => {
  // It is enough that the short thread's start has the least of 22 priorities: 45 of 1,000, and
  // fewer than 27 with a chance below 0.3 %. A random walk decides against it 20 times: 2^-20.
  it('lets an operation wait for all others as often as its bound says; random never does', () => {
    const isLast = ({ stored }: Wait): boolean => stored === LENGTH;
    expect(new Wait(false).count(new Pos(), 1000, isLast)).toBeGreaterThanOrEqual(27);
    expect(new Wait(false).count(new RandomWalk(), 1000, isLast)).toBe(0);
  });

  // Announced before the first of the others, its store is the later of ten pairs that go either way,
  // 2^-10; where they do not race it has the least of eleven priorities, 1/11.
  it('draws anew for each operation that races with one done', () => {
    const waits = ({ started, stored }: Wait): boolean => started === 0 && stored >= 10;
    expect(new Wait(true).count(new Pos(), 5000, waits)).toBeLessThan(20);
    expect(new Wait(false).count(new Pos(), 5000, waits)).toBeGreaterThan(200);
  });
});
