/** How often `body` runs in a second, measured over at least `milliseconds`. */
export function rate(milliseconds: number, body: () => void): number {
  const start = performance.now();
  let count = 0;
  let batch = 1;
  for (;;) {
    for (let i = 0; i < batch; i++) body();
    count += batch;
    const elapsed = performance.now() - start;
    if (elapsed >= milliseconds) return (count / elapsed) * 1000;
    // Looking at the clock must not be what is measured.
    if (elapsed * 16 < milliseconds) batch *= 2;
  }
}

/** The middle one, the upper of the two in the middle of an even number. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? Number.NaN;
}

/**
 * What each measurement answers in each round, after one round that is thrown away. Round by round,
 * in an order that turns, so that a disturbance of the computer hits every measurement alike.
 */
export function interleave(rounds: number, measurements: readonly (() => number)[]): number[][] {
  const figures = measurements.map((): number[] => []);
  for (let round = -1; round < rounds; round++) {
    for (let i = 0; i < measurements.length; i++) {
      const at = (i + Math.max(round, 0)) % measurements.length;
      const figure = measurements[at]?.() ?? Number.NaN;
      if (round >= 0) figures[at]?.push(figure);
    }
  }
  return figures;
}

/** The median of what one measurement was to another in the same round. */
export function medianRatio(of: readonly number[], to: readonly number[]): number {
  return median(of.map((value, round) => value / (to[round] ?? Number.NaN)));
}
