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
export type { KernelEvents } from '../kernel/events.ts';
export { MUTANTS, type Mutant, type MutantName } from '../kernel/mutants.ts';
export { KernelPanic } from '../kernel/panic.ts';
export { PARAM, type Param } from '../kernel/param.ts';
export { type BareOptions, BareProgram, type BlockedThread, type Parts } from '../machine/bare.ts';
export type { Cell, Condition, Mutex, Semaphore } from '../machine/bare-parts.ts';
export {
  type ChoicePoint,
  type Code,
  type Ending,
  InternalError,
  ProgramError,
  type Scheduler,
  type Thread,
} from '../machine/index.ts';
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
export { type ProgramOptions, type ProgramParts, program } from './bare-subject.ts';
export { DETECTORS, selectDetectors } from './detectors/index.ts';
export { EXIT, UsageError } from './errors.ts';
export { execute, watch } from './execution.ts';
export { explain } from './explain/explain.ts';
export type { Report, ReportStep } from './explain/report.ts';
export { type Incomplete, incompleteOf } from './explore/incomplete.ts';
export {
  type Discovery,
  type Exploration,
  type ExploreOptions,
  explore,
  type OutcomeCount,
} from './explore.ts';
export type { Finding } from './finding.ts';
export { type FuzzFinding, type Fuzzing, type FuzzOptions, fuzz } from './fuzz/fuzz.ts';
export { bootGuest, type GuestSpec, guestSpec, PARAM_RANGES } from './guest.ts';
export type { OutcomeValue } from './model.ts';
export { type OwnScenario, scenario } from './own-scenario.ts';
export { isForeign, type ReplayOptions, type ReplayResult, replay } from './replay.ts';
export { type RunOptions, type RunResult, run } from './run.ts';
export {
  type Passing,
  type ShownOperation,
  type Shrunk,
  type Size,
  shrink,
} from './shrink.ts';
export { type Outcome, Stage, type Subject } from './stage.ts';
export { kernelSubject, type Runnable } from './subject.ts';
export { openTrace, TraceFile } from './trace-file.ts';
export { IncompleteError, VerificationError, type VerifyOptions, verify } from './verify.ts';
