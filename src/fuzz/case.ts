import fc from 'fast-check';
import type { Param } from '../../kernel/param.ts';
import { type GuestSpec, guestSpec } from '../guest.ts';
import { type Move, PROLOGUES, stepsOf, VERBS } from './steps.ts';

/** A generated program with its machine, and where its schedules begin. */
export interface FuzzCase {
  /** The steps of each initial process. */
  readonly processes: readonly (readonly string[])[];
  readonly param: Partial<Param>;
  /** Seed of the first schedule; each further one has the next. */
  readonly seed: number;
}

const PROCESSES_MAX = 3;
const MOVES_MAX = 9;

const small = fc.nat({ max: 3 });

const move: fc.Arbitrary<Move> = fc.record({
  who: fc.constantFrom('both', 'both', 'child', 'parent'),
  verb: fc.constantFrom(...VERBS),
  a: small,
  b: small,
});

const process: fc.Arbitrary<readonly string[]> = fc
  .record({
    // By number: a constant would shrink to the first or not at all.
    prologue: fc.nat({ max: PROLOGUES.length - 1 }).map((i) => PROLOGUES[i] ?? []),
    moves: fc.array(move, { maxLength: MOVES_MAX }),
  })
  .map(({ prologue, moves }) => {
    const first = prologue.map((verb): Move => ({ who: 'both', verb, a: 0, b: 0 }));
    return stepsOf([...first, ...moves]);
  });

/**
 * A machine small enough that its limits are near. Each list begins with what shrinking prefers: one
 * CPU, the usual limits of scenarios, no timers, no failing allocation.
 */
const param: fc.Arbitrary<Partial<Param>> = fc.record({
  ncpu: fc.integer({ min: 1, max: 4 }),
  nproc: fc.constantFrom(6, 5, 8),
  nshm: fc.constantFrom(4, 2, 1),
  nshmpg: fc.constantFrom(4, 2, 1),
  noshm: fc.constantFrom(4, 2, 1),
  frames: fc.constantFrom(96, 64, 56, 48),
  tickInterval: fc.constantFrom(0, 0, 1000, 300),
  kallocFailsAt: fc.oneof(
    { withCrossShrink: true },
    { weight: 2, arbitrary: fc.constant(0) },
    { weight: 1, arbitrary: fc.integer({ min: 1, max: 30 }) },
  ),
  // Ten times what the longest takes: unfair strategies often go on for ever.
  stepsMax: fc.constant(30_000),
});

export const fuzzCases: fc.Arbitrary<FuzzCase> = fc.record({
  processes: fc.array(process, { minLength: 1, maxLength: PROCESSES_MAX }),
  param,
  seed: fc.noShrink(fc.nat({ max: 2 ** 31 - 1 })),
});

/** What the case boots: the user program `script` once for each process. */
export function specOfCase(
  { processes, param: limits }: FuzzCase,
  mutants: readonly string[],
): GuestSpec {
  const words = processes.flatMap((steps, i) => [...(i > 0 ? ['+'] : []), 'script', ...steps]);
  return guestSpec('script', words.slice(1), limits, mutants);
}
