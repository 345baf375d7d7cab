/**
 * What a second worker thread brings to an exploration: executions/s with one and with two, side by
 * side, on a bare program with the race detector and on two processes of the kernel with all of them.
 * Starting the threads is included. The last column tells whether the computer had two processors to
 * spare; where it had not, executions in a second of processor time still tell what sharing costs.
 */
import { fileURLToPath } from 'node:url';
import { campaign } from '../src/campaign/campaign.ts';
import { guestSpec } from '../src/guest.ts';
import type { Subject } from '../src/stage.ts';
import { kernelSubject } from '../src/subject.ts';
import { loadSubject } from '../src/subject-file.ts';
import { median, medianRatio } from './lib/measure.ts';
import { table } from './lib/table.ts';

const ROUNDS = 3;
const MILLISECONDS = 8000;
const GOAL = 1.8;

/** This file is built to dist-bench/bench. */
const FILE = fileURLToPath(new URL('../../bench/lib/locked-program.ts', import.meta.url));

/** Of a second, and of a second of processor time. */
interface Speed {
  readonly executions: number;
  readonly perProcessor: number;
}

async function speed(subject: Subject, strategy: string, jobs: number): Promise<Speed> {
  const began = performance.now();
  const before = process.cpuUsage();
  const { at } = await campaign(subject, {
    strategy,
    jobs,
    schedules: Number.MAX_SAFE_INTEGER,
    msMax: MILLISECONDS,
  });
  const { executions, finding } = at.so;
  if (finding !== undefined) throw new Error(`${subject.program}: ${finding.title}`);
  const { user, system } = process.cpuUsage(before);
  const seconds = (performance.now() - began) / 1000;
  return {
    executions: executions / seconds,
    perProcessor: (1e6 * executions) / (user + system),
  };
}

const locked = await loadSubject(FILE);
const kernel = kernelSubject(guestSpec('two-open-close', [], {}));
const cases: readonly (readonly [name: string, subject: Subject, strategy: string])[] = [
  ['bare 3 x 40, race detector, pct', locked, 'pct'],
  ['bare 3 x 40, race detector, random', locked, 'random'],
  ['two-open-close, all detectors, random', kernel, 'random'],
];

const rows: string[][] = [];
for (const [name, subject, strategy] of cases) {
  const one: Speed[] = [];
  const two: Speed[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    // In turn, so that a disturbance of the computer hits both alike.
    const order = round % 2 === 0 ? [1, 2] : [2, 1];
    for (const jobs of order) (jobs === 1 ? one : two).push(await speed(subject, strategy, jobs));
  }
  const executions = (all: readonly Speed[]): number[] => all.map((each) => each.executions);
  const perProcessor = (all: readonly Speed[]): number[] => all.map((each) => each.perProcessor);
  const processors = two.map((each) => each.executions / each.perProcessor);
  rows.push([
    name,
    (median(executions(one)) / 1000).toFixed(1),
    (median(executions(two)) / 1000).toFixed(1),
    medianRatio(executions(two), executions(one)).toFixed(2),
    `>= ${GOAL.toFixed(1)}`,
    medianRatio(perProcessor(two), perProcessor(one)).toFixed(2),
    median(processors).toFixed(2),
  ]);
}
table(
  [
    'k executions/s',
    'one worker',
    'two workers',
    'two to one',
    'goal',
    'by processor time',
    'processors used',
  ],
  rows,
);
