import fc from 'fast-check';
import { shortId } from '../../detectors/finding.ts';
import type { Param } from '../../kernel/param.ts';
import { type GuestSpec, guestSpec } from '../subject/kernel-spec.ts';
import { FAMILIES, type Family } from './families.ts';
import { type Move, stepsOf } from './steps.ts';

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

/** Which of the family's verbs or prologues; larger than any of their numbers. */
const choice = fc.nat({ max: 999 });

interface Drawn {
  readonly prologue: number;
  readonly moves: readonly (Omit<Move, 'verb'> & { readonly verb: number })[];
}

const process: fc.Arbitrary<Drawn> = fc.record({
  prologue: choice,
  moves: fc.array(
    fc.record({
      who: fc.constantFrom('both', 'both', 'child', 'parent'),
      verb: choice,
      a: small,
      b: small,
    }),
    { maxLength: MOVES_MAX },
  ),
});

const pick = <T>(list: readonly T[], n: number): T => list[n % list.length] as T;

function stepsOfProcess({ prologue, moves }: Drawn, family: Family, kills: boolean): string[] {
  const { prologues } = family;
  // Not all share one name, nor have one size.
  const rest = Math.floor(prologue / prologues.length);
  const [a, b] = [rest % 3, Math.floor(rest / 3) % 2];
  const first = pick(prologues, prologue).map((verb): Move => ({ who: 'both', verb, a, b }));
  const further = moves.map((one): Move => ({ ...one, verb: pick(family.verbs, one.verb) }));
  return stepsOf([...first, ...further], kills);
}

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
  nofile: fc.constantFrom(8, 5),
  nfile: fc.constantFrom(12, 6),
  ninode: fc.constantFrom(8, 5),
  npipe: fc.constantFrom(4, 1),
  pipesize: fc.constantFrom(64, 16),
  fssize: fc.constantFrom(12, 7, 5),
  nvma: fc.constantFrom(6, 3),
  nobject: fc.constantFrom(8, 2),
  nsegment: fc.constantFrom(4, 2, 1),
  frames: fc.constantFrom(96, 64, 56, 48),
  tickInterval: fc.constantFrom(0, 0, 1000, 300),
  // In the first schedule; in each further one the next.
  kallocFailsAt: fc.constantFrom(0, 0, 0, 0, 1, 1, 11, 21),
  // Ten times what the longest takes: unfair strategies often go on for ever.
  stepsMax: fc.constant(30_000),
});

/**
 * A case before its steps are told; plain values only, so that each can be shrunk on its own. Without
 * fast-check's preference for small and extreme values in first draws: here each draw is a first one.
 */
const drawings = fc.noBias(
  fc.record({
    // Processes of one family, so that they meet. By number: a constant would shrink to the first or
    // not at all.
    family: fc.nat({ max: FAMILIES.length - 1 }),
    kills: fc.boolean(),
    processes: fc.array(process, { minLength: 1, maxLength: PROCESSES_MAX }),
    param,
    seed: fc.noShrink(fc.nat({ max: 2 ** 31 - 1 })),
  }),
);

/** What was drawn for a case, and what shrinking it needs. */
export type Drawing = fc.Value<typeof drawings extends fc.Arbitrary<infer T> ? T : never>;

/** The case of a program's seed; it depends on nothing else. */
export function draw(seed: number): Drawing {
  // fast-check takes seeds of 32 bits; all of ours that differ by less than 2^32 stay different.
  const [value] = fc.sample(drawings, { seed: seed | 0, numRuns: 1 });
  return new fc.Value(value as Drawing['value'], undefined);
}

/** Names the version of what is generated: a digest of some cases. */
export function generation(): string {
  return shortId(...[1, 2, 3, 4, 5, 6].map((seed) => JSON.stringify(caseOf(draw(seed)))));
}

/** Smaller ones, those first that are much smaller. */
export function smaller({ value_, context }: Drawing): Iterable<Drawing> {
  return drawings.shrink(value_, context);
}

export function caseOf({
  value: { family, kills, processes, param: limits, seed },
}: Drawing): FuzzCase {
  const steps = processes.map((one) => stepsOfProcess(one, pick(FAMILIES, family), kills));
  return { processes: steps, param: limits, seed };
}

/** What the case boots: the user program `script` once for each process. */
export function specOfCase(
  { processes, param: limits }: FuzzCase,
  mutants: readonly string[],
): GuestSpec {
  const words = processes.flatMap((steps, i) => [...(i > 0 ? ['+'] : []), 'script', ...steps]);
  return guestSpec('script', words.slice(1), limits, mutants);
}
