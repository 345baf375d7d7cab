import { expect, it } from 'vitest';
import { Kernel } from '../kernel/kernel.ts';
import { PARAM } from '../kernel/param.ts';
import { Pct } from '../scheduler/strategies/pct.ts';
import { RoundRobin } from '../scheduler/strategies/round-robin.ts';
import { selectDetectors } from '../src/select-detectors.ts';
import { execute, watch } from '../src/stage/execution.ts';
import { Stage, type Subject } from '../src/stage/stage.ts';
import { program } from '../src/subject/bare-subject.ts';
import { guestSpec } from '../src/subject/kernel-spec.ts';
import { kernelSubject } from '../src/subject/subject.ts';
import { explore } from '../src/verbs/explore.ts';
import { init } from '../user/programs/init.ts';
import { type Program, sbrk } from '../user/ulib.ts';

/** Who reported something, in so many schedules of a strategy that is not fair. */
function reporters(subject: Subject, strategy: Pct, schedules: number): Set<string> {
  const stage = new Stage(subject);
  stage.watch();
  const names = new Set<string>();
  for (let seed = 0; seed < schedules; seed++) {
    const { finding } = stage.execute(strategy, seed);
    if (finding !== undefined) names.add(finding.detector);
  }
  return names;
}

/** A thread that polls under a mutex, and one that ends it if it is let. */
const starvedFor = (stepsMax: number) =>
  program(
    'starved',
    ({ mutex, cell, thread }) => {
      const [m, stop] = [mutex('m'), cell('stop')];
      thread('spinner', function* () {
        for (let seen = 0; seen === 0; ) {
          m.lock() ?? (yield);
          seen = stop.load() ?? (yield);
          m.unlock() ?? (yield);
        }
      });
      thread('stopper', function* () {
        m.lock() ?? (yield);
        stop.store(1) ?? (yield);
        m.unlock() ?? (yield);
      });
    },
    { stepsMax },
  );

it('whoever could step at times and never did proves nothing', () => {
  expect(reporters(starvedFor(12_000), new Pct(1), 20)).toEqual(new Set(['endless']));
});

it('nor does one that began, and stepped once more at the very end of a short limit', () => {
  const options = { keepGoing: true, schedules: 40, detectors: selectDetectors(['livelock']) };
  const so = explore(starvedFor(3000), options);
  expect(so.abandoned).toBeGreaterThan(1);
  expect(so.discoveries.map(({ finding }) => finding.title)).toEqual([]);
});

it('nor does a timer that is held back', () => {
  const args = ['sleep:1', '+', 'script', 'open:a', 'open:a'];
  const spec = guestSpec('script', args, { tickInterval: 0, frames: 96, stepsMax: 20_000 });
  expect(reporters(kernelSubject(spec), new Pct(3, 568), 100)).toEqual(new Set(['endless']));
});

it('who exchanges a new number each time makes progress, as who stores one does', () => {
  for (const call of ['store', 'exchange'] as const) {
    const counts: Program = function* (u) {
      const at = sbrk(u, 4096) ?? (yield);
      for (let i = 1; ; i++) u[call](at, i) ?? (yield);
    };
    const programs = new Map([
      ['init', init],
      ['counts', counts],
    ]);
    const k = new Kernel({ ...PARAM, stepsMax: 12_000 }, programs, [
      { name: 'counts', argv: ['counts'] },
    ]);
    watch(k);
    expect(execute(k, new RoundRobin(), 1).finding?.detector).toBe('endless');
  }
});
