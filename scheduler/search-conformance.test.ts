import { describe, expect, it } from 'vitest';
import type { BareProgram } from '../machine/bare.ts';
import type { ChoicePoint, Scheduler, Thread } from '../machine/index.ts';
import { buffer, lockedCounter, philosophers, race } from '../property-tests/bare-programs.ts';
import { Deepening, type Level } from './search/deepening.ts';
import type { Search } from './search.ts';
import { SEARCHES } from './searches.ts';
import { Replay } from './strategies/replay.ts';
import { SwitchLog } from './switch-log.ts';

const EXECUTIONS = 200;

const searches: readonly (readonly [string, () => Search])[] = [
  ...[...SEARCHES].flatMap(([name, kind]) => [
    [name, () => kind.make({})] as const,
    [`${name}:1`, () => kind.make({ preemptions: 1 })] as const,
  ]),
  ['deepen', deepening],
];

function deepening(): Search {
  const levels = [0, 1].map((preemptions) => ({ covers: `${preemptions}`, preemptions }));
  const made = ({ preemptions }: Level): Search =>
    SEARCHES.get('dpor')?.make({ preemptions }) as Search;
  return new Deepening(levels, made);
}

const programs: readonly (readonly [string, BareProgram])[] = [
  ['a counter with a mutex', lockedCounter(2, 2).program],
  ['a race', race(false).program],
  ['a buffer with conditions', buffer(1, 1).program],
  ['philosophers who may block', philosophers(2).program],
];

/** Passes questions on, checks the answers, and keeps the schedule. */
function checked(search: Search, log: SwitchLog): Scheduler {
  return {
    asksAlways: true,
    choose(point: ChoicePoint): Thread {
      const chosen = search.choose(point);
      expect(point.enabled.slice(0, point.enabledCount)).toContain(chosen);
      expect(point.lease).toBeGreaterThanOrEqual(1);
      const lane = point.laneOf(chosen);
      if (log.lanes[log.length - 1] !== lane) log.push(point.step, lane);
      return chosen;
    },
  };
}

/** The executions of a search: ending and schedule. */
function executions(make: () => Search, program: BareProgram): [string, SwitchLog][] {
  const search = make();
  const all: [string, SwitchLog][] = [];
  do {
    const log = new SwitchLog();
    search.begin(all.length, program.lanes.length);
    all.push([program.run(checked(search, log)), log]);
  } while (search.next() && all.length < EXECUTIONS);
  return all;
}

for (const [name, make] of searches) {
  describe(`search ${name}`, () => {
    for (const [what, program] of programs) {
      describe(`on ${what}`, () => {
        it('answers enabled threads, and explores the same again', () => {
          const all = executions(make, program);
          expect(all.length).toBeGreaterThan(0);
          expect(executions(make, program)).toEqual(all);
        });

        it('runs no schedule twice', () => {
          if (name === 'deepen') return;
          const schedules = executions(make, program).map(([, log]) => JSON.stringify(log));
          expect(new Set(schedules).size).toBe(schedules.length);
        });

        it('is replayed from its record', () => {
          for (const [ending, log] of executions(make, program)) {
            if (ending === 'stopped') continue;
            const replay = new Replay(log);
            replay.begin(0, program.lanes.length);
            expect(program.run(replay)).toBe(ending);
            replay.finish(Number.NaN);
          }
        });

        it('goes on where an execution was ended from outside', () => {
          const all = executions(make, program);
          const search = make();
          let at = 0;
          do {
            search.begin(0, program.lanes.length);
            let left = 3;
            const impatient: Scheduler = {
              asksAlways: true,
              choose(point) {
                if (left-- === 0) throw new Error('enough');
                return search.choose(point);
              },
            };
            try {
              program.run(impatient);
            } catch {
              search.resume();
              search.begin(0, program.lanes.length);
              const log = new SwitchLog();
              const ending = program.run(checked(search, log));
              expect([ending, log]).toEqual(all[at]);
            }
            at++;
          } while (search.next() && at < EXECUTIONS);
          expect(at).toBe(all.length);
        });
      });
    }
  });
}
