/**
 * Pearson's statistic of counts that should be equal: over many samples it is distributed as
 * chi-squared with cells − 1 degrees of freedom.
 *
 * @param counts of the cells that were hit
 * @param cells all there are
 */
export function chiSquared(counts: readonly number[], cells: number): number {
  const expected = counts.reduce((sum, count) => sum + count, 0) / cells;
  const seen = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
  return seen + (cells - counts.length) * expected;
}
