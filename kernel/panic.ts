import type { Kernel } from './kernel.ts';

/** The kernel gave up (xv6 printf.c panic). A finding about the guest, not a fault of ours. */
export class KernelPanic extends Error {
  override readonly name = 'KernelPanic';
  readonly cpu: number;
  /** The process on that CPU, or 0 for the scheduler loop. */
  readonly pid: number;
  readonly step: number;

  constructor(message: string, cpu: number, pid: number, step: number) {
    super(message);
    this.cpu = cpu;
    this.pid = pid;
    this.step = step;
  }
}

export function panic(k: Kernel, message: string): never {
  throw new KernelPanic(message, k.m.cpu.id, k.currentPid(), k.m.step);
}
