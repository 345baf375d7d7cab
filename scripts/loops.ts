/**
 * npm run loops -- [--programs 20000] [--seed 1] [--max-time 0] [--show 10]
 *
 * Makes random programs whose threads wait in loops, explores each with every search, and compares
 * what the search says with a brute-force enumeration of the program's states. Prints how many claims
 * were made, and exits with 1 where one is wrong, after the smallest programs that show it.
 */
import { parseArgs } from 'node:util';
import fc from 'fast-check';
import { loopPrograms, type Source, textOf } from '../property-tests/loops/generated.ts';
import { judge, oracleOf, SEARCHES, searchText } from '../property-tests/loops/judge.ts';

const { values } = parseArgs({
  options: {
    programs: { type: 'string', default: '20000' },
    seed: { type: 'string', default: '1' },
    'max-time': { type: 'string', default: '0' },
    show: { type: 'string', default: '10' },
  },
});

function count(text: string, name: string): number {
  const value = Number(text);
  if (text !== '' && Number.isSafeInteger(value) && value >= 0) return value;
  console.error(`--${name} is a whole number, not ${text}`);
  process.exit(2);
}

const programs = count(values.programs, 'programs');
const secondsMax = count(values['max-time'], 'max-time');
const shown = count(values.show, 'show');
const start = performance.now();
const BATCH = 500;

interface Tally {
  complete: number;
  incomplete: number;
  cut: number;
  hangs: number;
  wrong: number;
}

/** A claim that is not so. */
interface Falsehood {
  readonly source: Source;
  readonly search: string;
  readonly wrong: readonly string[];
}

const tallies = new Map<string, Tally>(
  SEARCHES.map((search) => [
    searchText(search),
    { complete: 0, incomplete: 0, cut: 0, hangs: 0, wrong: 0 },
  ]),
);
const falsehoods: Falsehood[] = [];
let judged = 0;
let tooLarge = 0;
let endless = 0;

function take(source: Source): void {
  const oracle = oracleOf(source);
  if (oracle === undefined) {
    tooLarge++;
    return;
  }
  judged++;
  const canHang = oracle.hangs < Number.POSITIVE_INFINITY;
  if (canHang) endless++;
  for (const [i, each] of SEARCHES.entries()) {
    // Hangs take the time of all else: two searches of each have to do.
    if (canHang && i > 0 && i !== 1 + (judged % (SEARCHES.length - 1))) continue;
    const search = searchText(each);
    const tally = tallies.get(search) as Tally;
    const { claim, hangs, wrong } = judge(source, oracle, each);
    tally[claim]++;
    if (hangs) tally.hangs++;
    if (wrong.length === 0) continue;
    tally.wrong++;
    falsehoods.push({ source, search, wrong });
  }
}

const seconds = (): number => (performance.now() - start) / 1000;

for (let batch = 0; judged < programs; batch++) {
  const seed = count(values.seed, 'seed') + batch;
  for (const source of fc.sample(loopPrograms, { numRuns: BATCH, seed })) {
    if (judged < programs) take(source);
  }
  console.log(`${judged} of ${programs} programs in ${seconds().toFixed(0)} s`);
  if (secondsMax > 0 && seconds() > secondsMax) break;
}

console.log(`${judged} programs, ${endless} of which can hang; ${tooLarge} were too large`);
console.table(Object.fromEntries(tallies));
const size = ({ source }: Falsehood): number => JSON.stringify(source).length;
for (const each of falsehoods.sort((a, b) => size(a) - size(b)).slice(0, shown)) {
  console.log(`${each.search}: ${textOf(each.source)}`);
  for (const line of each.wrong.slice(0, 4)) console.log(`  ${line}`);
}
if (falsehoods.length > 0) {
  console.log(`wrong: ${falsehoods.length} claims`);
  process.exitCode = 1;
} else {
  console.log('no claim was wrong');
}
