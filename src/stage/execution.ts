import type { DetectorKind } from '../../detectors/detector.ts';
import { DETECTORS } from '../../detectors/index.ts';
import type { KernelEvents } from '../../kernel/events.ts';
import type { Kernel } from '../../kernel/kernel.ts';
import type { BareProgram } from '../../machine/bare.ts';
import { invariant } from '../../machine/index.ts';
import type { Strategy } from '../../scheduler/strategy.ts';
import { stageOf } from '../subject/subject.ts';
import type { Outcome, Stage } from './stage.ts';

export type { Outcome } from './stage.ts';

/* Stages for a kernel, or bare threads, that somebody built by hand. */

const stages = new WeakMap<Kernel | BareProgram, Stage>();

/**
 * Attaches detectors, and whoever listens to a kernel's executions; null events cost nothing. Call
 * it once, then `execute` as often as wanted: what detectors learn over executions stays.
 *
 * @param detectors from `selectDetectors`, for example; the detector of panics is always there
 */
export function watch(
  what: Kernel | BareProgram,
  events: KernelEvents | null = null,
  locks = false,
  detectors: readonly DetectorKind[] = DETECTORS,
): void {
  let stage = stages.get(what);
  if (stage === undefined) {
    stage = stageOf(what);
    stages.set(what, stage);
  }
  stage.watch({ detectors, events, locks });
}

/** One execution from the end of set-up, as Stage.execute, of what was given to `watch`. */
export function execute(what: Kernel | BareProgram, strategy: Strategy, seed: number): Outcome {
  const stage = stages.get(what);
  invariant(stage !== undefined, 'what is executed is watched before');
  return stage.execute(strategy, seed);
}
