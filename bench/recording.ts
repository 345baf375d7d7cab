/**
 * What recording costs on top of a run, what a replay costs against the run, and what a trace weighs:
 * on a long run, where bytes and events add up, and on short ones, where a trace's frame does.
 */
import { Kernel } from '../kernel/kernel.ts';
import { PARAM } from '../kernel/param.ts';
import { Replay } from '../scheduler/strategies/replay.ts';
import { STRATEGIES, type StrategyKind } from '../scheduler/strategies.ts';
import type { Strategy } from '../scheduler/strategy.ts';
import { execute, watch } from '../src/stage/execution.ts';
import type { GuestSpec } from '../src/subject/kernel-spec.ts';
import { kernelSubject } from '../src/subject/subject.ts';
import { Recording, traceHeader } from '../src/verbs/recording.ts';
import { TraceMemory } from '../traces/memory.ts';
import { readTrace, type Trace } from '../traces/reader.ts';
import type { TraceHeader } from '../traces/trace.ts';
import type { Sink } from '../traces/writer.ts';
import { churn } from '../user/programs/churn.ts';
import { init } from '../user/programs/init.ts';
import { scaling } from '../user/programs/scaling.ts';
import type { Program } from '../user/ulib.ts';
import { cycleKernel } from './lib/cycle.ts';
import { interleave, median, medianRatio } from './lib/measure.ts';
import { table } from './lib/table.ts';

const ROUNDS = 7;
const SEED = 42;

interface Subject {
  readonly name: string;
  readonly k: Kernel;
  readonly header: TraceHeader;
  /** Executions that are timed together. */
  readonly executions: number;
}

function subject(name: string, k: Kernel, executions: number): Subject {
  watch(k, null, false);
  const spec: GuestSpec = { program: name, args: [], param: k.param, mutants: [] };
  return {
    name,
    k,
    header: traceHeader(kernelSubject(spec), k.param.ncpu, SEED, '', 0),
    executions,
  };
}

const LARGE = { ...PARAM, nproc: 8, frames: 128, stepsMax: 100_000_000 };

/** Two processes that make and destroy one object, again and again: nothing but system calls. */
function churning(): Kernel {
  const programs = new Map<string, Program>([
    ['init', init],
    ['churn', churn],
  ]);
  const process = { name: 'churn', argv: ['churn', 'foo', '6000'] };
  return new Kernel(LARGE, programs, [process, process]);
}

/** Two processes that do 200 loads and stores in each life of their object. */
function using(): Kernel {
  const programs = new Map<string, Program>([
    ['init', init],
    ['scaling', scaling],
  ]);
  const process = { name: 'scaling', argv: ['scaling', 'foo', '2', '2000', '200'] };
  return new Kernel(LARGE, programs, [process]);
}

/** What one kind of run writes: nothing, or a trace of that detail. */
type Detail = 'none' | 0 | 1 | 2;

let discarded = 0;

/** One execution, recorded in this detail; answers its steps. The kernel is watched already. */
function runOnce(s: Subject, strategy: Strategy, seed: number, detail: Detail, sink: Sink): number {
  const { k } = s;
  let recording: Recording | undefined;
  if (detail !== 'none') {
    recording = new Recording(k.m, { ...s.header, seed, strategy: strategy.name, detail }, sink);
  }
  const events = detail === 1 || detail === 2 ? (recording?.writer ?? null) : null;
  k.listen(events, detail === 2, null);
  const outcome = execute(k, strategy, seed);
  if (outcome.finding !== undefined) throw new Error(`seed ${seed}: ${outcome.finding.title}`);
  recording?.finish(outcome, undefined);
  return k.m.step;
}

/** Milliseconds for the subject's executions, recorded in this detail. */
function timeRuns(subject: Subject, kind: StrategyKind, detail: Detail): number {
  const strategy = kind.make();
  const sink = (bytes: Uint8Array): void => {
    discarded += bytes.length;
  };
  const start = performance.now();
  for (let i = 0; i < subject.executions; i++) runOnce(subject, strategy, SEED + i, detail, sink);
  return performance.now() - start;
}

function recorded(subject: Subject, kind: StrategyKind, seed: number, detail: Detail): Trace {
  const memory = new TraceMemory();
  runOnce(subject, kind.make(), seed, detail, memory.sink);
  return readTrace(memory.bytes());
}

/** Milliseconds to replay these traces, with nothing recorded and all detectors on, as they ran. */
function timeReplays(subject: Subject, traces: readonly Trace[]): number {
  const { k } = subject;
  k.listen(null, false, null);
  const start = performance.now();
  for (const trace of traces) {
    const replay = new Replay(trace.choices);
    const { ending } = execute(k, replay, SEED);
    if (ending !== 'halted') throw new Error(`a replay ended as ${ending}`);
    replay.finish(k.m.step);
  }
  return performance.now() - start;
}

function times(subject: Subject): void {
  const rows: string[][] = [];
  for (const [name, kind] of STRATEGIES) {
    const traces = Array.from({ length: subject.executions }, (_, i) =>
      recorded(subject, kind, SEED + i, 0),
    );
    const [none = [], again = [], ...rest] = interleave(ROUNDS, [
      () => timeRuns(subject, kind, 'none'),
      () => timeRuns(subject, kind, 'none'),
      () => timeRuns(subject, kind, 0),
      () => timeRuns(subject, kind, 1),
      () => timeRuns(subject, kind, 2),
      () => timeReplays(subject, traces),
    ]);
    const names = ['choices', 'and events (detail 1)', 'and locks (detail 2)', 'replay'];
    const goals = ['', '<= 1.10', '', '<= 1.00'];
    const row = (what: string, figure: readonly number[], goal: string): string[] => [
      `${subject.name}, ${name}: ${what}`,
      median(figure).toFixed(1),
      medianRatio(figure, none).toFixed(3),
      goal,
    ];
    rows.push(row('not recorded', none, ''), row('not recorded, again', again, ''));
    for (const [i, figure] of rest.entries())
      rows.push(row(names[i] ?? '', figure, goals[i] ?? ''));
  }
  const steps = subject.k.m.step.toLocaleString('en');
  table([`${subject.executions} x ${steps} steps`, 'ms', 'to run', 'goal'], rows);
}

/** Bytes of the frames that hold choices, events and the rest, from traces of each detail. */
function weigh(subject: Subject): void {
  const rows = [...STRATEGIES].map(([name, kind]) => {
    const size = (detail: Detail): number => {
      let bytes = 0;
      runOnce(subject, kind.make(), SEED, detail, (frame) => {
        bytes += frame.length;
      });
      return bytes;
    };
    const trace = recorded(subject, kind, SEED, 1);
    const detailed = recorded(subject, kind, SEED, 2);
    const switches = trace.choices.length;
    const choices = size(0);
    return [
      name,
      switches.toLocaleString('en'),
      (choices / switches).toFixed(3),
      trace.eventCount.toLocaleString('en'),
      ((size(1) - choices) / trace.eventCount).toFixed(2),
      ((size(2) - choices) / detailed.eventCount).toFixed(2),
      (size(1) / subject.k.m.step).toFixed(3),
    ];
  });
  const head = [
    'switches',
    'bytes/switch (<= 1.25)',
    'events',
    'bytes/event',
    'detail 2',
    'bytes/step',
  ];
  table([subject.name, ...head], rows);
}

const subjects = [
  subject('churn', churning(), 1),
  subject('use', using(), 1),
  subject('short', cycleKernel(), 2000),
];
for (const one of subjects) {
  times(one);
  weigh(one);
}
if (discarded === 0) throw new Error('nothing was recorded');
