/**
 * What an execution of the kernel costs: two processes on two CPUs that each open, size, map and
 * close one object and exit, from reset to verdict, as an explorer runs them.
 */
import { RandomWalk } from '../scheduler/strategies/random.ts';
import { RoundRobin } from '../scheduler/strategies/round-robin.ts';
import type { Strategy } from '../scheduler/strategy.ts';
import { execute, watch } from '../src/stage/execution.ts';
import { cycleKernel } from './lib/cycle.ts';
import { FewSwitches } from './lib/few-switches.ts';
import { interleave, median, medianRatio, rate } from './lib/measure.ts';
import { table } from './lib/table.ts';

const ROUNDS = 7;
const MILLISECONDS = 300;
const GOAL = 8000;

interface Case {
  readonly strategy: Strategy;
  readonly watched: boolean;
  executions: number;
  operations: number;
}

const k = cycleKernel();

/** Executions a second, each with a seed of its own; counts operations on the way. */
function executionsPerSecond(c: Case): number {
  if (c.watched) watch(k, null, false);
  else watch(k, null, false, []);
  return rate(MILLISECONDS, () => {
    const { finding } = execute(k, c.strategy, ++c.executions);
    if (finding !== undefined) throw new Error(`seed ${c.executions}: ${finding.title}`);
    c.operations += k.m.step;
  });
}

const cases: readonly Case[] = [new RoundRobin(), new RandomWalk(), new FewSwitches()].flatMap(
  (strategy) =>
    [true, false].map((watched) => ({ strategy, watched, executions: 0, operations: 0 })),
);
const figures = interleave(
  ROUNDS,
  cases.map((c) => () => executionsPerSecond(c)),
);
const resets = interleave(ROUNDS, [() => rate(MILLISECONDS / 3, () => k.reset())])[0] ?? [];

table(
  ['two processes, 2 CPUs', 'executions/s', 'goal', 'ratio', 'steps', 'M operations/s', 'ns/op'],
  cases.map(({ strategy, watched, executions, operations }, i) => {
    const perSecond = median(figures[i] ?? []);
    const steps = operations / executions;
    return [
      `${strategy.name}${watched ? '' : ', no detectors'}`,
      perSecond.toFixed(0),
      `>= ${GOAL}`,
      (perSecond / GOAL).toFixed(2),
      steps.toFixed(0),
      ((perSecond * steps) / 1e6).toFixed(2),
      (1e9 / (perSecond * steps)).toFixed(0),
    ];
  }),
);
const audits = [0, 2, 4].map((i) => medianRatio(figures[i + 1] ?? [], figures[i] ?? []));
console.log(`reset to the end of set-up: ${(1e6 / median(resets)).toFixed(1)} us`);
console.log(`detectors against none: ${audits.map((r) => r.toFixed(2)).join(', ')} x the time`);
