import type { Kernel } from './kernel.ts';

/** The kernel gave up (xv6 printf.c panic). A finding about the guest, not a fault of ours. */
export class KernelPanic extends Error {
  override readonly name = 'KernelPanic';
  readonly cpu: number;
  /** The process on that CPU, or 0 for the scheduler loop. */
  readonly pid: number;
  readonly step: number;
  /** Address of the lock that it is about; 0 for none. */
  readonly lock: number;

  constructor(message: string, cpu: number, pid: number, step: number, lock = 0) {
    super(message);
    this.cpu = cpu;
    this.pid = pid;
    this.step = step;
    this.lock = lock;
  }
}

export function panic(k: Kernel, message: string, lock = 0): never {
  throw new KernelPanic(message, k.m.cpu.id, k.currentPid(), k.m.step, lock);
}
