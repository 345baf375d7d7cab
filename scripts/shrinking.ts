/**
 * npm run shrinking -- [--seeds 4] [--strategy random] [--search 3000] [--only name]
 *
 * For each mutant and each seed, finds a schedule that fails, shrinks it, and prints a row of a
 * Markdown table. The best known is the least of all seeds and of a search through the schedules with
 * fewer preemptions, of so many executions. Exits with 1 when a schedule is left with more than two
 * preemptions above that, took more than 500 executions, or lost its finding.
 */
import { parseArgs } from 'node:util';
import { mutantsNamed } from '../property-tests/hunt.ts';
import { type Failure, failureOf } from '../property-tests/shrinking.ts';
import { makeStrategy } from '../scheduler/strategies.ts';
import { BoundedSearch } from '../src/shrink/bounded.ts';
import { type Shrunk, shrink } from '../src/shrink/shrink.ts';
import { Trials } from '../src/shrink/trials.ts';
import type { Subject } from '../src/stage/stage.ts';
import { guestSpec } from '../src/subject/kernel-spec.ts';
import { kernelSubject } from '../src/subject/subject.ts';
import { run } from '../src/verbs/run.ts';

const EXECUTIONS_MAX = 500;
const ABOVE_MAX = 2;
/** Executions for one failure at most; two seeds never share one. */
const STRIDE = 100_000;

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '4' },
    strategy: { type: 'string', default: 'random' },
    search: { type: 'string', default: '3000' },
    only: { type: 'string', default: '' },
  },
});

function count(name: 'seeds' | 'search'): number {
  const value = Number(values[name]);
  if (Number.isSafeInteger(value) && value >= 0 && value <= 1_000_000) return value;
  console.error(`--${name} is a whole number from 0 to 1000000, not ${values[name]}`);
  process.exit(2);
}

const strategy = makeStrategy(values.strategy);
if (strategy === undefined) {
  console.error(`no strategy ${values.strategy}`);
  process.exit(2);
}

/** The fewest preemptions that a search comes to, of those below what shrinking came to. */
function searched(subject: Subject, shrunk: Shrunk, executions: number): number {
  const trials = new Trials(subject, shrunk.seed, shrunk.to.steps);
  const { schedule, finding } = shrunk;
  const list = schedule.split('.').map((part) => {
    const [lane, steps] = part.split('-').map(Number);
    return { lane: lane as number, steps: steps as number };
  });
  const best = { ...trials.run(list), finding };
  trials.want(best);
  for (let preemptions = 0; preemptions < best.preemptions; preemptions++) {
    const found = new BoundedSearch(trials, { preemptions }).look(best, executions);
    if (found !== best) return found.preemptions;
  }
  return best.preemptions;
}

interface Row {
  readonly seed: number;
  readonly failure: Failure;
  readonly shrunk: Shrunk;
  readonly keeps: boolean;
  readonly seconds: number;
}

function rowOf(subject: Subject, seed: number): Row | undefined {
  const failure = failureOf(subject, STRIDE, seed * STRIDE, strategy);
  if (failure === undefined) return undefined;
  const start = performance.now();
  const shrunk = shrink(failure.trace);
  const seconds = (performance.now() - start) / 1000;
  const again = run(shrunk.subject, { seed: shrunk.seed, strategy: shrunk.strategy });
  const keeps = again.finding?.title === shrunk.finding.title && again.steps === shrunk.to.steps;
  return { seed, failure, shrunk, keeps, seconds };
}

const seeds = Array.from({ length: count('seeds') }, (_, i) => i + 1);
const faults: string[] = [];
const all: Row[] = [];
console.log('| mutant | scenario | seed | from | to | proven | best known | executions | s |');
console.log('| --- | --- | ---: | ---: | ---: | --- | ---: | ---: | ---: |');
for (const [name, { scenario }] of mutantsNamed(values.only)) {
  const subject = kernelSubject(guestSpec(scenario, [], {}, [name]));
  const rows = seeds.flatMap((seed) => rowOf(subject, seed) ?? []);
  all.push(...rows);
  if (rows.length < seeds.length) faults.push(`${name}: not found`);
  // Of one mutant several findings may show, each with a best of its own.
  const bests = new Map<string, number>();
  for (const { shrunk } of rows) {
    const { finding, to, minimal } = shrunk;
    const known = bests.get(finding.title) ?? Number.POSITIVE_INFINITY;
    const least = minimal ? to.preemptions : searched(subject, shrunk, count('search'));
    bests.set(finding.title, Math.min(known, least));
  }
  for (const { seed, shrunk, keeps, seconds } of rows) {
    const { from, to, minimal, executions, finding } = shrunk;
    const best = bests.get(finding.title) as number;
    const sizes = [from, to].map(({ preemptions, steps }) => `${preemptions} (${steps})`);
    const proof = minimal ? 'yes' : '';
    const cells = [name, scenario, seed, ...sizes, proof, best, executions, seconds.toFixed(2)];
    console.log(`| ${cells.join(' | ')} |`);
    if (to.preemptions > best + ABOVE_MAX)
      faults.push(`${name}, seed ${seed}: ${best} is possible`);
    if (executions > EXECUTIONS_MAX) faults.push(`${name}, seed ${seed}: ${executions} executions`);
    if (!keeps) faults.push(`${name}, seed ${seed}: the finding is lost`);
  }
}
const proven = all.filter(({ shrunk }) => shrunk.minimal).length;
const most = Math.max(0, ...all.map(({ shrunk }) => shrunk.executions));
console.log(
  `\npreemptions (steps) before and after; ${all.length} schedules, ${proven} proven minimal, ` +
    `at most ${most} executions; ${faults.length} faults`,
);
for (const fault of faults) console.log(`  ${fault}`);
process.exitCode = faults.length === 0 ? 0 : 1;
