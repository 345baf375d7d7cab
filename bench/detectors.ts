/**
 * What watching costs: all detectors against none, on a bare program of three threads with 40
 * operations each and on two processes of the kernel.
 */

import type { DetectorKind } from '../detectors/detector.ts';
import { DETECTORS } from '../detectors/index.ts';
import { RandomWalk } from '../scheduler/strategies/random.ts';
import { RoundRobin } from '../scheduler/strategies/round-robin.ts';
import type { Strategy } from '../scheduler/strategy.ts';
import { execute, type Outcome, watch } from '../src/stage/execution.ts';
import { bootGuest, guestSpec } from '../src/subject/kernel-spec.ts';
import { FewSwitches } from './lib/few-switches.ts';
import { locked } from './lib/locked.ts';
import { interleave, median, medianRatio, rate } from './lib/measure.ts';
import { table } from './lib/table.ts';

const ROUNDS = 7;
const MILLISECONDS = 200;
const RATIO = 1.5;

/** A guest that is attached to detectors, or to none, and then executed. */
interface Case {
  readonly name: string;
  readonly goal: number;
  readonly strategy: Strategy;
  readonly watch: (detectors: readonly DetectorKind[]) => void;
  readonly execute: (seed: number) => Outcome;
}

function bare(strategy: Strategy, goal: number): Case {
  const program = locked();
  return {
    name: `bare 3 x 40, ${strategy.name}`,
    goal,
    strategy,
    watch: (detectors) => {
      if (detectors.length > 0) watch(program, null, false, detectors);
      else program.machine.observer = null;
    },
    execute: (seed) => {
      if (program.machine.observer !== null) return execute(program, strategy, seed);
      strategy.begin(seed, 3);
      return { ending: program.run(strategy), finding: undefined };
    },
  };
}

function kernel(strategy: Strategy): Case {
  const k = bootGuest(guestSpec('two-open-close', [], {}));
  return {
    name: `two-open-close, ${strategy.name}`,
    goal: 0,
    strategy,
    watch: (detectors) => {
      watch(k, null, false, detectors);
      if (detectors.length > 0) return;
      k.m.observer = null;
      k.watch = null;
    },
    execute: (seed) => {
      if (k.watch !== null) return execute(k, strategy, seed);
      strategy.begin(seed, k.m.lanes);
      return { ending: k.run(strategy), finding: undefined };
    },
  };
}

function speed(c: Case, detectors: readonly DetectorKind[]): number {
  let seed = 0;
  c.watch(detectors);
  return rate(MILLISECONDS, () => {
    const { finding, ending } = c.execute(++seed);
    if (finding !== undefined) throw new Error(`${c.name}, seed ${seed}: ${finding.title}`);
    if (ending !== 'halted') throw new Error(`${c.name}, seed ${seed}: ${ending}`);
  });
}

const cases: readonly Case[] = [
  bare(new FewSwitches(), 60),
  bare(new RoundRobin(), 0),
  bare(new RandomWalk(), 25),
  kernel(new FewSwitches()),
  kernel(new RoundRobin()),
  kernel(new RandomWalk()),
];

const figures = interleave(
  ROUNDS,
  cases.flatMap((c) => [() => speed(c, DETECTORS), () => speed(c, [])]),
);
table(
  ['all detectors', 'k executions/s', 'goal', 'none', 'time against none', 'goal'],
  cases.map(({ name, goal }, i) => {
    const [all = [], none = []] = figures.slice(2 * i, 2 * i + 2);
    return [
      name,
      (median(all) / 1000).toFixed(1),
      goal === 0 ? '' : `>= ${goal}`,
      (median(none) / 1000).toFixed(1),
      medianRatio(none, all).toFixed(2),
      `<= ${RATIO.toFixed(2)}`,
    ];
  }),
);

/** Of each detector alone, on the kernel: its time and that of telling it anything at all. */
const alone = kernel(new RoundRobin());
const each = interleave(3, [
  () => speed(alone, []),
  ...DETECTORS.map((kind) => () => speed(alone, [kind])),
]);
table(
  ['detector alone, two-open-close', 'time against none'],
  DETECTORS.map(({ name }, i) => [name, medianRatio(each[0] ?? [], each[i + 1] ?? []).toFixed(2)]),
);
