import { expect, it } from 'vitest';
import { folder, xv6 } from '../../property-tests/built.ts';
import { noExploration } from '../explore/exploration.ts';
import { progressText } from '../report/exploration-text.ts';

const widest = (text: string): number => Math.max(...text.split('\n').map((line) => line.length));

it('a list is as wide as the terminal', () => {
  const [narrow = '', wide = ''] = ['60', '160'].map(
    (COLUMNS) => xv6(folder(), ['list', 'mutants'], { COLUMNS }).out,
  );
  expect(widest(narrow)).toBeLessThanOrEqual(60);
  expect(widest(wide)).toBeGreaterThan(100);
  expect(widest(wide)).toBeLessThanOrEqual(160);
});

it('a verdict breaks no word, and what was covered comes behind what was found', () => {
  const args = ['two-open-close', '--strategy', 'dpor', '--preemptions', '0'];
  const { out } = xv6(folder(), ['explore', ...args], { COLUMNS: '60' });
  expect(widest(out)).toBeLessThanOrEqual(60);
  expect(out.replaceAll('\n  ', ' ')).toContain('idle CPUs take processes in turn');
  const race = xv6(folder(), [
    'explore',
    new URL('../../examples/x5-race.ts', import.meta.url).pathname,
  ]);
  expect(race.out.indexOf(' FAIL ')).toBeLessThan(race.out.indexOf('covered: '));
});

it('the line of progress is one line, with what matters first', () => {
  const so = noExploration('dpor', { kind: 'traces' });
  Object.assign(so, { executions: 12_345, estimate: 234_066, traces: 9_876 });
  so.levels = { completed: undefined, unfinished: 'every order of operations'.repeat(9) };
  const none = { executions: 0, operations: 0 };
  const limits = { schedules: undefined, secondsLeft: Number.POSITIVE_INFINITY };
  const line = progressText(so, none, 10, limits);
  expect(line.length).toBeLessThan(80);
  expect(line).toMatch(/^12,345 executions, 1,235\/s, 0 found, 9,876 traces of 234,066 or more/);
});
