import { describe, expect, it } from 'vitest';
import type { Param } from '../kernel/param.ts';
import { SMALL } from '../scenarios/scenario.ts';
import { Dpor } from '../scheduler/search/dpor.ts';
import { Retrace } from '../scheduler/search/retrace.ts';
import type { ViewOptions } from '../scheduler/search/view.ts';
import { RandomWalk } from '../scheduler/strategies/random.ts';
import { SwitchLog } from '../scheduler/switch-log.ts';
import { locksIn, objectsNamed } from '../src/explore/scope.ts';
import { Stage, type Subject } from '../src/stage/stage.ts';
import { guestSpec } from '../src/subject/kernel-spec.ts';
import { type OwnScenario, scenario } from '../src/subject/own-scenario.ts';
import { kernelSubject } from '../src/subject/subject.ts';
import { explore } from '../src/verbs/explore.ts';
import { run } from '../src/verbs/run.ts';
import * as ulib from '../user/ulib.ts';

/*
 * What searches of a kernel do not tell apart is told apart here, and nothing is missing. The first law
 * has found a search that took a lock's own look for the end of all that it raced with.
 */

/** Thousands of executions a test, on a machine that may be busy. */
const MS = 300_000;

/** What a complete search came upon. */
interface Explored {
  readonly traces: number;
  /** Traces that `told` tells apart, by number. */
  readonly classes: ReadonlySet<number>;
  readonly outcomes: ReadonlySet<unknown>;
}

const kmem = ({ machine }: Stage): ViewOptions => {
  const ignored = objectsNamed(machine, ['kmem']);
  return { ignored, sections: locksIn(machine, ignored) };
};

/** Explores all, with what `looking` says, and counts the traces that are told apart with looking. */
function explored(own: OwnScenario, param: Partial<Param>, looking: boolean): Explored {
  const stage = new Stage(scenario({ ...own, param: { ...SMALL, ...param } }));
  const { machine } = stage;
  stage.watch({ detectors: [] });
  const search = new Dpor({ ...kmem(stage), looking });
  const log = new SwitchLog();
  const retrace = new Retrace(log, { ...kmem(stage), looking: true });
  const classes = new Set<number>();
  const outcomes = new Set<unknown>();
  do {
    log.clear();
    machine.onSwitch = (step, lane) => log.push(step, lane);
    const { ending, finding } = stage.execute(search, 0);
    machine.onSwitch = null;
    expect([ending, finding]).toEqual(['halted', undefined]);
    outcomes.add(stage.outcome());
    stage.finish(retrace, 0);
    classes.add(retrace.trace(machine));
  } while (search.next());
  expect(search.redundant).toBe(0);
  return { traces: search.traces, classes, outcomes };
}

const printer = {
  *printer(u: ulib.Context, [, text = '']: readonly string[]): ulib.Part<number> {
    yield* ulib.print(u, text);
    return 0;
  },
};
const CASES: readonly (readonly [processes: readonly string[], idleWaits: number])[] = [
  [['leaver'], 0],
  [['leaver'], 1],
  [['printer a'], 1],
  [['leaver', 'leaver'], 1],
];

const leaver = { *leaver(): ulib.Part<void> {} };

it.each(CASES)(
  '%j: sections that only look change no trace, idleWaits %i',
  (processes, idleWaits) => {
    const own: OwnScenario = {
      name: 'small',
      processes,
      programs: { ...printer, ...leaver },
      outcome: (output) => output,
    };
    const some = explored(own, { idleWaits }, true);
    const all = explored(own, { idleWaits }, false);
    expect(some.traces).toBe(some.classes.size);
    expect(some.traces).toBeLessThan(all.traces);
    expect(some.classes).toEqual(all.classes);
    expect(some.outcomes).toEqual(all.outcomes);
  },
);

describe.each([
  ['x5-race', [6, 10, 11, 12]],
  ['x5-mutex', [11, 12]],
])('%s', (name, expected) => {
  const spec = guestSpec(name, [], {});
  const quiet: Subject = { ...kernelSubject(spec), detectors: ['program'] };
  const byValue = (a: unknown, b: unknown): number => Number(a) - Number(b);

  it(
    'comes to exactly these values, each by the schedule that is told for it',
    () => {
      const { complete, coverage, outcomes, redundant } = explore(quiet, { strategy: 'dpor' });
      expect([complete, redundant]).toEqual([true, 0]);
      expect(coverage).toMatchObject({ kind: 'traces', untimed: true, inTurn: true });
      expect(outcomes.map(({ value }) => value).sort(byValue)).toEqual(expected);
      for (const { value, schedule } of outcomes) {
        expect(run(quiet, { schedule }).outcome).toBe(value);
      }
    },
    MS,
  );

  it('comes to the same where idle CPUs scan, in executions at random', () => {
    const stage = new Stage(quiet);
    stage.watch({ detectors: [] });
    const values = new Set<unknown>();
    const walk = new RandomWalk();
    for (let seed = 0; seed < 1000; seed++) {
      stage.execute(walk, seed);
      values.add(stage.outcome());
    }
    expect([...values].sort(byValue)).toEqual(expected);
  });
});
