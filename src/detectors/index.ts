import { UsageError } from '../errors.ts';
import { didYouMean } from '../nearest.ts';
import { check } from './check.ts';
import { dangling } from './dangling.ts';
import { deadlock } from './deadlock.ts';
import type { DetectorKind } from './detector.ts';
import { endless } from './endless.ts';
import { exception } from './exception.ts';
import { files } from './files.ts';
import { isolation } from './isolation.ts';
import { leak } from './leak.ts';
import { lifeCycle } from './life-cycle.ts';
import { linearizability } from './linearizability.ts';
import { livelock } from './livelock.ts';
import { lockDiscipline } from './lock-discipline.ts';
import { lockOrder } from './lock-order.ts';
import { lostWakeup } from './lost-wakeup.ts';
import { objects } from './objects.ts';
import { panic } from './panic.ts';
import { program } from './program.ts';
import { race } from './race.ts';
import { refcount } from './refcount.ts';
import { sleepingWithLock } from './sleeping-with-lock.ts';
import { staleTlb } from './stale-tlb.ts';
import { useAfterFree } from './use-after-free.ts';
import { userCopies } from './user-copies.ts';

/**
 * All detectors, in the order in which they are asked: where two see the same moment, the one that
 * explains more goes first.
 */
export const DETECTORS: readonly DetectorKind[] = [
  useAfterFree,
  staleTlb,
  dangling,
  userCopies,
  isolation,
  lockDiscipline,
  race,
  lostWakeup,
  deadlock,
  lockOrder,
  sleepingWithLock,
  refcount,
  objects,
  files,
  lifeCycle,
  panic,
  exception,
  livelock,
  endless,
  leak,
  linearizability,
  program,
  check,
];

/**
 * The detectors of these names, in their own order.
 *
 * @throws UsageError for a name that is none.
 */
export function selectDetectors(names: readonly string[] | undefined): readonly DetectorKind[] {
  if (names === undefined) return DETECTORS;
  const all = DETECTORS.map(({ name }) => name);
  for (const name of names) {
    if (all.includes(name)) continue;
    throw new UsageError(`no detector ${name}${didYouMean(name, all) || '; list shows them'}`);
  }
  return DETECTORS.filter(({ name }) => names.includes(name));
}
