/**
 * The address space of a process, in virtual page numbers (xv6 memlayout.h).
 *
 *   0          program and data, guard page, stack, then the heap, up to
 *   SHMVPN     the shared-memory window [KERNBASE/2, KERNBASE)
 *   …
 *   TRAPFRAME  saved registers, and TRAMPOLINE, at the top of the Sv39 range
 */
import { KERNBASE, MAXVPN, PGSIZE } from '../machine/index.ts';

export const SHMBASE = KERNBASE / 2;
export const SHMVPN = SHMBASE / PGSIZE;
export const SHMENDVPN = KERNBASE / PGSIZE;

export const TRAMPOLINE = MAXVPN - 1;
export const TRAPFRAME = TRAMPOLINE - 1;

/** Where saved registers lie in the trapframe page, in words (xv6 proc.h struct trapframe, by 8). */
export const TF_A0 = 28;
export const TF_A7 = 42;

export function pageRoundUp(bytes: number): number {
  return Math.ceil(bytes / PGSIZE) * PGSIZE;
}
