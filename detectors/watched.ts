import type { Kernel } from '../kernel/kernel.ts';
import type { Machine, Thread } from '../machine/index.ts';
import { HeldLocks } from './held-locks.ts';
import type { Model } from './model.ts';

/** What a scenario says of its processes. */
export interface Claim {
  /** Pids 2, 3, … in this order. */
  readonly processes: readonly { readonly name: string }[];
  /** Answers what is wrong with all that was printed; undefined for nothing. */
  readonly holds?: ((output: string) => string | undefined) | undefined;
}

/** What a guest is besides its machine. */
export interface WatchedParts {
  readonly kernel?: Kernel | undefined;
  readonly scenario?: Claim | undefined;
  readonly model?: Model | undefined;
  readonly isOwn?: boolean;
}

/**
 * What a detector may know of whoever runs on the machine: a kernel, or a bare program's threads.
 * Detectors that need no more than this see both.
 */
export class Watched {
  readonly m: Machine;
  /** The kernel, for detectors that read its tables; undefined for a bare program. */
  readonly kernel: Kernel | undefined;
  /** What the kernel was booted for, if that is a scenario. */
  readonly scenario: Claim | undefined;
  /** What the author of bare threads says of them. */
  readonly model: Model | undefined;
  /** Whether a user wrote its code. */
  readonly isOwn: boolean;
  /** Spinlocks by CPU; a bare thread has a CPU of its own, so its mutexes are here, too. */
  readonly held: HeldLocks;
  /** By thread number: the system call that it is in; empty for none. */
  readonly calls: string[];

  constructor(m: Machine, { kernel, scenario, model, isOwn = false }: WatchedParts = {}) {
    this.m = m;
    this.kernel = kernel;
    this.scenario = scenario;
    this.model = model;
    this.isOwn = isOwn;
    this.held = new HeldLocks(m.cpus.length);
    this.calls = m.threads.map(() => '');
  }

  begin(): void {
    this.held.clear();
    this.calls.fill('');
  }

  /** A thread in words: `pid 3 in shm_close`, `scheduler 0`, or a bare thread's name. */
  who({ id, name }: Thread): string {
    const call = this.calls[id] ?? '';
    return call === '' ? name : `${name} in ${call}`;
  }

  /** The running thread, with its CPU where that says more than its name. */
  here(): string {
    const { current, cpu } = this.m;
    if (this.kernel === undefined) return current.name;
    if (current.id < this.m.cpus.length) return `the scheduler loop on CPU ${cpu.id}`;
    return `${this.who(current)} on CPU ${cpu.id}`;
  }

  /** A word in words. */
  nameOf(address: number): string {
    const name = this.m.layout.nameOf(address);
    if (name !== undefined) return name;
    const ppn = this.m.memory.ppnOf(address);
    return `word ${address & 1023} of frame 0x${ppn.toString(16)}`;
  }
}
