import { addProgram, type FuzzShare, noFuzzShare } from '../fuzz/fuzz.ts';
import { examine, type FuzzFinding, type FuzzHit, type Making, made } from '../fuzz/program.ts';
import type { Work } from '../fuzz/work.ts';
import type { Beat } from './beat.ts';
import type { Opened } from './unit.ts';

/** What all units of a fuzzing campaign have in common. */
export interface FuzzSetup {
  readonly making: Making;
  readonly keepGoing: boolean;
}

/** Programs of some seeds. The smallest unit is one program. */
export interface ProgramsTask {
  readonly kind: 'programs';
  readonly first: number;
  /** One behind the last. */
  readonly end: number;
}

/** A finding to be made small. */
export interface ShrinkTask {
  readonly kind: 'shrink';
  /** Which of those that were found. */
  readonly index: number;
  readonly hit: FuzzHit;
}

export type FuzzTask = ProgramsTask | ShrinkTask;

export interface ProgramsResult {
  readonly kind: 'programs';
  readonly share: FuzzShare;
  /** Whether it ended early: programs of its task are left out, and none was found before them. */
  readonly isCut: boolean;
}

export interface ShrinkResult {
  readonly kind: 'shrink';
  readonly index: number;
  /** Undefined when it ended early. */
  readonly finding: FuzzFinding | undefined;
}

export type FuzzResult = ProgramsResult | ShrinkResult;

/** For threads; see UnitModule. */
export function open(setup: unknown): Promise<Opened> {
  return Promise.resolve(fuzzUnits(setup as FuzzSetup) as Opened);
}

/** Runs units of a fuzzing campaign. */
export function fuzzUnits(setup: FuzzSetup): Opened<FuzzTask, FuzzResult> {
  return (task, beat) =>
    task.kind === 'programs' ? programs(setup, task, beat) : shrink(setup, task, beat);
}

async function programs(
  { making, keepGoing }: FuzzSetup,
  { first, end }: ProgramsTask,
  beat: Beat,
): Promise<ProgramsResult> {
  const share = noFuzzShare();
  let isCut = false;
  for (let seed = first; seed < end && !isCut; seed++) {
    const examined = await done(examine(making, seed), beat, (steps) => beat.did(steps));
    if (examined === undefined) isCut = true;
    else addProgram(share, examined);
    if (share.hits.length > 0 && !keepGoing) break;
  }
  return { kind: 'programs', share, isCut };
}

async function shrink(
  { making }: FuzzSetup,
  { index, hit }: ShrinkTask,
  beat: Beat,
): Promise<ShrinkResult> {
  // What shrinking does is not counted.
  const finding = await done(made(making, hit), beat, () => true);
  return { kind: 'shrink', index, finding };
}

/** Does work, resting when `rests` answers so; undefined when it is to end early. */
async function done<Result>(
  work: Work<Result>,
  beat: Beat,
  rests: (operations: number) => boolean,
): Promise<Result | undefined> {
  for (;;) {
    const next = work.next();
    if (next.done) return next.value;
    if (rests(next.value) && !(await beat.rest())) return undefined;
  }
}
