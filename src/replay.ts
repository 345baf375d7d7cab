import { ReplayDivergence } from '../scheduler/divergence.ts';
import { Replay } from '../scheduler/strategies/replay.ts';
import type { Trace } from '../traces/reader.ts';
import type { TraceHeader } from '../traces/trace.ts';
import type { Sink } from '../traces/writer.ts';
import { selectDetectors } from './detectors/index.ts';
import { UsageError } from './errors.ts';
import { execute, type Outcome, watch } from './execution.ts';
import { explain } from './explain/explain.ts';
import type { Report } from './explain/report.ts';
import { fingerprint } from './fingerprint.ts';
import { bootGuest, specOfHeader } from './guest.ts';
import { CHECKPOINT_STEPS, digestOf, Periodic, Recording } from './recording.ts';
import { type Tally, tally } from './tally.ts';

export interface ReplayOptions {
  /** Told what the guest prints. */
  readonly onPrint?: (text: string) => void;
  /** Takes a trace of the replay; byte for byte the original's, if that is whole. */
  readonly sink?: Sink;
}

export interface ReplayResult extends Outcome, Tally {
  readonly steps: number;
  /** Checkpoints whose digests were compared, and agreed. */
  readonly checkpoints: number;
  /** False when the trace ends early, or has a hole: the replay stopped there. */
  readonly complete: boolean;
  /** As isForeign. */
  readonly foreign: boolean;
  /** The finding explained. */
  readonly report: Report | undefined;
}

/**
 * Replays a trace and checks it: every switch must be possible, every digest equal.
 *
 * @throws UsageError for a trace without a readable header, or of something we cannot boot.
 * @throws ReplayDivergence where the machine does something else than the trace says.
 */
export function replay(trace: Trace, options: ReplayOptions = {}): ReplayResult {
  const { header } = trace;
  if (header === undefined)
    throw new UsageError('the header is damaged: nothing says what to replay');
  const spec = specOfHeader(header);
  const k = bootGuest(spec);
  const strategy = new Replay(trace.choices, { nameOf: (word) => k.m.layout.nameOf(word) });
  k.onPrint = options.onPrint ?? null;
  const recording = options.sink === undefined ? undefined : new Recording(k, header, options.sink);
  const detectors = selectDetectors(spec.detectors);
  watch(k, recording?.writer ?? null, header.detail > 1, detectors);

  const expected = new Map(trace.checkpoints.map(({ step, digest }) => [step, digest]));
  const checkpoint = new Periodic(CHECKPOINT_STEPS);
  const { onSwitch } = k.m;
  let checkpoints = 0;
  k.m.onSwitch = (step, lane) => {
    if (checkpoint.over(step)) checkpoints += compare(expected, step, digestOf(k));
    onSwitch?.(step, lane);
  };
  const counts = tally(k);
  const outcome = execute(k, strategy, header.seed);
  const complete = outcome.ending !== 'stopped';
  if (complete && trace.choices.completeUntil === Number.POSITIVE_INFINITY) {
    strategy.finish(k.m.step);
    checkpoints += compareEnd(trace, k.m.step, digestOf(k), outcome);
  }
  k.m.onSwitch = null;
  const { seed } = header;
  const { finding } = outcome;
  const report = finding && explain({ spec, seed, strategy, finding, detectors });
  recording?.finish(outcome, trace.findings[0]?.id, report);
  return {
    ...outcome,
    ...counts,
    steps: k.m.step,
    checkpoints,
    complete,
    foreign: isForeign(header),
    report,
  };
}

/** Whether the trace is of a kernel that behaves otherwise: it may diverge. */
export function isForeign(header: TraceHeader): boolean {
  return header.fingerprint !== fingerprint();
}

/** Answers how many checkpoints were compared: one, or none when the trace has none there. */
function compare(expected: Map<number, string | number>, step: number, digest: string): number {
  const wanted = expected.get(step);
  if (wanted === undefined) return 0;
  if (wanted === digest) return 1;
  throw new ReplayDivergence(step, `a machine state of digest ${wanted}`, digest);
}

function compareEnd(trace: Trace, step: number, digest: string, outcome: Outcome): number {
  const { end } = trace;
  if (end === undefined) return 0;
  if (end.steps !== step) {
    throw new ReplayDivergence(step, `an end after ${end.steps} steps`, `one after ${step}`);
  }
  const verdict = outcome.finding?.title ?? 'nothing found';
  if (end.verdict !== verdict) throw new ReplayDivergence(step, `"${end.verdict}"`, `"${verdict}"`);
  if (end.digest !== digest) {
    throw new ReplayDivergence(step, `a machine state of digest ${end.digest}`, digest);
  }
  return 1;
}
