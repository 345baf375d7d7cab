/**
 * The public API: describe a subject (`program`, `scenario`, or `guestSpec` for one of ours), then
 * `run`, `explore`, `replay`, `shrink` or `verify` it.
 *
 * ```ts
 * import { explore, guestSpec, program, replay, run, shrink } from 'xv6-replay';
 *
 * const race = program('x = 5', ({ cell, thread, outcome }) => {
 *   const x = cell('x', 5);
 *   thread('add', function* () {
 *     const v = x.load() ?? (yield);
 *     x.store(v + 1) ?? (yield);
 *   });
 *   thread('double', function* () {
 *     const v = x.load() ?? (yield);
 *     x.store(v * 2) ?? (yield);
 *   });
 *   outcome(() => x.value);
 * });
 * const { complete, outcomes } = explore(race, { keepGoing: true }); // true; 6, 10, 11, 12
 * const { finding, trace } = run(race, { seed: 1, record: true });
 * const again = replay(trace, { subject: race }); // the same finding: data race on x: add and double
 * const { schedule } = shrink(trace, race); // 1-3
 * const shmtest = guestSpec('shmtest', ['foo', '8192', '4'], { ncpu: 4 });
 * const { steps } = run(shmtest, { seed: 42 });
 * ```
 */

export type { Finding } from '../detectors/finding.ts';
export { DETECTORS } from '../detectors/index.ts';
export type { OutcomeValue } from '../detectors/model.ts';
export type { KernelEvents } from '../kernel/events.ts';
export { MUTANTS, type Mutant, type MutantName } from '../kernel/mutants.ts';
export { KernelPanic } from '../kernel/panic.ts';
export { PARAM, type Param } from '../kernel/param.ts';
export { type BareOptions, BareProgram, type BlockedThread, type Parts } from '../machine/bare.ts';
export type { Atomic, Cell, Condition, Mutex, Semaphore } from '../machine/bare-parts.ts';
export {
  type ChoicePoint,
  type Code,
  type Ending,
  InternalError,
  ProgramError,
  type Scheduler,
  type Thread,
} from '../machine/index.ts';
export type {
  Barrier,
  Chance,
  Channel,
  Once,
  Parker,
  RwLock,
  Task,
} from '../machine/more-parts.ts';
export { SCENARIOS, type Scenario } from '../scenarios/index.ts';
export { ReplayDivergence } from '../scheduler/divergence.ts';
export { Replay } from '../scheduler/strategies/replay.ts';
export { makeStrategy, STRATEGIES, type StrategyKind } from '../scheduler/strategies.ts';
export type { Strategy } from '../scheduler/strategy.ts';
export { SwitchLog } from '../scheduler/switch-log.ts';
export { diffTraces, type Parting, type TraceDifference } from '../traces/diff.ts';
export { type TraceFormatCode, TraceFormatError } from '../traces/errors.ts';
export { TraceMemory } from '../traces/memory.ts';
export { type Missing, readTrace, type Trace } from '../traces/reader.ts';
export type * from '../traces/trace.ts';
export { type Sink, TraceWriter } from '../traces/writer.ts';
export { PROGRAMS } from '../user/programs/index.ts';
export type { Context, Part, Program } from '../user/ulib.ts';
export * as ulib from '../user/ulib.ts';
export { EXIT, UsageError } from './errors.ts';
export { explain } from './explain/explain.ts';
export type { Report, ReportStep } from './explain/report.ts';
export { type Incomplete, incompleteOf } from './explore/incomplete.ts';
export { type FuzzFinding, type Fuzzing, type FuzzOptions, fuzz } from './fuzz/fuzz.ts';
export { selectDetectors } from './select-detectors.ts';
export {
  type Passing,
  type ShownOperation,
  type Shrunk,
  type Size,
  shrink,
} from './shrink/shrink.ts';
export { execute, watch } from './stage/execution.ts';
export { type Outcome, Stage, type Subject } from './stage/stage.ts';
export { type ProgramOptions, type ProgramParts, program } from './subject/bare-subject.ts';
export { bootGuest, type GuestSpec, guestSpec, PARAM_RANGES } from './subject/kernel-spec.ts';
export { type OwnScenario, scenario } from './subject/own-scenario.ts';
export { kernelSubject, type Runnable } from './subject/subject.ts';
export { openTrace, TraceFile } from './trace-file.ts';
export {
  type Discovery,
  type Exploration,
  type ExploreOptions,
  explore,
  type OutcomeCount,
} from './verbs/explore.ts';
export { isForeign, type ReplayOptions, type ReplayResult, replay } from './verbs/replay.ts';
export { type RunOptions, type RunResult, run } from './verbs/run.ts';
export { IncompleteError, VerificationError, type VerifyOptions, verify } from './verbs/verify.ts';
