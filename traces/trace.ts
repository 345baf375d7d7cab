/*
 * What stands in a trace, as plain numbers and strings: this room knows no kernel, so a trace can be
 * shown without one. FORMAT.md says how it becomes bytes.
 */

/** What can be written into a finding's detail and comes back unchanged. */
export type Json =
  | null
  | boolean
  | number
  | string
  | readonly Json[]
  | { readonly [key: string]: Json };

/** Everything that an execution depends on; the same header and guest give the same execution. */
export interface TraceHeader {
  /** Our kernel, threads without one, or a kernel in a file. */
  readonly guest: 'kernel' | 'bare' | 'elf';
  readonly program: string;
  readonly args: readonly string[];
  readonly seed: number;
  readonly strategy: string;
  /** The pseudo-random generator that the seed fed: `tychei`. */
  readonly prng: string;
  readonly cpus: number;
  readonly mutants: readonly string[];
  /** Limits and switches of the guest, by name. */
  readonly config: Readonly<Record<string, number | string | boolean>>;
  /** Names the version of the guest's code; replay compares it before anything else. */
  readonly fingerprint: string;
  /** SHA-256 of the user's file that ran, in hexadecimal; left out where none did. */
  readonly source?: string;
  /** Which events are recorded: 0 none, 1 switches, system calls, faults, timers and prints, 2 also locks and sleeps. */
  readonly detail: number;
}

/** After `step` operations in total were performed, control passes to `lane`. */
export interface Choice {
  readonly step: number;
  /** What the scheduler switches between: 0..cpus-1 a CPU, cpus..2*cpus-1 the timer of a CPU; a thread in a bare program. */
  readonly lane: number;
}

interface Where {
  /** Operations performed before the event, in total. */
  readonly step: number;
  readonly cpu: number;
}

/** `swtch`: a CPU goes from one thread to another; 0 is the CPU's scheduler loop, else it is a pid. */
export interface SwitchEvent extends Where {
  readonly kind: 'switch';
  readonly from: number;
  readonly to: number;
  readonly reason: string;
}

interface WhereAndWho extends Where {
  readonly pid: number;
}

/** A system call begins. Numbers among `args` are safe integers. */
export interface EnterEvent extends WhereAndWho {
  readonly kind: 'enter';
  readonly call: string;
  readonly args: readonly (number | string)[];
}

/** A system call returns to the user program; `out` is what it stored through a pointer, readably. */
export interface ExitEvent extends WhereAndWho {
  readonly kind: 'exit';
  readonly call: string;
  readonly result: number;
  readonly out?: string;
}

/** A trap that is neither a system call nor an interrupt, and kills the process. */
export interface FaultEvent extends WhereAndWho {
  readonly kind: 'fault';
  readonly scause: number;
  readonly stval: string;
}

/** A page fault that was handled; `now` says in words what the page is since. */
export interface PageEvent extends WhereAndWho {
  readonly kind: 'page';
  readonly scause: number;
  readonly stval: string;
  readonly now: string;
}

/** A CPU takes its timer interrupt. */
export interface IrqEvent extends Where {
  readonly kind: 'irq';
}

/** Text on the console. */
export interface PrintEvent extends WhereAndWho {
  readonly kind: 'print';
  readonly text: string;
}

/** A lock is taken or given back. */
export interface LockEvent extends WhereAndWho {
  readonly kind: 'lock' | 'unlock';
  readonly name: string;
}

/** A process goes to sleep on a channel, or wakes whoever sleeps on one. */
export interface SleepEvent extends WhereAndWho {
  readonly kind: 'sleep' | 'wakeup';
  readonly channel: string;
}

/**
 * An object of shared memory comes to another state of its life: created, attached, in use, detached,
 * marked (removed, but still attached) or destroyed. `count` mappings have it then.
 */
export interface LifeEvent extends WhereAndWho {
  readonly kind: 'life';
  readonly object: string;
  readonly state: string;
  readonly count: number;
}

export type TraceEvent =
  | SwitchEvent
  | EnterEvent
  | ExitEvent
  | FaultEvent
  | PageEvent
  | IrqEvent
  | PrintEvent
  | LockEvent
  | SleepEvent
  | LifeEvent;

export type TraceEventKind = TraceEvent['kind'];

/** The smallest `detail` at which events of this kind are recorded. */
export function detailOf(kind: TraceEventKind): number {
  return kind === 'lock' || kind === 'unlock' || kind === 'sleep' || kind === 'wakeup' ? 2 : 1;
}

/** The digest of the machine's state after `step` operations, for replay to compare. */
export interface Checkpoint {
  readonly step: number;
  readonly digest: string | number;
}

export interface TraceFinding {
  readonly step: number;
  /** Which detector found it, for example `deadlock`. */
  readonly kind: string;
  readonly title: string;
  readonly id: string;
  /** Nested at most 64 deep. */
  readonly detail: Json;
}

export interface TraceEnd {
  readonly steps: number;
  readonly switches: number;
  readonly verdict: string;
  readonly digest: string | number;
  readonly exitCode: number;
}
