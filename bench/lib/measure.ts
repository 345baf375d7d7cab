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
