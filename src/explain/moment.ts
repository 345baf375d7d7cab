/** What one captured moment of an execution was. */
export type MomentKind =
  | 'load'
  | 'store'
  | 'modify'
  | 'plain'
  | 'acquire'
  | 'release'
  | 'spin'
  | 'allocate'
  | 'free'
  | 'map'
  | 'unmap'
  | 'flush'
  | 'switch'
  | 'sleep'
  | 'wakeup'
  | 'down'
  | 'up'
  | 'wait'
  | 'signal'
  | 'broadcast'
  | 'rouse'
  | 'drain'
  | 'panic'
  | 'other';

/** One thing that a thread did, with all that an explanation may need of it. */
export interface Moment {
  readonly kind: MomentKind;
  /** Operations performed up to and including this one. */
  readonly step: number;
  readonly cpu: number;
  /** Number of the thread; it outlives the process in a slot. */
  readonly thread: number;
  /** The name of a thread without a kernel; empty for one of a kernel. */
  readonly by: string;
  /** 0 for a scheduler loop, and without a kernel. */
  readonly pid: number;
  /** The system call that it was in, or what else it did: `user`, `scheduler`. */
  readonly call: string;
  /** The number of its system call among all calls; 0 outside of one. */
  readonly turn: number;
  /** Word, lock, frame or channel, as the kind says; 0 for none. */
  readonly address: number;
  /** The name of that. */
  readonly name: string;
  /** For accesses; a load has both the same. Undefined where nobody looked. */
  readonly before: number | undefined;
  readonly after: number;
  /** Locks that the CPU held, after taking or before letting go one. */
  readonly locks: readonly number[];
  /** Where the guest's code was; its stack is text only when it is asked for. */
  readonly error: Error | undefined;
  /** Whether a user program did it, through its own page table. */
  readonly user: boolean;
}
