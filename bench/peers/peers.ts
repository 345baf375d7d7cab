/**
 * The same programs under Shuttle, Loom and this project, side by side; README.md says what can be
 * compared. Builds the Rust side first, which needs cargo.
 *
 * Each figure comes from a process of its own, and rounds are interleaved.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { interleave, median, medianRatio } from '../lib/measure.ts';
import { table } from '../lib/table.ts';
import type { Counts, Rate } from './answers.ts';
import { PEERS } from './programs.ts';

const ROUNDS = 5;
const MILLISECONDS = 300;
const SEEDS = 20;
/** Executions after which a bug counts as not found, and a search as endless. */
const LIMIT = 100_000;

const CRATE = 'bench/peers/rust/Cargo.toml';
const TARGET = 'dist-bench/peers';
const OURS = [process.execPath, fileURLToPath(new URL('./ours.js', import.meta.url))];
const THEIRS = [`${TARGET}/release/peers`];

/** A tool with a strategy. */
interface Contender {
  readonly tool: string;
  readonly command: readonly string[];
  readonly watches?: boolean;
}

/** The first of a group is what the others are compared with. */
const GROUPS: readonly (readonly Contender[])[] = [
  ...['random', 'pct'].map((strategy) => [
    { tool: `Shuttle ${strategy}`, command: [...THEIRS, 'shuttle', strategy] },
    { tool: `ours ${strategy}`, command: [...OURS, 'off', strategy] },
    { tool: `ours ${strategy}, races`, command: [...OURS, 'race', strategy], watches: true },
  ]),
  [
    { tool: 'Loom', command: [...THEIRS, 'loom', 'all'] },
    { tool: 'Loom, 2 preemptions', command: [...THEIRS, 'loom', 'preemptions:2'] },
    { tool: 'ours dpor', command: [...OURS, 'off', 'dpor'] },
    { tool: 'ours dpor, races', command: [...OURS, 'race', 'dpor'], watches: true },
  ],
];

function build(): boolean {
  if (spawnSync('cargo', ['--version']).error !== undefined) {
    console.log('cargo is missing, so Shuttle and Loom cannot be built: nothing is measured');
    return false;
  }
  const where = ['--manifest-path', CRATE, '--target-dir', TARGET];
  execFileSync('cargo', ['build', '--release', '--locked', '--quiet', ...where]);
  return true;
}

function ask<Answer>(contender: Contender, words: readonly (string | number)[]): Answer {
  const [program = '', ...first] = contender.command;
  // Shuttle tells standard error of each failure.
  const text = execFileSync(program, [...first, ...words.map(String)], { stdio: 'pipe' });
  return JSON.parse(text.toString()) as Answer;
}

function thousands(value: number): string {
  return Math.round(value).toLocaleString('en');
}

/** The mean, and the range of what differs; the limit where it was reached. */
function told({ counts }: Counts): string {
  const known = counts.filter((count) => count !== null);
  if (known.length < counts.length) return `> ${thousands(LIMIT)}`;
  const mean = known.reduce((sum, count) => sum + count, 0) / known.length;
  if (known.length === 1) return thousands(mean);
  return `${mean.toFixed(1)} (${Math.min(...known)}-${Math.max(...known)})`;
}

/** Rows of one program under the tools of one group. */
function rowsOf(program: string, group: readonly Contender[], searches: boolean): string[][] {
  // A race is a finding, so with the detector no execution of the lost update runs to its end.
  const runs = (c: Contender): boolean => c.watches !== true || program !== 'lost-update';
  const runners = group.filter(runs);
  const rates = runners.map((): Rate[] => []);
  const figures = interleave(
    ROUNDS,
    runners.map((contender, i) => () => {
      const rate = ask<Rate>(contender, [program, 'rate', MILLISECONDS]);
      rates[i]?.push(rate);
      return rate.executions / rate.seconds;
    }),
  );
  return group.map((contender) => {
    const at = runners.indexOf(contender);
    const per = figures[at] ?? [];
    const last = rates[at]?.at(-1);
    const operations = last === undefined ? 0 : last.operations / last.executions;
    const bug = ask<Counts>(contender, [program, 'find', searches ? 1 : SEEDS, LIMIT]);
    const all = searches && runs(contender) && ask<Counts>(contender, [program, 'explore', LIMIT]);
    return [
      `${program}, ${contender.tool}`,
      ...(last === undefined
        ? ['', '', '', '']
        : [
            (median(per) / 1000).toFixed(1),
            `${(Math.min(...per) / 1000).toFixed(1)}-${(Math.max(...per) / 1000).toFixed(1)}`,
            ((median(per) * operations) / 1e6).toFixed(2),
            medianRatio(per, figures[0] ?? []).toFixed(2),
          ]),
      program === 'locked-counter' ? '' : told(bug),
      all ? told(all) : '',
      last === undefined || last.choices === 0 ? '' : last.choices.toFixed(1),
      last === undefined ? '' : last.memory.toFixed(0),
    ];
  });
}

if (build()) {
  const rows = [...PEERS.keys()].flatMap((program) =>
    GROUPS.flatMap((group, i) => rowsOf(program, group, i === GROUPS.length - 1)),
  );
  table(
    [
      'program, tool and strategy',
      'k executions/s',
      'range',
      'M operations/s',
      'ratio',
      'until the bug',
      'to explore all',
      'choices',
      'MiB',
    ],
    rows,
  );
}
