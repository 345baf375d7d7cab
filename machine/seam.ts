/**
 * The seam between a machine and whoever schedules it.
 *
 * Everything above this line (strategies, traces, detectors) sees threads, operations and steps;
 * nothing here says what a guest is or how it is implemented.
 */
import type { TouchCode } from './footprint.ts';
import type { Code, Thread } from './thread.ts';

/** What a scheduler sees where more than one thread could step. */
export interface ChoicePoint {
  /** Threads that could step, in order of CPU, then the timers; only the first `enabledCount` count. */
  readonly enabled: readonly Thread[];
  readonly enabledCount: number;
  /**
   * The thread whose code ran last, whether or not it could go on; null at power-on. After a timer
   * interrupt it is the interrupted thread, after a context switch the one switched to.
   */
  readonly previous: Thread | null;
  /** The lane that control was last passed to; -1 at power-on. */
  readonly lane: number;
  /** Operations performed so far. */
  readonly step: number;
  /**
   * Number of steps, at least 1, that the chosen thread may take before the next question. The
   * question comes sooner when the chosen thread has to wait, or when a thread that had to wait when
   * this one was chosen may be able to go on. Set by `choose`; 1 when it is not.
   */
  lease: number;
  /** Lanes are 0..lanes-1. */
  readonly lanes: number;
  /** Where control goes when this thread steps: its CPU, CPUs + CPU for a timer, or behind those. */
  laneOf(thread: Thread): number;
  /** What is parked on each CPU, able to step or not; null where nothing is left to run. */
  readonly cpus: readonly { readonly thread: Thread | null; readonly looking: number }[];
  /** Every thread, by its number. */
  readonly threads: readonly Thread[];
  /** Memory, to look at. */
  readonly words: Int32Array;
  /** Level of the line that ends a `wfi`. */
  readonly runLine: number;
  /** Whether a parked thread could step; for those that are not listed in `enabled`, false. */
  isEnabled(thread: Thread): boolean;
  /** What the announced operation of a parked thread would touch now; see footprint.ts. */
  footprint(thread: Thread, into: TouchCode[]): number;
}

/** Makes the choices of an execution. */
export interface Scheduler {
  /** Answers one of the enabled threads. */
  choose(point: ChoicePoint): Thread;
  /**
   * Whether it is asked, too, where only one thread could step: to check, not to choose. Whoever
   * wraps a scheduler passes this on.
   */
  readonly asksAlways?: boolean;
}

/** Hears of every switch: after `step` operations control passes to `lane`. */
export type SwitchListener = (step: number, lane: number) => void;

/**
 * Watches every operation. Attached, it sees the same execution that would have run without it.
 * Called on the machine's current thread and CPU; may throw to end the execution.
 */
export interface Observer {
  /** Guest code asks for an operation: its stack is on the host's stack now, and may not be later. */
  entering?(kind: number, a: number, b: number, c: number): void;
  /** The same, only for locks and mutexes: whoever wants no more is not told of the rest. */
  locking?(lock: number): void;
  /** An operation other than a user access or a context switch was performed. */
  performed(kind: number, a: number, b: number, c: number, answer: number): void;
  // If present, called instead of `performed`, to save a call: for a load, a store, and a
  // spinlock or mutex that was taken or let go: most operations are one of those, and it saves a call.
  loaded?(address: number, marked: boolean): void;
  stored?(address: number, value: number): void;
  acquired?(lock: number): void;
  released?(lock: number): void;
  /** A user access was performed: word `address`, through virtual byte address `va`. */
  accessed(kind: number, address: number, va: number, value: number, answer: number): void;
  /** A store of a CPU, performed long ago, reaches memory, where the word is `value` now. */
  drained?(cpu: number, address: number, value: number): void;
  /** A context switch is about to happen on the current CPU. */
  switching(from: Thread, to: Thread): void;
}

/** Exception codes of `scause` (RISC-V privileged specification, table of causes). */
export const CAUSE_LOAD_MISALIGNED = 4;
export const CAUSE_STORE_MISALIGNED = 6;
export const CAUSE_ECALL = 8;
export const CAUSE_LOAD_FAULT = 13;
export const CAUSE_STORE_FAULT = 15;
/** A supervisor timer interrupt; the high bit that marks interrupts is left out. */
export const CAUSE_TIMER = 0x105;

/** The guest's trap vector: code that handles the trap on the current thread. */
export type TrapVector = (thread: Thread, cause: number, stval: number) => Code;

/** How an execution ended. */
export type Ending =
  /** The guest powered off, or every bare thread ended. */
  | 'halted'
  /** No thread can ever step again. */
  | 'blocked'
  /** `stepsMax` operations were performed. */
  | 'steps'
  /** The scheduler stopped it (a replay reached the end of its record). */
  | 'stopped';

/** Thrown by a scheduler that has no more choices to give; the execution ends as 'stopped'. */
export class StopExecution extends Error {
  override readonly name = 'StopExecution';
}
