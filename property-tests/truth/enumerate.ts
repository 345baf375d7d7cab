import {
  type ChoicePoint,
  type Ending,
  type Scheduler,
  StopExecution,
  type Thread,
} from '../../machine/index.ts';
import * as op from '../../machine/operation.ts';
import { accesses, type Event, Waiters } from './dependency.ts';
import type { Model } from './model.ts';
import { NormalForm } from './normal-form.ts';

export interface CompleteTrace {
  /** How it ends: memory, what the threads saw, who is blocked. Equal in all its executions. */
  readonly final: string;
  readonly ending: Ending;
  /** Who can never step again, and where: for example `p: lock(m)`. Empty unless `blocked`. */
  readonly blocked: string;
  /** Number of its executions. */
  readonly executions: bigint;
  /** The fewest preemptions of any of its executions. */
  readonly preemptions: number;
}

/** All there is to know of a program's executions. */
export interface Truth {
  /** By the key of their normal form. */
  readonly traces: ReadonlyMap<string, CompleteTrace>;
  /** Number of complete executions. */
  readonly executions: bigint;
  readonly finals: ReadonlySet<string>;
  readonly deadlocks: ReadonlySet<string>;
  /** Number of different prefixes that were followed: what the enumeration cost. */
  readonly prefixes: number;
}

export interface EnumerateOptions {
  /**
   * Whether equivalent prefixes are followed only once. Default true. Without it every interleaving
   * is run to its end, and every prefix is compared with the equivalent ones before it.
   */
  readonly merge?: boolean;
  /**
   * Whether the start of a thread is a step that others can be interleaved with, as it is for the
   * machine. Default false: all threads start first, in the order of their lanes, uncounted. Starts
   * depend on nothing, so that only the number of executions differs.
   */
  readonly starts?: boolean;
  /** Prefixes after which the enumeration gives up. Default 2,000,000. */
  readonly prefixesMax?: number;
}

/** The program has more prefixes than were allowed. */
export class TooMany extends Error {
  override readonly name = 'TooMany';
}

/**
 * Every execution of a bare program, by brute force: all prefixes of length n, then of n + 1, each by
 * running the program from the start. Nothing is left out but what is the same prefix up to the
 * order of independent operations; such prefixes lead to one state and have the same continuations.
 *
 * A preemption is a switch away from a thread that could have stepped.
 *
 * @throws TooMany; Error when an execution does not end, or executions of one trace differ.
 */
export function enumerate(model: Model, options: EnumerateOptions = {}): Truth {
  const { merge = true, starts = false, prefixesMax = 2_000_000 } = options;
  const traces = new Map<string, CompleteTrace>();
  const states = new Map<string, string>();
  let layer = new Map<string, Prefix>([['', { lanes: [], executions: 1n, preemptions: [0] }]]);
  let prefixes = 0;
  while (layer.size > 0) {
    const next = new Map<string, Prefix>();
    for (const prefix of layer.values()) {
      if (++prefixes > prefixesMax) throw new TooMany(`more than ${prefixesMax} prefixes`);
      const end = follow(model, prefix.lanes, starts);
      if (!merge) agree(states, end.prefixKey, end.state);
      if (end.ending !== null) {
        addTrace(traces, prefix, end, end.ending);
      } else {
        for (const step of end.steps) {
          const lanes = [...prefix.lanes, step.lane];
          extend(next, merge ? step.key : lanes.join(), lanes, prefix, end);
        }
      }
    }
    layer = next;
  }
  return truth(traces, prefixes);
}

/** Traces that have an execution with at most `bound` preemptions. */
export function tracesWithin(truth: Truth, bound: number): Set<string> {
  const within = [...truth.traces].filter(([, trace]) => trace.preemptions <= bound);
  return new Set(within.map(([key]) => key));
}

/** Which complete trace an execution was, given the lane of each of its steps, starts included. */
export function traceOf(model: Model, lanes: readonly number[]): { key: string; final: string } {
  const { key, ending, state } = follow(model, lanes, true);
  if (ending === null) throw new Error('the execution was not complete');
  return { key, final: state };
}

interface Prefix {
  /** Of one of its executions. */
  readonly lanes: readonly number[];
  executions: bigint;
  /** The fewest of any of its executions, by 1 + the lane that it ends in; empty where none does. */
  readonly preemptions: number[];
}

/** What a prefix leads to. */
interface End {
  /** Of its normal form. */
  readonly key: string;
  /** The same, with who has started. */
  readonly prefixKey: string;
  /** Null while somebody can step. */
  readonly ending: Ending | null;
  readonly state: string;
  readonly blocked: string;
  /** What can be done next, and the key of the prefix that it makes. */
  readonly steps: readonly { readonly lane: number; readonly key: string }[];
}

function follow(model: Model, lanes: readonly number[], starts: boolean): End {
  const { program } = model;
  const walk = new Walk(model, lanes, starts);
  const ending = program.run(walk);
  const complete = ending !== 'stopped';
  if (ending === 'steps') throw new Error('the program does not end');
  if (complete && walk.at < lanes.length) throw new Error('the program is not deterministic');
  const blocked = complete ? program.blocked().map((b) => `${b.thread}: ${b.operation}`) : [];
  const { machine } = program;
  const words = machine.words.subarray(0, machine.layout.size).join();
  const state = [ending, words, model.outcome(), ...blocked].join(' | ');
  return {
    key: walk.form.key(),
    prefixKey: walk.prefixKey(),
    ending: complete ? ending : null,
    state: complete ? state : `${state} | ${walk.announced}`,
    blocked: blocked.join(', '),
    steps: walk.steps,
  };
}

/** Goes where the lanes say, notes what could come next, and stops. */
class Walk implements Scheduler {
  readonly asksAlways = true;
  at = 0;
  announced = '';
  steps: { lane: number; key: string }[] = [];
  readonly form = new NormalForm();
  private readonly waiters = new Waiters();
  private started = 0;
  private readonly model: Model;
  private readonly lanes: readonly number[];
  private readonly starts: boolean;

  constructor(model: Model, lanes: readonly number[], starts: boolean) {
    this.model = model;
    this.lanes = lanes;
    this.starts = starts;
  }

  choose(point: ChoicePoint): Thread {
    const enabled = point.enabled.slice(0, point.enabledCount);
    if (!this.starts) {
      const unstarted = enabled.find((thread) => thread.kind === op.START);
      if (unstarted !== undefined) return unstarted;
    }
    if (this.at === this.lanes.length) {
      this.announced = enabled.map(({ id, kind, a, b, c }) => [id, kind, a, b, c].join()).join(' ');
      this.steps = enabled.map((thread) => ({ lane: thread.id, key: this.keyWith(thread) }));
      throw new StopExecution();
    }
    const lane = this.lanes[this.at++];
    const thread = enabled.find(({ id }) => id === lane);
    if (thread === undefined) throw new Error(`lane ${lane} cannot step`);
    if (thread.kind === op.START) {
      this.started |= 1 << thread.id;
    } else {
      this.form.push(this.eventOf(thread));
      this.waiters.perform(thread, thread.id);
    }
    return thread;
  }

  private eventOf(thread: Thread): Event {
    const lane = thread.id;
    return { lane, accesses: accesses(this.model.program.machine, thread, lane, this.waiters) };
  }

  private keyWith(thread: Thread): string {
    if (thread.kind === op.START) return `${this.started | (1 << thread.id)}: ${this.form.key()}`;
    return `${this.started}: ${this.form.keyWith(this.eventOf(thread))}`;
  }

  prefixKey(): string {
    return `${this.started}: ${this.form.key()}`;
  }
}

/** Adds an execution of a prefix by one step, to those that reach the longer prefix in other ways. */
function extend(
  layer: Map<string, Prefix>,
  key: string,
  lanes: readonly number[],
  from: Prefix,
  end: End,
): void {
  let to = layer.get(key);
  if (to === undefined) {
    to = { lanes, executions: 0n, preemptions: [] };
    layer.set(key, to);
  }
  to.executions += from.executions;
  const lane = lanes[lanes.length - 1] as number;
  from.preemptions.forEach((count, last) => {
    const couldStep = end.steps.some((step) => step.lane === last - 1);
    const total = count + (couldStep && last - 1 !== lane ? 1 : 0);
    const { preemptions } = to;
    preemptions[lane + 1] = Math.min(preemptions[lane + 1] ?? total, total);
  });
}

function addTrace(
  traces: Map<string, CompleteTrace>,
  { executions, preemptions }: Prefix,
  { key, state: final, blocked }: End,
  ending: Ending,
): void {
  const fewest = Math.min(...Object.values(preemptions));
  const known = traces.get(key);
  if (known !== undefined && known.final !== final) {
    throw new Error(`one trace ends in two ways: ${known.final} and ${final}`);
  }
  traces.set(key, {
    final,
    ending,
    blocked,
    executions: executions + (known?.executions ?? 0n),
    preemptions: Math.min(fewest, known?.preemptions ?? fewest),
  });
}

/** Equivalent prefixes must lead to one state, or the dependency relation is wrong. */
function agree(states: Map<string, string>, key: string, state: string): void {
  const known = states.get(key);
  if (known !== undefined && known !== state) {
    throw new Error(`equivalent prefixes lead to different states: ${known} and ${state}`);
  }
  states.set(key, state);
}

function truth(traces: Map<string, CompleteTrace>, prefixes: number): Truth {
  const all = [...traces.values()];
  return {
    traces,
    prefixes,
    executions: all.reduce((sum, trace) => sum + trace.executions, 0n),
    finals: new Set(all.map((trace) => trace.final)),
    deadlocks: new Set(all.filter((t) => t.ending === 'blocked').map((t) => t.blocked)),
  };
}
