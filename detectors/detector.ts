import type { Ending, Thread } from '../machine/index.ts';
import { type About, type Finding, Found } from './finding.ts';
import type { Watched } from './watched.ts';

/**
 * Watches executions of one guest and reports findings.
 *
 * A detector reads the machine, never changes it, and knows nothing of any planted bug. What it has
 * seen it reports by throwing (`found`), which ends the execution there, or by answering from
 * `ended` and `threw`. Throwing anything else is a fault of ours. The hooks of a detector are called
 * on the machine's current thread and CPU; those of a bare program's mutexes are those of locks.
 */
export interface Detector {
  readonly name: string;
  /**
   * By word of the kernel's data: the spinlock that every access to it needs, below 0 for none. Who
   * has this reports every other access to the word; so one with the lock held is in order, races
   * with none, and only who `looksInside` is told of it. In a kernel these are four of five loads and
   * stores.
   */
  readonly guards?: Int32Array;
  /** Whether it is told of loads and stores of words whose guard is held, too. */
  readonly looksInside?: boolean;
  /** The locks of whose release it is told; all, if left out. */
  readonly audits?: readonly number[];
  /** Forgets the last execution; what a campaign learns may stay. */
  begin?(): void;
  /** A word was loaded; `marked` if the kernel says that this load may race. */
  loaded?(address: number, marked: boolean): void;
  stored?(address: number): void;
  /**
   * An atomic cell of a bare program, or what orders as one does, was read, written, or both. Who reads
   * it knows what the writer knew.
   */
  ordered?(address: number, reads: boolean, writes: boolean): void;
  /** A read-modify-write of any other word. */
  modified?(address: number): void;
  /**
   * Guest code is about to take a lock that is held, for which it waits, or with others held; its
   * stack is on the host's.
   */
  acquiring?(lock: number): void;
  /** Knowledge was added to what whoever reads that word gets. */
  added?(address: number): void;
  acquired?(lock: number): void;
  released?(lock: number): void;
  /** A semaphore was posted or a condition signalled. */
  signalled?(word: number): void;
  /** A wait for a semaphore or a condition is over. */
  awaited?(word: number): void;
  /** A wait for a condition begins; its mutex was released just before. */
  waiting?(condition: number): void;
  /** The current CPU is about to switch. */
  switching?(from: Thread, to: Thread): void;
  /**
   * A user access to the word `address`, through virtual byte address `va`, has happened; `answer` is
   * what a load or an atomic instruction got.
   */
  accessed?(address: number, va: number, writes: boolean, atomic: boolean, answer: number): void;
  /** The kernel copies to or from a user's frame. */
  copied?(ppn: number, va: number, writes: boolean, pagetable: number): void;
  /** The kernel takes an address for a bad one. */
  refused?(va: number, writes: boolean, pagetable: number): void;
  allocated?(ppn: number): void;
  /** A frame is about to have one more owner. */
  counted?(ppn: number): void;
  /** A frame's last owner lets it go, or somebody lets go one that has none. */
  freed?(ppn: number): void;
  /** Pages are being taken from the process of that identifier by another; 0 when that is done. */
  revoking?(asid: number): void;
  entered?(pid: number, call: string): void;
  exited?(pid: number, call: string, result: number): void;
  /** A process exits, by itself or because it was killed. */
  exiting?(pid: number, status: number, wasKilled: boolean): void;
  /** The current process is about to sleep; `lock` guards what it waits for. */
  sleeping?(chan: number, lock: number): void;
  /** The current thread has marked the process of that slot of the table as killed. */
  killing?(slot: number): void;
  /** The current thread begins to wake who sleeps on a channel; 0 when it is done. */
  waking?(chan: number): void;
  printed?(text: string): void;
  /**
   * Any operation in the last `LATE` steps before the step limit: the word that it names, -1 for none, and
   * what was stored.
   */
  late?(kind: number, address: number, value: number): void;
  /** The execution has ended by itself. */
  ended?(ending: Ending): Finding | undefined;
  /** Guest code threw; answers undefined for what is not its business. */
  threw?(error: unknown): Finding | undefined;
  /** What could not be decided about the execution that has ended, in a line; undefined for nothing. */
  note?(): string | undefined;
  /** What a search takes for granted, and the execution that has ended showed to be wrong. */
  withdrawn?(): Withdrawn | undefined;
}

/** An assumption of a search that turned out to be wrong. */
export interface Withdrawn {
  /** That sections of some locks commute, or that sections that only look do. */
  readonly claim: 'commute' | 'look';
  /** What was seen, in a line. */
  readonly text: string;
}

export interface DetectorKind {
  readonly name: string;
  readonly summary: string;
  /** Whether it keeps what it saw, so that a finding may need several executions. */
  readonly learns?: boolean;
  /** Answers undefined for a guest that has nothing to watch. */
  make(guest: Watched): Detector | undefined;
}

/** Empties a list that is filled again soon: it keeps its memory, which `length = 0` gives back. */
export function empty(list: unknown[]): void {
  while (list.length > 0) list.pop();
}

/** Ends the execution with a finding at the current step. */
export function found(
  guest: Watched,
  detector: string,
  title: string,
  detail: readonly string[],
  about: About,
): never {
  throw guest.m.fail(new Found({ detector, title, detail, step: guest.m.step, about }));
}
