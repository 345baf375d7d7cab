import { deadlockDetector } from './deadlock.ts';
import type { Detector } from './detector.ts';
import { endlessDetector } from './endless.ts';
import { leakDetector } from './leak.ts';
import { panicDetector } from './panic.ts';
import { refcountDetector } from './refcount.ts';

/** All detectors, in the order in which they are asked. */
export const DETECTORS: readonly Detector[] = [
  panicDetector,
  deadlockDetector,
  endlessDetector,
  refcountDetector,
  leakDetector,
];
