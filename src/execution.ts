import type { KernelEvents } from '../kernel/events.ts';
import type { Kernel } from '../kernel/kernel.ts';
import type { Ending } from '../machine/index.ts';
import type { Strategy } from '../scheduler/strategy.ts';
import { DETECTORS } from './detectors/index.ts';
import { type Finding, Found } from './finding.ts';

/** How one execution went. */
export interface Outcome {
  /** 'found' when a detector or a panic ended it. */
  readonly ending: Ending | 'found';
  readonly finding: Finding | undefined;
}

/** Attaches who listens to a kernel's executions from now on; null events cost nothing. */
export function watch(k: Kernel, events: KernelEvents | null, locks: boolean): void {
  const watchers = DETECTORS.filter((d) => d.released !== undefined);
  k.listen(events, locks, (lock) => {
    for (const detector of watchers) {
      const finding = detector.released?.(k, lock);
      if (finding !== undefined) throw new Found(finding);
    }
  });
}

/**
 * One execution from the end of set-up, watched by all detectors.
 *
 * @throws InternalError and whatever else is not the guest's doing.
 */
export function execute(k: Kernel, strategy: Strategy, seed: number): Outcome {
  strategy.begin(seed, 2 * k.param.ncpu);
  try {
    const ending = k.run(strategy);
    for (const detector of DETECTORS) {
      const finding = detector.ended?.(k, ending);
      if (finding !== undefined) return { ending, finding };
    }
    return { ending, finding: undefined };
  } catch (error) {
    return { ending: 'found', finding: explain(k, error) };
  }
}

function explain(k: Kernel, error: unknown): Finding {
  if (error instanceof Found) return error.finding;
  for (const detector of DETECTORS) {
    const finding = detector.threw?.(k, error);
    if (finding !== undefined) return finding;
  }
  throw error;
}
