import { describe, expect, test } from 'vitest';
import { DETECTORS } from '../detectors/index.ts';
import { Watched } from '../detectors/watched.ts';
import { leak } from '../detectors/xv6/leak.ts';
import type { Kernel } from '../kernel/kernel.ts';
import { InternalError } from '../machine/index.ts';
import { SCENARIOS } from '../scenarios/index.ts';
import { RandomWalk } from '../scheduler/strategies/random.ts';
import { RoundRobin } from '../scheduler/strategies/round-robin.ts';
import { UsageError } from '../src/errors.ts';
import { selectDetectors } from '../src/select-detectors.ts';
import { execute, watch } from '../src/stage/execution.ts';
import { bootGuest, guestSpec } from '../src/subject/kernel-spec.ts';
import { BARE_PROGRAMS } from './bare-programs.ts';

const strategies = [new RandomWalk(), new RoundRobin()];

test.each(Object.keys(SCENARIOS))('watching changes nothing of %s', (scenario) => {
  const k = bootGuest(guestSpec(scenario, [], {}));
  // What is found ends an execution.
  const races = SCENARIOS[scenario]?.races === true;
  const kinds = DETECTORS.filter(({ name }) => !(races && name === 'race'));
  for (const strategy of strategies) {
    for (let seed = 1; seed <= 3; seed++) {
      watch(k, null, false, kinds);
      execute(k, strategy, seed);
      const watched = [k.m.step, k.m.memory.digest(k.m.step)];
      k.m.observer = null;
      k.watch = null;
      strategy.begin(seed, 2 * k.param.ncpu);
      k.run(strategy);
      expect([k.m.step, k.m.memory.digest(k.m.step)]).toEqual(watched);
    }
  }
});

test.each(BARE_PROGRAMS)('watching changes nothing of %s', (_, told) => {
  const strategy = new RandomWalk();
  const run = (seed: number) => {
    strategy.begin(seed, told.lanes);
    return told.run(strategy);
  };
  // Those that find something would end the execution; the others see all the same operations.
  const kinds = DETECTORS.filter(({ name }) => name !== 'race' && name !== 'lock-order');
  for (let seed = 1; seed <= 50; seed++) {
    told.program.machine.observer = null;
    const alone = run(seed);
    watch(told.program, null, false, kinds);
    expect(run(seed)).toEqual(alone);
  }
});

describe('a choice of detectors', () => {
  test('keeps the order in which they are asked', () => {
    const names = selectDetectors(['leak', 'race']).map(({ name }) => name);
    expect(names).toEqual(['race', 'leak']);
  });

  test('of a name that is none is refused in one line that helps', () => {
    expect(() => selectDetectors(['race', 'leek'])).toThrow(UsageError);
    expect(() => selectDetectors(['leek'])).toThrow('no detector leek; did you mean leak?');
  });

  test('finds nothing that is not asked for, but a panic is always found', () => {
    const k = bootGuest(guestSpec('open-close', [], {}, ['shm-open-late-name']));
    watch(k, null, false, selectDetectors(['race']));
    expect(execute(k, new RoundRobin(), 1).finding).toBeUndefined();
    const panics = bootGuest(guestSpec('close-closed', [], {}, ['shm-close-leaks-lock']));
    watch(panics, null, false, []);
    expect(execute(panics, new RoundRobin(), 1).finding?.detector).toBe('panic');
  });
});

test('a detector that fails is named, and it is our fault', () => {
  const k = bootGuest(guestSpec('open-close', [], {}));
  let armed = false;
  const broken: Kernel = Object.create(k, {
    shm: {
      get() {
        if (armed) throw new Error('no such table');
        return k.shm;
      },
    },
  });
  watch(k, null, false, [{ ...leak, make: () => leak.make(new Watched(k.m, { kernel: broken })) }]);
  armed = true;
  const act = () => execute(k, new RoundRobin(), 1);
  expect(act).toThrow(InternalError);
  expect(act).toThrow('the detector leak failed: no such table');
});
