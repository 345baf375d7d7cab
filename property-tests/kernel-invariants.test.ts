import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Kernel } from '../kernel/kernel.ts';
import type { Param } from '../kernel/param.ts';
import { Situation, SMALL, type StrategyName } from './executions.ts';
import { alone, type Command, commands } from './model/commands.ts';
import { Interpreter } from './model/interpreter.ts';
import { Killed, SequentialModel } from './model/sequential.ts';

// The laws, for generated programs: what each call answers is allowed, references and descriptors
// agree whenever shm.lock is free, an object gets its size once, every execution halts, and nothing
// is left. KERNEL_RUNS sets how many executions each property tries.

const RUNS = Number(process.env.KERNEL_RUNS ?? 2000);

const strategies = fc.constantFrom<StrategyName>('random', 'round-robin');
const seeds = fc.integer({ min: 0, max: 2 ** 31 - 1 });

/** Memory from just enough for the initial processes to plenty, with and without a failure. */
const limits: fc.Arbitrary<Partial<Param>> = fc.record({
  ncpu: fc.constantFrom(1, 2, 3, 4, 8),
  nproc: fc.integer({ min: 6, max: 9 }),
  nshm: fc.integer({ min: 1, max: 4 }),
  frames: fc.constantFrom(60, 80, 200),
  // Not less: handling an interrupt takes some 10 operations a process, and must leave time to work.
  tickInterval: fc.constantFrom(0, 150, 400),
  kallocFailsAt: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 60 })),
});

/** Whether a command may have that answer, in whatever state other processes have put the kernel. */
function allowed(command: Command, answer: number, nshmpg: number): boolean {
  switch (command.do) {
    case 'open':
      return answer >= -1 && answer < SMALL.noshm && !(command.name === '' && answer >= 0);
    case 'trunc': {
      const valid = command.size > 0 && command.size <= nshmpg * 4096 && command.od >= 0;
      return answer === -1 || (valid && answer === Math.ceil(command.size / 4096) * 4096);
    }
    case 'map': {
      const inside = answer >= 0x4000_0000 && answer < 0x8000_0000 && answer % 4096 === 0;
      return answer === -1 || (!command.bad && inside);
    }
    case 'close':
    case 'kill':
      return answer === 0 || answer === -1;
    case 'read':
    case 'add':
      // A count, not the bytes of a frame that is fresh from the allocator or freed.
      return answer >= -1 && answer < 1000;
    case 'exec':
      return answer === -1;
    case 'exit':
      return false;
    default:
      return answer >= -1;
  }
}

/** Notes every object whose size changes while it lives. Adds to what Situation watches. */
function watchSizes(k: Kernel): string[] {
  const found: string[] = [];
  const sizes = k.shm.objects.map(() => 0);
  const before = k.m.onRelease;
  k.m.onRelease = (lock) => {
    before?.(lock);
    if (lock !== k.shm.lock.word) return;
    for (const o of k.shm.objects) {
      const pages = k.m.words[o.pages] as number;
      const old = sizes[o.index] as number;
      const alive = k.m.words[o.refs] !== 0;
      if (alive && old !== 0 && pages !== old)
        found.push(`shm[${o.index}]: ${old} → ${pages} pages`);
      sizes[o.index] = alive ? pages : 0;
    }
  };
  return found;
}

describe('for generated processes that fork, exit, are killed, execute and run out of memory', () => {
  test('the invariants of the kernel hold, answers are allowed, and all of it halts', () => {
    fc.assert(
      fc.property(
        fc.array(commands, { minLength: 2, maxLength: 5 }),
        limits,
        strategies,
        seeds,
        (processes, param, strategy, seed) => {
          const refused: string[] = [];
          const interpreter = new Interpreter((command, answer) => {
            if (allowed(command, answer, SMALL.nshmpg)) return;
            refused.push(`${JSON.stringify(command)} answered ${answer}`);
          });
          const initial = processes.map((list) => [interpreter.nameOf(list)]);
          const situation = new Situation(interpreter.programs, initial, param);
          const outcome = situation.execute(strategy, seed, watchSizes);
          expect(refused).toEqual([]);
          expect(outcome.problems).toEqual([]);
          expect(outcome.ending).toBe('halted');
        },
      ),
      { numRuns: RUNS },
    );
  });
});

describe('for a generated process that is alone', () => {
  test('each call answers what the sequential model answers, and memory holds what it holds', () => {
    fc.assert(
      fc.property(alone, fc.constantFrom(1, 4), strategies, seeds, (list, ncpu, strategy, seed) => {
        const answers: number[] = [];
        const interpreter = new Interpreter((_, answer) => answers.push(answer));
        const initial = [[interpreter.nameOf(list)]];
        const situation = new Situation(interpreter.programs, initial, {
          ncpu,
          nshm: 2,
          frames: 250,
        });
        const outcome = situation.execute(strategy, seed);
        const model = new SequentialModel({ ...SMALL, nshm: 2 });
        const expected: number[] = [];
        let status = 0;
        try {
          for (const command of list) expected.push(model.answer(command));
        } catch (error) {
          if (!(error instanceof Killed)) throw error;
          status = -1;
        }
        expect(answers).toEqual(expected);
        expect(outcome.statuses.get(2)).toBe(status);
        expect(outcome.problems).toEqual([]);
      }),
      { numRuns: RUNS },
    );
  });
});
