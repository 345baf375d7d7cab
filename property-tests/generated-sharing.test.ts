import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Program } from '../kernel/abi.ts';
import { Kernel } from '../kernel/kernel.ts';
import { PARAM } from '../kernel/param.ts';
import { SMALL } from '../scenarios/scenario.ts';
import { RandomWalk } from '../scheduler/strategies/random.ts';
import { execute, watch } from '../src/stage/execution.ts';
import { PROGRAMS } from '../user/programs/index.ts';

// Programs of all kinds of shared memory at once, with files and forks between: nothing is found.

const of = (...steps: readonly string[]): fc.Arbitrary<string> => fc.constantFrom(...steps);

/** A step of a script. Those that touch memory do so atomically: races of the user's are no bugs. */
const step: fc.Arbitrary<string> = fc.oneof(
  of('shmget:7', 'shmget:8:8192', 'shmgetx:7', 'shmat', 'shmat:0', 'shmdt', 'rmid', 'add', 'add'),
  of('posix:a', 'posixx:a', 'posix:b', 'shmunlink:a', 'shmunlink:b'),
  of('ftruncate:3:1', 'ftruncate:3:2', 'ftruncate:4:1', 'ftruncate:3:0', 'pmap:3:2', 'pmap:4:1'),
  of('punmap:1', 'punmap:2', 'pclose:3', 'pclose:4', 'dup:3'),
  of('open:x', 'trunc:0:8192', 'map:0', 'close:0', 'creat:f', 'unlink:f', 'pipe'),
  of('fork', 'p/wait', 'c/exit', 'sbrk:4096', 'sbrk:-4096', 'exec:script'),
);

const script = fc.array(step, { minLength: 2, maxLength: 14 });

const programs: ReadonlyMap<string, Program> = new Map(
  Object.entries(PROGRAMS).map(([name, { program }]) => [name, program]),
);

test('processes that share memory in every way come to an end, and no detector finds anything', () => {
  const strategy = new RandomWalk();
  fc.assert(
    fc.property(
      fc.array(script, { minLength: 2, maxLength: 3 }),
      fc.record({
        ncpu: fc.integer({ min: 1, max: 3 }),
        // Enough, or so few that calls fail half-way.
        frames: fc.constantFrom(96, 50),
        tickInterval: fc.constantFrom(0, 200),
      }),
      (scripts, machine) => {
        const initial = scripts.map((steps) => ({ name: 'script', argv: ['script', ...steps] }));
        const limits = { ...machine, nproc: 12, nvma: 6, nobject: 6, stepsMax: 500_000 };
        const k = new Kernel({ ...PARAM, ...SMALL, ...limits }, programs, initial);
        watch(k, null, false);
        for (let seed = 1; seed <= 3; seed++) {
          const { finding, ending } = execute(k, strategy, seed);
          expect(finding).toBeUndefined();
          expect(ending).toBe('halted');
        }
      },
    ),
    { numRuns: 150 },
  );
});
