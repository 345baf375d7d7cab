import fc from 'fast-check';
import { SCENARIOS } from '../scenarios/index.ts';
import { STRATEGIES } from '../scheduler/strategies.ts';
import { type GuestSpec, guestSpec } from '../src/subject/kernel-spec.ts';
import type { RunOptions } from '../src/verbs/run.ts';

/** Programs and scenarios; every one of them has processes that meet. */
const GUESTS: readonly (readonly string[])[] = [
  ['shmtest', 'foo', '8192', '3'],
  ['churn', 'foo', '4'],
  ['scaling', 'foo', '3', '2', '2'],
  ['shmfork', 'foo'],
  ['killer', 'foo'],
  ...Object.keys(SCENARIOS).map((name) => [name]),
];

interface Recorded extends RunOptions {
  readonly spec: GuestSpec;
}

/**
 * Executions of the kernel, on machines of any kind: timers fast or absent, memory that runs out,
 * step limits that end it anywhere. A function, because a strategy has state.
 */
export const anyRun: fc.Arbitrary<() => Recorded> = fc
  .record({
    guest: fc.constantFrom(...GUESTS),
    strategy: fc.constantFrom(...STRATEGIES.values()),
    seed: fc.maxSafeInteger(),
    ncpu: fc.constantFrom(1, 2, 3, 8),
    tickInterval: fc.constantFrom(0, 60, 1000),
    kallocFailsAt: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 60 })),
    stepsMax: fc.oneof(fc.constant(50_000), fc.integer({ min: 200, max: 2000 })),
    detail: fc.constantFrom(0, 1, 2),
  })
  .map(({ guest: [program = '', ...args], strategy, seed, detail, ...param }) => {
    const spec = guestSpec(program, args, param);
    return () => ({ spec, seed, strategy: strategy.make(), detail });
  });
