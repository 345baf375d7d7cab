import { expect, it } from 'vitest';
import { SMALL } from '../scenarios/scenario.ts';
import { Segments } from '../scheduler/strategies/segments.ts';
import { Stage } from '../src/stage/stage.ts';
import { type OwnScenario, scenario } from '../src/subject/own-scenario.ts';
import { explore } from '../src/verbs/explore.ts';
import { run } from '../src/verbs/run.ts';
import * as ulib from '../user/ulib.ts';

const printers: OwnScenario = {
  name: 'printers',
  processes: ['printer a', 'printer b'],
  programs: {
    *printer(u, [, text = '']) {
      yield* ulib.print(u, text);
    },
  },
  cpus: 1,
  param: { ...SMALL, ncpu: 1, idleWaits: 1 },
  outcome: (output) => output,
};
const ticking = scenario({ ...printers, param: { ...printers.param, ticks: 1 } });

/** Whether an execution on one CPU can be interrupted at a step; then that is done. */
function interrupted(stage: Stage, step: number): boolean {
  let timers = 0;
  stage.machine.onSwitch = (at, lane) => {
    if (lane === 1 && at === step) timers++;
  };
  stage.execute(
    new Segments([
      { lane: 0, steps: step },
      { lane: 1, steps: 1 },
    ]),
    0,
  );
  stage.machine.onSwitch = null;
  return timers === 1;
}

it('on one CPU, a search with an interrupt tries each step where one can come, once', () => {
  const stage = new Stage(ticking);
  stage.watch({ detectors: [] });
  interrupted(stage, 0);
  const steps = Array.from({ length: stage.machine.step }, (_, step) => step);
  const places = steps.filter((step) => interrupted(stage, step));
  const { complete, coverage, traces } = explore(ticking, { strategy: 'dpor' });
  expect(places.length).toBeGreaterThan(20);
  expect([complete, traces]).toEqual([true, 1 + places.length]);
  expect(coverage).toMatchObject({ untimed: undefined, interrupts: 1 });
});

it('what needs an interrupt to happen is found with one, and its schedule runs', () => {
  const without = explore(scenario(printers), { strategy: 'dpor' });
  expect(without.outcomes.map(({ value }) => value)).toEqual(['ab']);
  const { outcomes } = explore(ticking, { strategy: 'dpor' });
  expect(outcomes.map(({ value }) => value).sort()).toEqual(['ab', 'ba']);
  for (const { value, schedule } of outcomes) {
    expect(run(scenario(printers), { schedule }).outcome).toBe(value);
  }
});

it('more interrupts, or a bound, are refused in a line', () => {
  expect(() => explore(ticking, { strategy: 'dpor', preemptions: 1 })).toThrow('--ticks is for');
  expect(() => explore(ticking, { strategy: 'deepen' })).toThrow('--ticks is for');
});
