import { describe, expect, it } from 'vitest';
import { Prng } from './prng.ts';

function drawn(seed: number, count: number, bound: number): number[] {
  const prng = new Prng();
  prng.seed(seed);
  return Array.from({ length: count }, () => prng.below(bound));
}

describe('the generator', () => {
  it('gives the numbers that every release gives for a seed', () => {
    expect({
      0: drawn(0, 6, 1000),
      1: drawn(1, 6, 1000),
      42: drawn(42, 6, 1000),
      '-1': drawn(-1, 6, 1000),
      large: drawn(2 ** 40 + 1, 6, 1000),
    }).toMatchInlineSnapshot(`
      {
        "-1": [
          560,
          999,
          854,
          820,
          987,
          893,
        ],
        "0": [
          267,
          38,
          282,
          31,
          625,
          70,
        ],
        "1": [
          423,
          641,
          936,
          793,
          283,
          462,
        ],
        "42": [
          856,
          414,
          709,
          425,
          2,
          19,
        ],
        "large": [
          42,
          146,
          875,
          0,
          532,
          350,
        ],
      }
    `);
  });

  it('starts over with a seed', () => {
    const prng = new Prng();
    prng.seed(3);
    const first = [prng.bits(), prng.bits()];
    prng.seed(4);
    prng.bits();
    prng.seed(3);
    expect([prng.bits(), prng.bits()]).toEqual(first);
  });

  it('tells seeds apart that agree in their low 32 bits', () => {
    expect(drawn(7, 8, 2 ** 20)).not.toEqual(drawn(7 + 2 ** 32, 8, 2 ** 20));
  });

  it('refuses a seed that is no safe integer', () => {
    const prng = new Prng();
    for (const seed of [0.5, Number.NaN, 2 ** 53]) {
      expect(() => prng.seed(seed)).toThrow('a seed is a safe integer');
    }
  });

  it('draws each value below a bound about equally often, and no other', () => {
    for (const bound of [1, 2, 3, 7, 15, 64]) {
      const counts = new Map<number, number>();
      for (const value of drawn(bound, 6400, bound)) {
        counts.set(value, (counts.get(value) ?? 0) + 1);
      }
      expect([...counts.keys()].sort((a, b) => a - b)).toEqual(
        Array.from({ length: bound }, (_, i) => i),
      );
      const mean = 6400 / bound;
      // Six standard deviations; the seeds are fixed, so this cannot fail by chance.
      for (const count of counts.values()) {
        expect(Math.abs(count - mean)).toBeLessThanOrEqual(6 * Math.sqrt(mean));
      }
    }
  });
});
