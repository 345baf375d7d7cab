/**
 * npm run damage [-- COUNT [FROM]]
 *
 * Damages traces of six kinds in COUNT ways (10,000 unless told), from number FROM on, and does with
 * each what show, diff and replay do. Counts what became of them, and the longest time and the most
 * memory. Exits with 1 at the first that is neither read nor refused in a line; its number makes it again.
 */
import { performance } from 'node:perf_hooks';
import { damageOnce, nothingSeen, samples } from '../property-tests/damage.ts';

const [count = 10_000, from = 1] = process.argv.slice(2).map(Number);
const all = await samples();
const seen = nothingSeen();
let longest = { ms: 0, seed: 0 };
for (let seed = from; seed < from + count; seed++) {
  const began = performance.now();
  try {
    damageOnce(all, seed, seen);
  } catch (error) {
    console.error(`number ${seed}:`, error);
    process.exit(1);
  }
  const ms = performance.now() - began;
  if (ms > longest.ms) longest = { ms, seed };
}
const memory = Math.round(process.resourceUsage().maxRSS / 1024);
console.log(`${count} damaged traces:`, seen);
console.log(
  `longest: ${Math.round(longest.ms)} ms, number ${longest.seed}; memory: ${memory} MiB at most`,
);
