import { expect, it } from 'vitest';
import { addSample, noExploration } from '../explore/exploration.ts';
import { progressText } from './exploration-text.ts';

const none = { executions: 0, operations: 0 };
const unlimited = { schedules: undefined, secondsLeft: Number.POSITIVE_INFINITY };

it('progress counts what is under way, and tells how long the nearer limit is off', () => {
  const so = noExploration('random', { kind: 'sampled' });
  so.executions = 900;
  so.operations = 5_000_000;
  addSample(so.sample, 20, [1, 2, 3], [7, 8]);
  const running = { executions: 100, operations: 1_000_000 };
  const limits = { schedules: 5000, secondsLeft: 60, columns: 150 };
  expect(progressText(so, running, 2, limits)).toBe(
    '1,000 executions, 500/s, 0 found, 8 s left, 20 sampled executions, 2 distinct, ' +
      '3 distinct switch points, 3.0 M operations/s',
  );
});

it('progress of a search tells what it expects at least, and no time that follows from that', () => {
  const so = noExploration('dfs', { kind: 'interleavings' });
  so.executions = 100;
  so.traces = 100;
  so.estimate = 300;
  expect(progressText(so, none, 1, unlimited)).toContain('0 found, 100 traces of 300 or more, ');
});

it('progress of a search of which nothing is known tells no time', () => {
  const so = noExploration('deepen', { kind: 'traces' });
  so.executions = 100;
  so.levels = { completed: undefined, unfinished: 'every order' };
  expect(progressText(so, none, 1, unlimited)).toMatch(/0 found, searching every order, 0\.0 M/);
});
