/**
 * What a second worker thread brings to an exploration: executions/s with one and with two, side by
 * side, on bare programs and on two processes of the kernel.
 *
 * Each measurement is a process of its own, as the command line is: starting threads, and compiling
 * the code in each of them, is included. The last columns tell whether the computer had two processors
 * to spare; where it had not, executions in a second of processor time tell what sharing costs.
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { campaign } from '../src/campaign/campaign.ts';
import type { Subject } from '../src/stage/stage.ts';
import { guestSpec } from '../src/subject/kernel-spec.ts';
import { kernelSubject } from '../src/subject/subject.ts';
import { loadSubject } from '../src/subject/subject-file.ts';
import { median, medianRatio } from './lib/measure.ts';
import { table } from './lib/table.ts';

const ROUNDS = 3;
const MILLISECONDS = 8000;
const GOAL = 1.8;

/** This file is built to dist-bench/bench. */
const own = (file: string): Promise<Subject> =>
  loadSubject(fileURLToPath(new URL(`../../bench/lib/${file}`, import.meta.url)));

interface Case {
  readonly name: string;
  readonly strategy: string;
  subject(): Promise<Subject>;
}

const locked = (): Promise<Subject> => own('locked-program.ts');
const additions = (): Promise<Subject> => own('additions-program.ts');
const kernel = async (): Promise<Subject> => kernelSubject(guestSpec('two-open-close', [], {}));
const cases: readonly Case[] = [
  { name: 'bare 3 x 40, race detector, pct', strategy: 'pct', subject: locked },
  { name: 'bare 3 x 40, race detector, random', strategy: 'random', subject: locked },
  { name: 'two-open-close, all detectors, random', strategy: 'random', subject: kernel },
  { name: 'bare 4 x 2 additions, no detector, dpor', strategy: 'dpor', subject: additions },
  { name: 'two-open-close, all detectors, dpor', strategy: 'dpor', subject: kernel },
];

interface Speed {
  /** Executions in a second, and in a second of processor time. */
  readonly executions: number;
  readonly perProcessor: number;
}

/** Measures one case in this process. */
async function speed({ name, strategy, subject }: Case, jobs: number): Promise<Speed> {
  const schedules = Number.MAX_SAFE_INTEGER;
  const { at } = await campaign(await subject(), {
    strategy,
    jobs,
    schedules,
    msMax: MILLISECONDS,
  });
  const { executions, finding } = at.so;
  if (finding !== undefined) throw new Error(`${name}: ${finding.title}`);
  const { user, system } = process.cpuUsage();
  return {
    executions: (1000 * executions) / MILLISECONDS,
    perProcessor: (1e6 * executions) / (user + system),
  };
}

function measured(index: number, jobs: number): Speed {
  const args = [fileURLToPath(import.meta.url), String(index), String(jobs)];
  const child = spawnSync(process.execPath, args, { encoding: 'utf8' });
  if (child.status !== 0) throw new Error(child.stderr);
  return JSON.parse(child.stdout) as Speed;
}

function row({ name }: Case, index: number): string[] {
  const one: Speed[] = [];
  const two: Speed[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    // In turn, so that a disturbance of the computer hits both alike.
    const order = round % 2 === 0 ? [1, 2] : [2, 1];
    for (const jobs of order) (jobs === 1 ? one : two).push(measured(index, jobs));
  }
  const executions = (all: readonly Speed[]): number[] => all.map((each) => each.executions);
  const perProcessor = (all: readonly Speed[]): number[] => all.map((each) => each.perProcessor);
  const processors = two.map((each) => each.executions / each.perProcessor);
  return [
    name,
    (median(executions(one)) / 1000).toFixed(1),
    (median(executions(two)) / 1000).toFixed(1),
    medianRatio(executions(two), executions(one)).toFixed(2),
    `>= ${GOAL.toFixed(1)}`,
    medianRatio(perProcessor(two), perProcessor(one)).toFixed(2),
    median(processors).toFixed(2),
  ];
}

const HEAD = [
  'k executions/s',
  'one worker',
  'two workers',
  'two to one',
  'goal',
  'by processor time',
  'processors used',
];

const [index, jobs] = process.argv.slice(2);
const chosen = cases[Number(index)];
if (index === undefined) table(HEAD, cases.map(row));
else if (chosen !== undefined) console.log(JSON.stringify(await speed(chosen, Number(jobs))));
