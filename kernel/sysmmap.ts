/** Argument checks of mmap and munmap; mmap.ts does the work. */
import { type Code, PGSIZE } from '../machine/index.ts';
import {
  MAP_ANONYMOUS,
  MAP_FIXED,
  MAP_PRIVATE,
  MAP_SHARED,
  PROT_EXEC,
  PROT_READ,
  PROT_WRITE,
} from './abi.ts';
import { argint } from './argument.ts';
import { FD_SHM, fileOf } from './file.ts';
import type { Kernel } from './kernel.ts';
import { fileBacking } from './mapfile.ts';
import { pageRoundUp, SHMBASE, SHMENDVPN } from './memlayout.ts';
import { anonymous, mmap, munmap, type Request } from './mmap.ts';
import { posixBacking } from './posix.ts';
import type { Proc } from './proc.ts';

const PROT_ALL = PROT_READ | PROT_WRITE | PROT_EXEC;
const MAP_ALL = MAP_SHARED | MAP_PRIVATE | MAP_FIXED | MAP_ANONYMOUS;

/** What mmap's first four arguments ask for; undefined when that cannot be. */
function requestOf(k: Kernel, p: Proc): Request | undefined {
  const addr = argint(k, p, 0);
  const length = argint(k, p, 1);
  const prot = argint(k, p, 2);
  const flags = argint(k, p, 3);
  if ((prot & ~PROT_ALL) !== 0 || (flags & ~MAP_ALL) !== 0) return undefined;
  // One of the two, and not both.
  if (((flags & MAP_SHARED) !== 0) === ((flags & MAP_PRIVATE) !== 0)) return undefined;
  if (length <= 0 || length > SHMBASE || addr < 0) return undefined;
  if ((flags & MAP_FIXED) !== 0 && addr % PGSIZE !== 0) return undefined;
  return { vpn: Math.floor(addr / PGSIZE), pages: pageRoundUp(length) / PGSIZE, prot, flags };
}

/**
 * mmap(addr, length, prot, flags, fd, offset): the address, or -1. Without MAP_FIXED, addr is a wish.
 * The heap and the window of xv6's shared memory are out of reach also with it.
 */
export function* sysMmap(k: Kernel, p: Proc): Code<number> {
  const request = requestOf(k, p);
  const offset = argint(k, p, 5);
  if (request === undefined || offset < 0 || offset % PGSIZE !== 0) return -1;
  if ((request.flags & MAP_ANONYMOUS) !== 0) {
    return yield* mmap(k, p, request, anonymous(k, request));
  }
  const fd = argint(k, p, 4);
  const f = fileOf(k, p, fd);
  const isShm = f !== undefined && k.m.words[f.type] === FD_SHM;
  const backing = isShm
    ? posixBacking(k, f, request, offset)
    : yield* fileBacking(k, p, fd, request, offset);
  return backing === undefined ? -1 : yield* mmap(k, p, request, backing);
}

/**
 * munmap(addr, length): 0, also where nothing is mapped, or -1 for what munmap of mmap.ts refuses and
 * for a range that is none.
 */
export function* sysMunmap(k: Kernel, p: Proc): Code<number> {
  const addr = argint(k, p, 0);
  const length = argint(k, p, 1);
  if (addr < 0 || addr % PGSIZE !== 0 || length <= 0) return -1;
  const vpn = addr / PGSIZE;
  const pages = pageRoundUp(length) / PGSIZE;
  if (vpn + pages > SHMENDVPN) return -1;
  return yield* munmap(k, p, vpn, pages);
}
