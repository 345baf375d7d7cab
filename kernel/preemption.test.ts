import { describe, expect, test } from 'vitest';
import { onOneCpu, Situation } from '../property-tests/executions.ts';
import { fork, kill, sleep, waitStatus } from '../user/ulib.ts';
import { DATA } from './abi.ts';

describe('the timer', () => {
  test('takes a process off its CPU that touches only memory of its own', () => {
    onOneCpu(function* (u) {
      const pid = fork(u) ?? (yield);
      if (pid === 0) for (;;) u.load(DATA) ?? (yield);
      sleep(u, 1) ?? (yield);
      expect(kill(u, pid) ?? (yield)).toBe(0);
      expect(yield* waitStatus(u)).toEqual({ pid, status: -1 });
    });
  });

  test.each(['random', 'round-robin'] as const)(
    'may come faster than it is handled under %s, and programs still end',
    (strategy) => {
      const lines = Array.from({ length: 5 }, (_, i) => ['churn', `foo${i}`, '2']);
      const situation = new Situation({}, lines, { ncpu: 1, tickInterval: 10, nproc: 8 });
      const { ending, problems } = situation.execute(strategy, 1);
      expect(problems).toEqual([]);
      expect(ending).toBe('halted');
    },
  );
});
