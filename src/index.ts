/**
 * The public API: run a guest under a seeded schedule, record it, read and replay traces.
 *
 * ```ts
 * import { guestSpec, makeStrategy, readTrace, replay, run, type Strategy, TraceMemory } from 'xv6-replay';
 *
 * const trace = new TraceMemory();
 * const spec = guestSpec('shmtest', ['foo', '8192', '4'], { ncpu: 4 });
 * const strategy = makeStrategy('random') as Strategy;
 * const { steps, finding } = run(spec, { seed: 42, strategy, sink: trace.sink });
 * replay(readTrace(trace.bytes())).steps === steps;
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
export { DETECTORS, selectDetectors } from './detectors/index.ts';
export { EXIT, UsageError } from './errors.ts';
export { execute, watch } from './execution.ts';
export { explain } from './explain/explain.ts';
export type { Report, ReportStep } from './explain/report.ts';
export { type Exploration, type ExploreOptions, explore } from './explore.ts';
export type { Finding } from './finding.ts';
export { bootGuest, type GuestSpec, guestSpec, PARAM_RANGES } from './guest.ts';
export { isForeign, type ReplayOptions, type ReplayResult, replay } from './replay.ts';
export { type RunOptions, type RunResult, run } from './run.ts';
export { type Shrunk, type Size, shrink } from './shrink.ts';
export { type Outcome, Stage, type Subject } from './stage.ts';
export { kernelSubject, type Runnable } from './subject.ts';
export { openTrace, TraceFile } from './trace-file.ts';
