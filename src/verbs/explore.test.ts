import { describe, expect, it } from 'vitest';
import { Pct } from '../../scheduler/strategies/pct.ts';
import { RandomWalk } from '../../scheduler/strategies/random.ts';
import { program } from '../subject/bare-subject.ts';
import { guestSpec } from '../subject/kernel-spec.ts';
import { explore, pctMissChance } from './explore.ts';

const broken = guestSpec('open-race', [], {}, ['shm-open-create-apart']);

describe('an exploration', () => {
  it('finds what some schedules show, and says in which', () => {
    const so = explore(broken, { strategy: new RandomWalk(), seed: 0, schedules: 2000 });
    expect(so.finding?.detector).toBe('objects');
    const again = { strategy: new RandomWalk(), seed: so.seed as number };
    expect(explore(broken, { ...again, schedules: 1 }).finding).toEqual(so.finding);
  });

  it('of the correct twin runs all its schedules and finds nothing', () => {
    const spec = guestSpec('open-race', [], {});
    const so = explore(spec, { strategy: new RandomWalk(), seed: 0, schedules: 200 });
    expect(so).toMatchObject({ executions: 200, finding: undefined, abandoned: 0 });
  });

  it('stops when it is told to', () => {
    const spec = guestSpec('open-race', [], {});
    let asked = 0;
    const goOn = (): boolean => asked++ < 2;
    const so = explore(spec, { strategy: new RandomWalk(), seed: 0, schedules: 1e6, goOn });
    expect(so.executions).toBe(128);
  });

  it('does not call endless what an unfair strategy keeps from ending', () => {
    const spec = guestSpec('open-race', [], { stepsMax: 300 });
    const so = explore(spec, { strategy: new Pct(2, 300), seed: 0, schedules: 20 });
    expect(so).toMatchObject({ executions: 20, abandoned: 20, finding: undefined });
  });
});

it('the chance that pct misses a bug falls with the executions', () => {
  expect(pctMissChance(2, 10, 1, 1)).toBe(0.5);
  expect(pctMissChance(2, 10, 2, 100)).toBeCloseTo(0.0059, 4);
});

it('a race is one bug, whichever of its two threads comes first', () => {
  const race = program('x', ({ cell, thread }) => {
    const x = cell('x');
    for (const name of ['a', 'b']) {
      thread(name, function* () {
        const v = x.load() ?? (yield);
        x.store(v + 1) ?? (yield);
      });
    }
  });
  const { discoveries, complete } = explore(race, { keepGoing: true });
  expect(complete).toBe(true);
  expect(discoveries.map(({ finding }) => finding.detector)).toEqual(['race']);
});
