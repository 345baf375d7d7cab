/**
 * What the kernel tells whoever records it. Nothing in the kernel depends on the listener: with
 * none attached an execution is the same, operation for operation.
 */
export interface KernelEvents {
  /** A context switch (swtch) on a CPU; from and to are pids, 0 for the scheduler loop. */
  switched(step: number, cpu: number, from: number, to: number, reason: string): void;
  enter(
    step: number,
    cpu: number,
    pid: number,
    call: string,
    args: readonly (number | string)[],
  ): void;
  exit(step: number, cpu: number, pid: number, call: string, result: number, out?: string): void;
  /** A fault that kills the process. */
  fault(step: number, cpu: number, pid: number, scause: number, stval: string): void;
  /** A page fault that was handled, by the user's access or the kernel's; what the page is now. */
  page(step: number, cpu: number, pid: number, scause: number, stval: string, now: string): void;
  irq(step: number, cpu: number): void;
  print(step: number, cpu: number, pid: number, text: string): void;
  lock(step: number, cpu: number, pid: number, name: string): void;
  unlock(step: number, cpu: number, pid: number, name: string): void;
  sleep(step: number, cpu: number, pid: number, channel: string): void;
  wakeup(step: number, cpu: number, pid: number, channel: string): void;
  /** An object of shared memory comes to another state of its life; `count` maps it then. */
  life(step: number, cpu: number, pid: number, object: string, state: string, count: number): void;
}

/** What the kernel tells whoever looks for bugs; see Machine.observer for the rest. */
export interface KernelWatch {
  /** The allocator is about to take a frame off the free list. */
  allocated(ppn: number): void;
  /** A frame is about to have one more owner. */
  counted(ppn: number): void;
  /** The last owner of a frame lets it go, or somebody lets go one that has none. */
  freed(ppn: number): void;
  /**
   * The current thread takes pages from another process, by its address-space identifier, which may
   * use them until this is done; 0 when it is.
   */
  revoking(asid: number): void;
  /** A system call begins, its arguments in the registers. */
  entered(pid: number, call: string): void;
  /** It returns. */
  exited(pid: number, call: string, result: number): void;
  /** The current process exits, by a call or, with status -1, because it was killed. */
  exiting(status: number, wasKilled: boolean): void;
  /**
   * The current process is about to sleep on a channel; 0 when it does not after all. `lock` guards the
   * condition it waits for.
   */
  sleeping(chan: number, lock: number): void;
  /** The current thread has marked the process of that slot as killed, and holds its p->lock. */
  killing(slot: number): void;
  /** The current thread begins to wake who sleeps on a channel; 0 when it is done. */
  waking(chan: number): void;
  /** The kernel is about to copy from (or to) a user's frame. */
  copied(ppn: number, va: number, writes: boolean, pagetable: number): void;
  /** The kernel could not copy from (or to) that address, and the call is about to fail. */
  refused(va: number, writes: boolean, pagetable: number): void;
  /** A process prints. */
  printed(text: string): void;
}

/** Reasons for a context switch, by the code that swtch carries. */
export const SWITCH_REASONS = ['schedule', 'yield', 'sleep', 'exit'] as const;
export const SCHEDULE = 0;
export const YIELD = 1;
export const SLEEP = 2;
export const EXIT = 3;
