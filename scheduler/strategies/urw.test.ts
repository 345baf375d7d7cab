import { describe, expect, it } from 'vitest';
import { BareProgram } from '../../machine/bare.ts';
import { chiSquared } from '../../property-tests/chi-squared.ts';
import { UniformWalk } from './urw.ts';

/** Two threads that never wait; each execution is the word of who did what, starts included. */
function twoThreads(n: number, m: number): { program: BareProgram; word: () => string } {
  let word = '';
  const program = new BareProgram(({ cell, thread }) => {
    for (const [name, stores] of [
      ['a', n - 1],
      ['b', m - 1],
    ] as const) {
      const own = cell(`of ${name}`);
      thread(name, function* () {
        word += name;
        for (let i = 0; i < stores; i++) {
          own.store(i) ?? (yield);
          word += name;
        }
      });
    }
  });
  return {
    program,
    word: () => {
      const whole = word;
      word = '';
      return whole;
    },
  };
}

function interleavings(strategy: UniformWalk, n: number, m: number, executions: number): number[] {
  const { program, word } = twoThreads(n, m);
  const counts = new Map<string, number>();
  for (let seed = 0; seed < executions; seed++) {
    strategy.begin(seed, 2);
    program.run(strategy);
    const one = word();
    counts.set(one, (counts.get(one) ?? 0) + 1);
  }
  return [...counts.values()];
}

describe('urw', () => {
  // 7!/(5!·2!) = 21 and 8!/(4!·4!) = 70 interleavings; the 99.9 % quantiles of chi-squared with 20 and
  // 69 degrees of freedom.
  it('makes each interleaving of two threads with equal probability', () => {
    const uneven = interleavings(new UniformWalk(5, 2), 5, 2, 4200);
    expect(uneven).toHaveLength(21);
    expect(chiSquared(uneven, 21)).toBeLessThan(45.3);
    const even = interleavings(new UniformWalk(4, 4), 4, 4, 7000);
    expect(even).toHaveLength(70);
    expect(chiSquared(even, 70)).toBeLessThan(111.1);
  });

  it('does not when the counts are wrong', () => {
    const counts = interleavings(new UniformWalk(), 5, 2, 4200);
    expect(chiSquared(counts, 21)).toBeGreaterThan(500);
  });

  it('tells its counts in its name, as a trace keeps them', () => {
    expect(new UniformWalk(40, 40, 25).name).toBe('urw:40,40,25');
    expect(new UniformWalk().name).toBe('urw');
  });
});
