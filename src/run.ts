import type { Kernel } from '../kernel/kernel.ts';
import type { Strategy } from '../scheduler/strategy.ts';
import type { TraceHeader } from '../traces/trace.ts';
import type { Sink } from '../traces/writer.ts';
import { selectDetectors } from './detectors/index.ts';
import { execute, type Outcome, watch } from './execution.ts';
import { explain } from './explain/explain.ts';
import type { Report } from './explain/report.ts';
import { shortId } from './finding.ts';
import { bootGuest, type GuestSpec } from './guest.ts';
import { Recording, traceHeader } from './recording.ts';
import { type Tally, tally } from './tally.ts';

export interface RunOptions {
  readonly spec: GuestSpec;
  /** A safe integer. */
  readonly seed: number;
  readonly strategy: Strategy;
  /** Takes the trace, frame by frame; without one nothing is recorded. */
  readonly sink?: Sink;
  /** Events in the trace: 0 none, 1 switches and system calls (the default), 2 also locks and sleeps. */
  readonly detail?: number;
  /** Told what the guest prints. */
  readonly onPrint?: (text: string) => void;
}

export interface RunResult extends Outcome, Tally {
  readonly header: TraceHeader;
  readonly steps: number;
  /** Name of the finding, from its content and what led to it. */
  readonly id: string | undefined;
  /** The finding explained. */
  readonly report: Report | undefined;
}

/**
 * Boots a guest and runs it once. What the guest does wrong is a finding in the result.
 *
 * @throws UsageError when the machine is too small for its initial processes; InternalError and
 *   others when xv6-replay itself is at fault.
 */
export function run(options: RunOptions): RunResult {
  return runOn(bootGuest(options.spec), options);
}

/** As run, on a kernel that was booted from the same specification. */
export function runOn(k: Kernel, options: RunOptions): RunResult {
  const { spec, seed, strategy, sink, detail = 1 } = options;
  const header = traceHeader(spec, seed, strategy.name, detail);
  k.onPrint = options.onPrint ?? null;
  let recording: Recording | undefined;
  if (sink !== undefined) recording = new Recording(k, header, sink);
  const events = detail > 0 ? (recording?.writer ?? null) : null;
  const detectors = selectDetectors(spec.detectors);
  watch(k, events, detail > 1, detectors);
  const counts = tally(k);
  const outcome = attempt(recording, () => execute(k, strategy, seed));
  const id = findingId(header, outcome);
  k.m.onSwitch = null;
  const { finding } = outcome;
  const report = attempt(
    recording,
    () => finding && explain({ spec, seed, strategy, finding, detectors }),
  );
  recording?.finish(outcome, id, report);
  return { ...outcome, ...counts, header, steps: k.m.step, id, report };
}

/** When something of ours breaks, all that led to it is on record: the trace is cut, not lost. */
function attempt<T>(recording: Recording | undefined, body: () => T): T {
  try {
    return body();
  } catch (error) {
    recording?.writer.flush();
    throw error;
  }
}

/** The same finding of the same run has the same name, whatever was recorded. */
function findingId(header: TraceHeader, { finding }: Outcome): string | undefined {
  if (finding === undefined) return undefined;
  const { program, args, seed, strategy, cpus, config } = header;
  const { detector, title, step } = finding;
  return shortId(
    detector,
    title,
    step,
    program,
    ...args,
    seed,
    strategy,
    cpus,
    ...header.mutants,
    JSON.stringify(config),
  );
}
