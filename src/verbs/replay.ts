import type { ChoicePoint, Thread } from '../../machine/index.ts';
import { ReplayDivergence } from '../../scheduler/divergence.ts';
import { Replay, type ReplayWords } from '../../scheduler/strategies/replay.ts';
import type { Choices } from '../../traces/choices.ts';
import { readTrace, type Trace } from '../../traces/reader.ts';
import type { TraceHeader } from '../../traces/trace.ts';
import type { Sink } from '../../traces/writer.ts';
import { tooLong } from '../affordable.ts';
import { UsageError } from '../errors.ts';
import { explain } from '../explain/explain.ts';
import type { Report } from '../explain/report.ts';
import { selectDetectors } from '../select-detectors.ts';
import { digestOf } from '../stage/digest.ts';
import { type Outcome, Stage, type Subject } from '../stage/stage.ts';
import { type Tally, tally } from '../stage/tally.ts';
import { type Runnable, subjectAsRun, subjectOf, subjectOfHeader } from '../subject/subject.ts';
import { plural } from '../text.ts';
import { CHECKPOINT_STEPS, Periodic, Recording } from './recording.ts';

export interface ReplayOptions {
  /** What the trace is of; needed where its header does not say it, for a program of one's own. */
  readonly subject?: Runnable | undefined;
  /** Steps after which it is refused, for a trace that is not trusted; any number if left out. */
  readonly stepsMost?: number;
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
 * Replays a trace, or the bytes of one, and checks it: every switch must be possible, every digest equal.
 *
 * @throws UsageError for a trace without a readable header, or of something we cannot boot.
 * @throws ReplayDivergence where the machine does something else than the trace says.
 */
export function replay(of: Trace | Uint8Array, options: ReplayOptions = {}): ReplayResult {
  const trace = of instanceof Uint8Array ? readTrace(of) : of;
  const { header } = trace;
  if (header === undefined)
    throw new UsageError('the header is damaged: nothing says what to replay');
  const subject = subjectFor(header, options.subject);
  const stage = new Stage(subject);
  const { machine } = stage;
  const strategy = new Bounded(trace.choices, wordsOf(stage), options.stepsMost);
  stage.onPrint = options.onPrint ?? null;
  const { sink } = options;
  const recording = sink === undefined ? undefined : new Recording(machine, header, sink);
  const detectors = selectDetectors(subject.detectors);
  const events = recording?.writer ?? null;
  stage.watch({ detectors, events, locks: header.detail > 1 });

  const expected = new Map(trace.checkpoints.map(({ step, digest }) => [step, digest]));
  const checkpoint = new Periodic(CHECKPOINT_STEPS);
  const { onSwitch } = machine;
  let checkpoints = 0;
  machine.onSwitch = (step, lane) => {
    if (checkpoint.over(step)) checkpoints += compare(expected, step, digestOf(machine));
    onSwitch?.(step, lane);
  };
  const counts = tally(machine);
  const outcome = stage.execute(strategy, header.seed);
  const complete = outcome.ending !== 'stopped';
  if (complete && trace.choices.completeUntil === Number.POSITIVE_INFINITY) {
    strategy.finish(machine.step);
    compareCheckpoints(trace, machine.step, checkpoints);
    checkpoints += compareEnd(trace, machine.step, digestOf(machine), outcome);
  }
  machine.onSwitch = null;
  const { seed } = header;
  const { finding } = outcome;
  const report = finding && explain({ subject, seed, strategy, finding, detectors });
  recording?.finish(outcome, trace.findings[0]?.id, report);
  return {
    ...outcome,
    ...counts,
    steps: machine.step,
    checkpoints,
    complete,
    foreign: isForeign(header, subject),
    report,
  };
}

/** Steps between two looks at the bound, where the record has no switch. */
const LOOK = 1 << 20;

/** Makes the switches of a record, up to so many steps. @throws UsageError at more. */
class Bounded extends Replay {
  private readonly most: number;

  constructor(record: Choices, words: ReplayWords, most = Number.POSITIVE_INFINITY) {
    super(record, words);
    this.most = most;
  }

  override choose(point: ChoicePoint): Thread {
    if (point.step > this.most) throw tooLong(point.step);
    const thread = super.choose(point);
    if (this.most !== Number.POSITIVE_INFINITY) point.lease = Math.min(point.lease, LOOK);
    return thread;
  }
}

/** What to replay a trace on; with the detectors that watched then. */
export function subjectFor(header: TraceHeader, given: Runnable | undefined): Subject {
  if (given === undefined) return subjectOfHeader(header);
  return subjectAsRun(subjectOf(given), header);
}

/** Whether the trace is of code that behaves otherwise: it may diverge. */
export function isForeign(header: TraceHeader, subject: Subject): boolean {
  return header.fingerprint !== subject.fingerprint();
}

/** How a divergence names what a subject has. */
function wordsOf({ machine, program }: Stage): ReplayWords {
  const nameOf = (word: number): string | undefined => machine.layout.nameOf(word);
  if (program === undefined) return { nameOf };
  return { nameOf, laneName: (lane) => program.lanes[lane] ?? `thread ${lane}` };
}

/** Answers how many checkpoints were compared: one, or none when the trace has none there. */
function compare(expected: Map<number, string | number>, step: number, digest: string): number {
  const wanted = expected.get(step);
  if (wanted === undefined) return 0;
  if (wanted === digest) return 1;
  throw new ReplayDivergence(step, `a machine state of digest ${wanted}`, digest);
}

/** A checkpoint at a step that no replay comes to is not of this run. */
function compareCheckpoints({ checkpoints }: Trace, step: number, met: number): void {
  if (met === checkpoints.length) return;
  const expected = `${plural(checkpoints.length, 'checkpoint')}`;
  throw new ReplayDivergence(step, expected, `met ${met}`);
}

function compareEnd(trace: Trace, step: number, digest: string, outcome: Outcome): number {
  const { end } = trace;
  if (end === undefined) return 0;
  if (end.steps !== step) {
    throw new ReplayDivergence(step, `an end after ${end.steps} steps`, `one after ${step}`);
  }
  const verdict = outcome.finding?.title ?? 'nothing found';
  if (end.verdict !== verdict) throw new ReplayDivergence(step, `"${end.verdict}"`, `"${verdict}"`);
  const [found] = trace.findings;
  if (found !== undefined && found.title !== verdict) {
    throw new ReplayDivergence(step, `the finding "${found.title}"`, `"${verdict}"`);
  }
  if (end.digest !== digest) {
    throw new ReplayDivergence(step, `a machine state of digest ${end.digest}`, digest);
  }
  return 1;
}
