/** Argument checks of the shared-memory system calls; shm.ts does the work. */
import { type Code, PGSIZE } from '../machine/index.ts';
import { O_RDONLY, O_RDWR } from './abi.ts';
import { argint } from './argument.ts';
import type { Kernel } from './kernel.ts';
import { pageRoundUp } from './memlayout.ts';
import { SHMNAMEMAX } from './param.ts';
import type { Proc } from './proc.ts';
import { shmClose, shmMap, shmOpen, shmTrunc } from './shm.ts';
import { shmObject } from './shm-descriptors.ts';
import { copyinstr } from './vm.ts';

/** shm_open(char *name): the lowest free descriptor, or -1. */
export function* sysShmOpen(k: Kernel, p: Proc): Code<number> {
  const pagetable = k.m.words[p.pagetable] as number;
  const name = yield* copyinstr(k, pagetable, argint(k, p, 0), SHMNAMEMAX + 1);
  if (name === undefined || name === '') return -1;
  return yield* shmOpen(k, p, name);
}

/** shm_trunc(int od, int size): the size in bytes, rounded up to whole pages, or -1. */
export function* sysShmTrunc(k: Kernel, p: Proc): Code<number> {
  const o = shmObject(k, p, argint(k, p, 0));
  const size = argint(k, p, 1);
  if (o === undefined || size <= 0 || size > k.param.nshmpg * PGSIZE) return -1;
  const bytes = pageRoundUp(size);
  return (yield* shmTrunc(k, o, bytes / PGSIZE)) < 0 ? -1 : bytes;
}

/** shm_map(int od, void **va, int flags): 0, and the address in *va, or -1. */
export function* sysShmMap(k: Kernel, p: Proc): Code<number> {
  const flags = argint(k, p, 2);
  if (flags !== O_RDONLY && flags !== O_RDWR) return -1;
  return yield* shmMap(k, p, argint(k, p, 0), argint(k, p, 1), flags);
}

/** shm_close(int od): 0, or -1. */
export function* sysShmClose(k: Kernel, p: Proc): Code<number> {
  return yield* shmClose(k, p, argint(k, p, 0));
}
