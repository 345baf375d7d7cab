import type { Kernel } from './kernel.ts';
import type { Proc } from './proc.ts';

/** The process on this CPU, or undefined in the scheduler loop (xv6 proc.c). */
export function myproc(k: Kernel): Proc | undefined {
  return k.ptable.procs[k.m.current.id - k.param.ncpu];
}
