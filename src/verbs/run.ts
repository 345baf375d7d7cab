import { shortId } from '../../detectors/finding.ts';
import type { OutcomeValue } from '../../detectors/model.ts';
import { RandomWalk } from '../../scheduler/strategies/random.ts';
import { RoundRobin } from '../../scheduler/strategies/round-robin.ts';
import { Segments } from '../../scheduler/strategies/segments.ts';
import type { Strategy } from '../../scheduler/strategy.ts';
import { TraceMemory } from '../../traces/memory.ts';
import type { TraceHeader } from '../../traces/trace.ts';
import type { Sink } from '../../traces/writer.ts';
import { explain } from '../explain/explain.ts';
import type { Report } from '../explain/report.ts';
import { selectDetectors } from '../select-detectors.ts';
import { Witness } from '../stage/determinism.ts';
import { limitsOfSchedule, parseSchedule } from '../stage/schedule.ts';
import { type Outcome, Stage, type Subject } from '../stage/stage.ts';
import { type Tally, tally } from '../stage/tally.ts';
import { limited, type Runnable, subjectOf } from '../subject/subject.ts';
import { Recording, traceHeader } from './recording.ts';

export interface RunOptions {
  /** A safe integer; default 0. */
  readonly seed?: number;
  /** Default: `random` without a kernel, `round-robin` with one. */
  readonly strategy?: Strategy;
  /**
   * A schedule to follow instead, as `Shrunk.schedule` and a failure of `verify` have it; the limits
   * that it says go before those of the subject.
   */
  readonly schedule?: string;
  /** Takes the trace, frame by frame; without one nothing is recorded. */
  readonly sink?: Sink;
  /** Keeps the trace for the result. */
  readonly record?: boolean;
  /** Events in the trace: 0 none, 1 switches and system calls (the default), 2 also locks and sleeps. */
  readonly detail?: number;
  /** Told what the guest prints. */
  readonly onPrint?: (text: string) => void;
}

export interface RunResult extends Outcome, Tally {
  readonly header: TraceHeader;
  readonly steps: number;
  /** The value of an execution that halted, if its author said what that is. */
  readonly outcome: OutcomeValue | undefined;
  /** Name of the finding, from its content and what led to it. */
  readonly id: string | undefined;
  /** The finding explained. */
  readonly report: Report | undefined;
  /** The trace, as a file has it; undefined unless it was to be kept. */
  readonly trace: Uint8Array | undefined;
}

/**
 * Boots a subject and runs it once. What the guest does wrong is a finding in the result.
 *
 * @throws UsageError for what cannot be booted or is not deterministic, and for what is no schedule;
 *   InternalError and others when
 *   xv6-replay itself is at fault.
 */
export function run(
  what: Runnable,
  options: RunOptions & { readonly record: true },
): RunResult & { readonly trace: Uint8Array };
export function run(what: Runnable, options?: RunOptions): RunResult;
export function run(what: Runnable, options: RunOptions = {}): RunResult {
  const { schedule = '' } = options;
  return runOn(new Stage(limited(subjectOf(what), limitsOfSchedule(schedule))), options);
}

/** As run, on a stage that is there already. */
export function runOn(stage: Stage, options: RunOptions): RunResult {
  const { seed = 0, detail = 1 } = options;
  const memory = options.record === true ? new TraceMemory() : undefined;
  const sink = memory === undefined ? options.sink : both(memory.sink, options.sink);
  const { subject, machine } = stage;
  const strategy = strategyOf(subject, options);
  const header = traceHeader(subject, machine.cpus.length, seed, strategy.name, detail);
  stage.onPrint = options.onPrint ?? null;
  let recording: Recording | undefined;
  if (sink !== undefined) recording = new Recording(machine, header, sink);
  const events = detail > 0 ? (recording?.writer ?? null) : null;
  const detectors = selectDetectors(subject.detectors);
  stage.watch({ detectors, events, locks: detail > 1 });
  const counts = tally(machine);
  const witness = subject.isOwn ? new Witness(stage) : undefined;
  const outcome = attempt(recording, () => stage.execute(strategy, seed));
  const value = stage.outcome();
  const id = findingId(header, outcome);
  const { switches, contextSwitches } = counts;
  machine.onSwitch = null;
  attempt(recording, () => witness?.confirm(strategy, seed, outcome));
  const { finding } = outcome;
  const report = attempt(
    recording,
    () => finding && explain({ subject, seed, strategy, finding, detectors }),
  );
  recording?.finish(outcome, id, report);
  const told = { header, steps: machine.step, outcome: value, id, report };
  return { ...outcome, switches, contextSwitches, ...told, trace: memory?.bytes() };
}

function both(one: Sink, other: Sink | undefined): Sink {
  if (other === undefined) return one;
  return (bytes) => {
    one(bytes);
    other(bytes);
  };
}

function strategyOf({ guest }: Subject, { strategy, schedule }: RunOptions): Strategy {
  if (schedule !== undefined) return new Segments(parseSchedule(schedule));
  return strategy ?? (guest === 'bare' ? new RandomWalk() : new RoundRobin());
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
