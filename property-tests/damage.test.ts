import { expect, it } from 'vitest';
import { damageOnce, nothingSeen, samples } from './damage.ts';

it('a damaged trace of any kind is read, reported or refused in a line, and steers no terminal', async () => {
  const all = await samples();
  const seen = nothingSeen();
  for (let seed = 1; seed <= 120; seed++) damageOnce(all, seed, seen);
  expect(seen.refused + seen.damaged + seen.whole).toBe(120);
  // It saw what it is about, so it can fail; a divergence is rare.
  const { diverged: _, ...others } = seen;
  for (const times of Object.values(others)) expect(times).toBeGreaterThan(0);
});
