import type { KernelEvents } from '../kernel/events.ts';
import type { Kernel } from '../kernel/kernel.ts';
import type { BareProgram } from '../machine/bare.ts';
import { type Ending, invariant } from '../machine/index.ts';
import type { Strategy } from '../scheduler/strategy.ts';
import type { DetectorKind } from './detectors/detector.ts';
import { Guest } from './detectors/guest.ts';
import { DETECTORS } from './detectors/index.ts';
import { panic } from './detectors/panic.ts';
import type { Finding } from './finding.ts';
import { scenarioOf } from './guest.ts';
import { Watcher } from './watcher.ts';

/** How one execution went. */
export interface Outcome {
  /** 'found' when a detector or a panic ended it. */
  readonly ending: Ending | 'found';
  readonly finding: Finding | undefined;
  /** What detectors could not decide, a line each; left out when there is nothing to say. */
  readonly notes?: readonly string[];
}

/**
 * Attaches detectors to a kernel, and whoever listens to its executions; null events cost nothing.
 * Call it once, then `execute` as often as wanted: what detectors learn over executions stays.
 *
 * @param detectors from `selectDetectors`, for example; the detector of panics is always there
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
  const watcher = new Watcher(new Guest(k.m, k, scenarioOf(k)), withPanic(detectors));
  k.m.observer = watcher;
  k.watch = watcher;
}

/** As watch, for a bare program: detectors that read a kernel's tables have nothing to do there. */
export function watchProgram(
  program: BareProgram,
  detectors: readonly DetectorKind[] = DETECTORS,
): void {
  const { machine } = program;
  machine.observer = new Watcher(new Guest(machine), withPanic(detectors));
}

/** An execution that panics has no other end. */
function withPanic(kinds: readonly DetectorKind[]): readonly DetectorKind[] {
  return kinds.includes(panic) ? kinds : [...kinds, panic];
}

/**
 * One execution from the end of set-up, watched by the detectors that `watch` attached.
 *
 * @throws InternalError and whatever else is not the guest's doing; an InternalError about a detector
 *   names it.
 */
export function execute(k: Kernel, strategy: Strategy, seed: number): Outcome {
  const { watch: watcher } = k;
  invariant(watcher instanceof Watcher, 'a kernel is watched before it is executed');
  strategy.begin(seed, 2 * k.param.ncpu);
  return observe(watcher, () => k.run(strategy));
}

/**
 * One execution of a bare program that `watchProgram` was called for.
 *
 * @throws as execute, and whatever a thread throws by itself.
 */
export function executeProgram(program: BareProgram, strategy: Strategy, seed: number): Outcome {
  const { observer } = program.machine;
  invariant(observer instanceof Watcher, 'a program is watched before it is executed');
  strategy.begin(seed, program.lanes.length);
  return observe(observer, () => program.run(strategy));
}

function observe(watcher: Watcher, run: () => Ending): Outcome {
  watcher.begin();
  try {
    const ending = run();
    const finding = watcher.ended(ending);
    const notes = watcher.notes();
    return notes.length === 0 ? { ending, finding } : { ending, finding, notes };
  } catch (error) {
    return { ending: 'found', finding: watcher.explain(error) };
  }
}
