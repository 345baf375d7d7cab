import type { Kernel } from '../../kernel/kernel.ts';
import type { Ending, Thread } from '../../machine/index.ts';
import { type Finding, Found } from '../finding.ts';

/**
 * Watches executions of one kernel and reports findings.
 *
 * A detector reads the machine, never changes it, and knows nothing of any planted bug. What it has
 * seen it reports by throwing (`found`), which ends the execution there, or by answering from
 * `ended` and `threw`. Throwing anything else is a fault of ours. The hooks of a detector are called
 * on the machine's current thread and CPU.
 */
export interface Detector {
  readonly name: string;
  /** Forgets the last execution; what a campaign learns may stay. */
  begin?(): void;
  /** A word was loaded; `marked` if the kernel says that this load may race. */
  loaded?(address: number, marked: boolean): void;
  stored?(address: number): void;
  /** An atomic read-modify-write. */
  modified?(address: number): void;
  /** Guest code is about to take a spinlock; its stack is on the host's. */
  acquiring?(lock: number): void;
  acquired?(lock: number): void;
  /** A spinlock was released. */
  released?(lock: number): void;
  /** The current CPU is about to switch. */
  switching?(from: Thread, to: Thread): void;
  /** A user access to the word `address`, through virtual byte address `va`. */
  accessed?(address: number, va: number, writes: boolean): void;
  allocated?(ppn: number): void;
  freed?(ppn: number): void;
  entered?(pid: number, call: string, args: () => (number | string)[]): void;
  exited?(pid: number, call: string, result: number): void;
  /** The execution has ended by itself. */
  ended?(ending: Ending): Finding | undefined;
  /** Guest code threw; answers undefined for what is not its business. */
  threw?(error: unknown): Finding | undefined;
}

export interface DetectorKind {
  readonly name: string;
  readonly summary: string;
  make(k: Kernel): Detector;
}

/** Ends the execution with a finding at the current step. */
export function found(
  k: Kernel,
  detector: string,
  title: string,
  detail: readonly string[] = [],
): never {
  throw new Found({ detector, title, detail, step: k.m.step });
}

/** The running process or CPU in words. */
export function here(k: Kernel): string {
  const pid = k.currentPid();
  const who = pid === 0 ? 'the scheduler loop' : `pid ${pid}`;
  return `${who} on CPU ${k.m.cpu.id}`;
}
