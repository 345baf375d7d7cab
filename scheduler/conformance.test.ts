import { describe, expect, it } from 'vitest';
import { BareProgram } from '../machine/bare.ts';
import type { ChoicePoint, Scheduler, Thread } from '../machine/index.ts';
import { BARE_PROGRAMS, lockedCounter } from '../property-tests/bare-programs.ts';
import { ticking } from '../property-tests/ticking.ts';
import { Replay } from './strategies/replay.ts';
import { makeStrategy, STRATEGIES } from './strategies.ts';
import type { Strategy } from './strategy.ts';
import { SwitchLog } from './switch-log.ts';

const SEEDS = Array.from({ length: 20 }, (_, i) => i * 7919);
const CPUS = 3;

/** Everything that an execution is, for comparison. */
interface Execution {
  readonly story: unknown;
  readonly log: SwitchLog;
}

/** Guests with every kind of waiting, and one with timers. */
const guests: readonly { name: string; lanes: number; run: (s: Scheduler) => Execution }[] = [
  ...BARE_PROGRAMS.map(([name, told]) => ({
    name,
    lanes: told.lanes,
    run(scheduler: Scheduler): Execution {
      const log = new SwitchLog();
      told.program.machine.onSwitch = (step, lane) => log.push(step, lane);
      return { story: told.run(scheduler), log };
    },
  })),
  {
    name: 'CPUs with timers',
    lanes: 2 * CPUS,
    run(scheduler: Scheduler): Execution {
      const log = new SwitchLog();
      const story = ticking(CPUS, scheduler, (step, lane) => log.push(step, lane));
      return { story, log };
    },
  },
];

/** Passes questions on, and checks the answers. */
function checked(strategy: Strategy): Scheduler {
  return {
    choose(point: ChoicePoint): Thread {
      const chosen = strategy.choose(point);
      expect(point.enabled.slice(0, point.enabledCount)).toContain(chosen);
      expect(point.lease).toBeGreaterThanOrEqual(1);
      expect(Number.isInteger(point.lease)).toBe(true);
      return chosen;
    },
  };
}

/** A thread that spins until the other, on the lane before or behind it, has stored. */
function spinner(first: boolean): BareProgram {
  return new BareProgram(
    ({ cell, thread }) => {
      const flag = cell('flag');
      const spin = function* (): Generator<void, void, number> {
        while ((flag.load() ?? (yield)) === 0);
      };
      if (first) thread('spinner', spin);
      thread('setter', function* () {
        for (let i = 0; i < 10; i++) flag.load() ?? (yield);
        flag.store(1) ?? (yield);
      });
      if (!first) thread('spinner', spin);
    },
    { stepsMax: 2000 },
  );
}

for (const [name, kind] of STRATEGIES) {
  describe(`strategy ${name}`, () => {
    it('has a name that makes the same strategy again', () => {
      const made = kind.make();
      expect(made.name.split(':')[0]).toBe(name);
      expect(makeStrategy(made.name)?.name).toBe(made.name);
    });

    for (const guest of guests) {
      describe(`on ${guest.name}`, () => {
        const run = (strategy: Strategy, seed: number): Execution => {
          strategy.begin(seed, guest.lanes);
          return guest.run(strategy);
        };

        it('answers enabled threads, with leases of at least one step', () => {
          const strategy = kind.make();
          for (const seed of SEEDS) {
            strategy.begin(seed, guest.lanes);
            guest.run(checked(strategy));
          }
        });

        it('makes the same schedule of the same seed, whatever it did before', () => {
          const [one, other] = [kind.make(), kind.make()];
          for (const seed of SEEDS) {
            const execution = run(one, seed);
            expect(execution.log.length).toBeGreaterThan(1);
            run(other, seed + 1);
            expect(run(other, seed)).toEqual(execution);
          }
        });

        if (kind.seeded) {
          it('makes other schedules of other seeds', () => {
            const strategy = kind.make();
            const schedules = new Set(SEEDS.map((seed) => JSON.stringify(run(strategy, seed).log)));
            expect(schedules.size).toBeGreaterThan(1);
          });
        }

        it('is replayed from its record, operation by operation', () => {
          const strategy = kind.make();
          for (const seed of SEEDS) {
            const execution = run(strategy, seed);
            const replay = new Replay(execution.log);
            expect(run(replay, 0)).toEqual(execution);
            replay.finish(Number.NaN);
          }
        });
      });
    }

    it('may be abandoned in the middle of an execution', () => {
      const told = lockedCounter(3, 5);
      const strategy = kind.make();
      const whole = (): unknown => {
        strategy.begin(5, told.lanes);
        return told.run(strategy);
      };
      const first = whole();
      strategy.begin(6, told.lanes);
      let left = 1;
      const breaking: Scheduler = {
        choose(point) {
          if (left-- === 0) throw new Error('enough');
          return strategy.choose(point);
        },
      };
      expect(() => told.run(breaking)).toThrow('enough');
      expect(whole()).toEqual(first);
    });

    if (kind.fair) {
      for (const first of [true, false]) {
        it(`does not starve a thread on the ${first ? 'last' : 'first'} lane`, () => {
          const program = spinner(first);
          const strategy = kind.make();
          for (const seed of SEEDS) {
            strategy.begin(seed, 2);
            expect(program.run(strategy)).toBe('halted');
          }
        });
      }
    }
  });
}
