import { expect, test } from 'vitest';
import { makeStrategy } from '../scheduler/strategies.ts';
import type { Strategy } from '../scheduler/strategy.ts';
import { guestSpec } from '../src/subject/kernel-spec.ts';
import { run } from '../src/verbs/run.ts';
import { leftOut, soak } from './soak.ts';

test('every program is soaked', () => {
  expect(leftOut()).toEqual([]);
});

test('nothing is found in any program or scenario on 1, 2, 4 and 8 CPUs under any strategy', () => {
  const { executions, mishap } = soak({ executions: 1000, batch: 4, firstSeed: 1 });
  expect(mishap).toBeUndefined();
  expect(executions).toBe(1000);
});

test.each(['tso', 'pso'] as const)('nor where stores reach memory as %s has it', (memory) => {
  const { executions, mishap } = soak({ executions: 160, batch: 1, firstSeed: 1, memory });
  expect(mishap).toBeUndefined();
  expect(executions).toBe(160);
});

test('a read that finds no memory for a copy of the page it reads into may fail', () => {
  const spec = guestSpec('files-oom', [], { ncpu: 4 });
  const { finding } = run(spec, { seed: 79, strategy: makeStrategy('pos') as Strategy });
  expect(finding?.title).toBeUndefined();
});
