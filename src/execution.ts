import type { KernelEvents } from '../kernel/events.ts';
import type { Kernel } from '../kernel/kernel.ts';
import { type Ending, invariant } from '../machine/index.ts';
import type { Strategy } from '../scheduler/strategy.ts';
import type { DetectorKind } from './detectors/detector.ts';
import { DETECTORS } from './detectors/index.ts';
import type { Finding } from './finding.ts';
import { Watcher } from './watcher.ts';

/** How one execution went. */
export interface Outcome {
  /** 'found' when a detector or a panic ended it. */
  readonly ending: Ending | 'found';
  readonly finding: Finding | undefined;
}

/**
 * Attaches detectors to a kernel, and whoever listens to its executions; null events cost nothing.
 * Call it once, then `execute` as often as wanted: what detectors learn over executions stays.
 */
export function watch(
  k: Kernel,
  events: KernelEvents | null,
  locks: boolean,
  detectors: readonly DetectorKind[] = DETECTORS,
): void {
  k.listen(events, locks, null);
  // Detectors learn from the state that executions begin with, not from how the last one ended.
  k.reset();
  const watcher = new Watcher(k, detectors);
  k.m.observer = watcher;
  k.watch = watcher;
}

/**
 * One execution from the end of set-up, watched by the detectors that `watch` attached.
 *
 * @throws InternalError and whatever else is not the guest's doing.
 */
export function execute(k: Kernel, strategy: Strategy, seed: number): Outcome {
  const { watch: watcher } = k;
  invariant(watcher instanceof Watcher, 'a kernel is watched before it is executed');
  strategy.begin(seed, 2 * k.param.ncpu);
  watcher.begin();
  try {
    const ending = k.run(strategy);
    return { ending, finding: watcher.ended(ending) };
  } catch (error) {
    return { ending: 'found', finding: watcher.explain(error) };
  }
}
