import { dangling } from './dangling.ts';
import { deadlock } from './deadlock.ts';
import type { DetectorKind } from './detector.ts';
import { endless } from './endless.ts';
import { isolation } from './isolation.ts';
import { leak } from './leak.ts';
import { lockDiscipline } from './lock-discipline.ts';
import { lockOrder } from './lock-order.ts';
import { objects } from './objects.ts';
import { panic } from './panic.ts';
import { race } from './race.ts';
import { refcount } from './refcount.ts';
import { sleepingWithLock } from './sleeping-with-lock.ts';
import { staleTlb } from './stale-tlb.ts';
import { useAfterFree } from './use-after-free.ts';

/**
 * All detectors, in the order in which they are asked: where two see the same moment, the one that
 * explains more goes first.
 */
export const DETECTORS: readonly DetectorKind[] = [
  useAfterFree,
  staleTlb,
  dangling,
  isolation,
  lockDiscipline,
  race,
  lockOrder,
  sleepingWithLock,
  refcount,
  objects,
  panic,
  deadlock,
  endless,
  leak,
];
