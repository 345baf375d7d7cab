import { describe, expect, test } from 'vitest';
import { Situation } from '../property-tests/executions.ts';
import { PROGRAMS } from '../user/programs/index.ts';
import { SCENARIOS } from './index.ts';
import { allOk } from './scenario.ts';

describe.each(Object.entries(SCENARIOS))('%s', (name, scenario) => {
  test('no program has its name, and its programs exist', () => {
    expect(PROGRAMS[name]).toBeUndefined();
    for (const process of scenario.processes) {
      expect(PROGRAMS[process.name], process.name).toBeDefined();
      expect(process.argv[0]).toBe(process.name);
    }
  });

  test('it holds under random and round-robin', () => {
    const argvs = scenario.processes.map(({ argv }) => argv);
    const situation = new Situation({}, argvs, scenario.param);
    for (const strategy of ['random', 'round-robin'] as const) {
      for (let seed = 1; seed <= 100; seed++) {
        const outcome = situation.execute(strategy, seed);
        const where = `${strategy}, seed ${seed}: ${outcome.output}`;
        expect(outcome.ending, where).toBe('halted');
        expect(scenario.holds?.(outcome.output), where).toBeUndefined();
        expect(outcome.problems, where).toEqual([]);
      }
    }
  });
});

test('a program that found something wrong, or came to no verdict, does not hold', () => {
  const holds = allOk(2);
  expect(holds('churn: pid 2: ok, 1 rounds\nchurn: pid 3: ok, 1 rounds\n')).toBeUndefined();
  expect(holds('churn: pid 2: ok, 1 rounds\n')).toBe('1 of 2 programs came to a verdict');
  expect(holds('churn: pid 2: ok, 1 rounds\nchurn: pid 3: shm_map failed\n')).toBe(
    'churn: pid 3: shm_map failed',
  );
});

test('in "oom" allocations do fail', () => {
  const scenario = SCENARIOS.oom;
  const argvs = scenario?.processes.map(({ argv }) => argv) ?? [];
  const situation = new Situation({}, argvs, scenario?.param);
  let least = Number.POSITIVE_INFINITY;
  situation.kernel.m.onAcquire = (lock) => {
    if (lock === situation.kernel.kmem.lock.word) {
      least = Math.min(least, situation.kernel.freeFrames().size);
    }
  };
  situation.execute('random', 1);
  expect(least).toBe(0);
});
