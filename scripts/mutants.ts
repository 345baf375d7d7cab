/**
 * npm run mutants -- [--seeds 20] [--executions 10000] [--strategy random] [--only name]
 *                    [--twin-executions 2000]
 *
 * For each mutant and each seed, executes its scenario until something is found, and its clean twin
 * as often, but 100 times at least and up to a cap. Prints who found it and how soon, as a Markdown table. Exits with 1 when a
 * mutant is missed in more than one of 20 seeds or found by a detector that is not expected, or when
 * anything is found in a twin.
 */
import { parseArgs } from 'node:util';
import type { Mutant, MutantName } from '../kernel/mutants.ts';
import { type Hunt, Hunter, mutantsNamed } from '../property-tests/hunt.ts';
import { STRATEGIES } from '../scheduler/strategies.ts';
import type { Strategy } from '../scheduler/strategy.ts';

/** Share of the seeds in which a mutant may be missed. */
const MISSES_ALLOWED = 1 / 20;
/** A mutant that shows at once says nothing about its twin. */
const TWIN_EXECUTIONS_MIN = 100;

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '20' },
    executions: { type: 'string', default: '10000' },
    'twin-executions': { type: 'string', default: '2000' },
    strategy: { type: 'string', default: 'random' },
    only: { type: 'string', default: '' },
  },
});

function refuse(message: string): never {
  console.error(message);
  process.exit(2);
}

function count(name: 'seeds' | 'executions' | 'twin-executions'): number {
  const value = Number(values[name]);
  if (Number.isSafeInteger(value) && value >= 1 && value <= 1_000_000) return value;
  return refuse(`--${name} is a whole number from 1 to 1000000, not ${values[name]}`);
}

const seeds = count('seeds');
const executionsMax = count('executions');
const twinExecutionsMax = count('twin-executions');
const kind = STRATEGIES.get(values.strategy);
if (kind === undefined)
  refuse(`no strategy ${values.strategy}: ${[...STRATEGIES.keys()].join(', ')}`);
const strategy: Strategy = kind.make();
const mutants = mutantsNamed(values.only);
if (mutants.length === 0) refuse(`no mutant's name contains "${values.only}"`);

const median = (sorted: readonly number[]): number => sorted[sorted.length >> 1] as number;

/** Who found it in how many seeds, the most frequent first. */
function tally(hunts: readonly Hunt[]): [string, number][] {
  const counts = new Map<string, number>();
  for (const { by = 'nobody' } of hunts) counts.set(by, (counts.get(by) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1]);
}

/** The twin's executions over the same seeds, in all, or what was found in them. */
function twin({ scenario, memory }: Mutant, hunts: readonly Hunt[]): number | string {
  const hunter = new Hunter(scenario, [], memory);
  let executions = 0;
  for (const [i, hunt] of hunts.entries()) {
    const least = Math.max(hunt.executions, TWIN_EXECUTIONS_MIN);
    const { by, title, ...so } = hunter.hunt(strategy, i + 1, Math.min(least, twinExecutionsMax));
    executions += so.executions;
    if (by !== undefined) return `${by}: ${title}`;
  }
  return executions;
}

/** Prints a mutant's row. Answers what is not as it should be. */
function row(name: MutantName, mutant: Mutant): string[] {
  const hunter = new Hunter(mutant.scenario, [name], mutant.memory);
  const start = performance.now();
  const hunts = Array.from({ length: seeds }, (_, i) =>
    hunter.hunt(strategy, i + 1, executionsMax),
  );
  const seconds = (performance.now() - start) / 1000;
  const all = hunts.reduce((sum, hunt) => sum + hunt.executions, 0);
  const found = tally(hunts);
  const silence = twin(mutant, hunts);
  const sorted = hunts.map(({ executions }) => executions).sort((a, b) => a - b);
  const by = found.map(([who, times]) => (times === seeds ? who : `${who} ${times}×`)).join(', ');
  const cells = [
    name,
    mutant.scenario,
    by,
    mutant.depth,
    median(sorted),
    sorted.at(-1),
    seconds.toFixed(2),
    Math.round(all / seconds),
    typeof silence === 'number' ? `silent in ${silence}` : `NOT SILENT: ${silence}`,
  ];
  console.log(`| ${cells.join(' | ')} |`);

  const faults: string[] = [];
  const missed = hunts.filter((hunt) => hunt.by === undefined).length;
  if (missed > seeds * MISSES_ALLOWED)
    faults.push(`${name}: missed in ${missed} of ${seeds} seeds`);
  for (const { by, title } of hunts) {
    if (by === undefined || mutant.detectors.includes(by)) continue;
    faults.push(`${name}: found by ${by}, which is not expected: ${title}`);
    break;
  }
  if (typeof silence === 'string') faults.push(`${mutant.scenario} without ${name}: ${silence}`);
  return faults;
}

console.log(
  '| mutant | scenario | found by | depth | executions: median | worst | s | executions/s | twin |',
);
console.log('| --- | --- | --- | --- | --- | --- | --- | --- | --- |');
const start = performance.now();
const faults = mutants.flatMap(([name, mutant]) => row(name, mutant));
const seconds = ((performance.now() - start) / 1000).toFixed(0);
console.log(
  `\n${mutants.length} mutants, ${seeds} seeds, ${values.strategy}, at most ${executionsMax} ` +
    `executions a seed: ${faults.length === 0 ? 'all found, all twins silent' : 'NOT as it should be'}, ${seconds} s`,
);
for (const fault of faults) console.log(`  ${fault}`);
process.exitCode = faults.length === 0 ? 0 : 1;
