import { linearizability } from './calls/linearizability.ts';
import { check } from './check.ts';
import { deadlock } from './deadlock.ts';
import type { DetectorKind } from './detector.ts';
import { endless } from './endless.ts';
import { exception } from './exception.ts';
import { livelock } from './livelock.ts';
import { lockDiscipline } from './lock-discipline.ts';
import { lockOrder } from './lock-order.ts';
import { lostWakeup } from './lost-wakeup.ts';
import { race } from './race.ts';
import { dangling } from './xv6/dangling.ts';
import { files } from './xv6/files.ts';
import { isolation } from './xv6/isolation.ts';
import { leak } from './xv6/leak.ts';
import { lifeCycle } from './xv6/life-cycle.ts';
import { objects } from './xv6/objects.ts';
import { panic } from './xv6/panic.ts';
import { program } from './xv6/program.ts';
import { refcount } from './xv6/refcount.ts';
import { sleepingWithLock } from './xv6/sleeping-with-lock.ts';
import { staleTlb } from './xv6/stale-tlb.ts';
import { useAfterFree } from './xv6/use-after-free.ts';
import { userCopies } from './xv6/user-copies.ts';

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
