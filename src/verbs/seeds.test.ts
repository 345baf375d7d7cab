import { describe, expect, it } from 'vitest';
import { RandomWalk } from '../../scheduler/strategies/random.ts';
import { Stage } from '../stage/stage.ts';
import { program } from '../subject/bare-subject.ts';
import { subjectOf } from '../subject/subject.ts';
import { run } from './run.ts';
import { failureInterval, SeedRunner } from './seeds.ts';

const lost = program('lost update', ({ cell, thread, outcome, check }) => {
  const x = cell('x');
  for (const name of ['one', 'other'])
    thread(name, function* () {
      const v = x.fetchAdd(0) ?? (yield);
      x.exchange(v + 1) ?? (yield);
    });
  outcome(() => x.value);
  check(() => x.value === 2 || 'an update was lost');
});

function runsOf(first: number, last: number) {
  const runner = new SeedRunner(new Stage(subjectOf(lost)), new RandomWalk(), { first, last });
  while (!runner.isOver) runner.next();
  return runner.so;
}

describe('runs with a range of seeds', () => {
  it('find in each seed what a run with that seed alone finds', () => {
    const { runs, groups } = runsOf(-20, 79);
    expect(runs).toBe(100);
    const titles = new Map(
      groups.flatMap(({ finding, seeds }) => seeds.map((seed) => [seed, finding.detector])),
    );
    for (let seed = -20; seed < 80; seed++)
      expect([seed, titles.get(seed)]).toEqual([seed, run(lost, { seed }).finding?.detector]);
    expect(titles.size).toBeGreaterThan(0);
    expect(titles.size).toBeLessThan(100);
  });

  it('are grouped by cause, the most frequent first, and each seed is in one group', () => {
    const { groups } = runsOf(0, 199);
    const counts = groups.map(({ seeds }) => seeds.length);
    expect(counts).toEqual([...counts].sort((a, b) => b - a));
    const seeds = groups.flatMap((group) => group.seeds);
    expect(new Set(seeds).size).toBe(seeds.length);
  });

  it('one seed is a range', () => {
    expect(runsOf(7, 7).runs).toBe(1);
  });
});

describe('the interval of a rate of failure', () => {
  // The bounds are solutions of |p - rate| = z sqrt(p (1 - p) / n): Wilson 1927.
  it.each([
    [10, 100],
    [1, 50],
    [499, 1000],
  ])('of %i in %i has the bounds that solve its equation', (failed, runs) => {
    const { low, high } = failureInterval(failed, runs);
    for (const p of [low, high])
      expect(Math.abs(p - failed / runs)).toBeCloseTo(
        1.959964 * Math.sqrt((p * (1 - p)) / runs),
        6,
      );
    expect(low).toBeLessThan(failed / runs);
    expect(high).toBeGreaterThan(failed / runs);
  });

  it('of no failure begins at 0, and does not end there', () => {
    expect(failureInterval(0, 100).low).toBe(0);
    expect(failureInterval(0, 100).high).toBeCloseTo(0.037, 4);
  });

  it('of nothing but failures ends at 1', () => {
    expect(failureInterval(50, 50).high).toBe(1);
    expect(failureInterval(50, 50).low).toBeGreaterThan(0.9);
  });
});
