import type { Kernel } from './kernel.ts';
import { TF_A0 } from './memlayout.ts';
import type { Proc } from './proc.ts';

/** The n-th argument of a system call: a 32-bit register in the trapframe (xv6 argint, argaddr). */
export function argint(k: Kernel, p: Proc, n: number): number {
  const registers = k.m.memory.frame(k.m.words[p.trapframe] as number);
  return k.m.words[registers + TF_A0 + 2 * n] as number;
}
