/** Argument checks of the System V calls; sysv.ts does the work. */
import { type Code, PGSIZE } from '../machine/index.ts';
import {
  IPC_CREAT,
  IPC_EXCL,
  IPC_RMID,
  IPC_SET,
  IPC_STAT,
  MAP_FIXED,
  MAP_SHARED,
  PROT_READ,
  PROT_WRITE,
  SHM_RDONLY,
  SHM_RND,
  SHMID_DS_MODE,
  SHMID_DS_SIZE,
  SHMID_DS_UID,
} from './abi.ts';
import { argint } from './argument.ts';
import type { Kernel } from './kernel.ts';
import { mmap, munmap } from './mmap.ts';
import { MAY_READ, MAY_WRITE } from './permission.ts';
import type { Proc } from './proc.ts';
import {
  attachableSize,
  attachment,
  segmentRemove,
  segmentSet,
  segmentStat,
  shmget,
} from './sysv.ts';
import { copyin, copyout } from './vm.ts';
import { findVma, kindOf, VMA_SYSV, type Vma } from './vma.ts';

/** shmget(int key, int size, int flags): an identifier ≥ 0, or -1. */
export function* sysShmget(k: Kernel, p: Proc): Code<number> {
  const flags = argint(k, p, 2);
  if ((flags & ~(IPC_CREAT | IPC_EXCL | 0o777)) !== 0) return -1;
  return yield* shmget(k, p, argint(k, p, 0), argint(k, p, 1), flags);
}

/**
 * shmat(int id, void *addr, int flags): the address, or -1. An address that is not 0 is where the
 * segment goes, rounded down to a page with SHM_RND; nothing else may be there.
 */
export function* sysShmat(k: Kernel, p: Proc): Code<number> {
  const id = argint(k, p, 0);
  const addr = argint(k, p, 1);
  const flags = argint(k, p, 2);
  if ((flags & ~(SHM_RDONLY | SHM_RND)) !== 0 || addr < 0) return -1;
  if (addr % PGSIZE !== 0 && (flags & SHM_RND) === 0) return -1;
  const writes = (flags & SHM_RDONLY) === 0;
  const wanted = MAY_READ | (writes ? MAY_WRITE : 0);
  const pages = Math.ceil((yield* attachableSize(k, p, id, wanted)) / PGSIZE);
  const vpn = Math.floor(addr / PGSIZE);
  if (pages === 0 || (addr !== 0 && findVma(k, p, vpn, pages) !== undefined)) return -1;
  const request = {
    vpn,
    pages,
    prot: PROT_READ | (writes ? PROT_WRITE : 0),
    flags: MAP_SHARED | (addr === 0 ? 0 : MAP_FIXED),
  };
  return yield* mmap(k, p, request, attachment(k, p, id, wanted));
}

/** Where an attachment begins that an area is of, or part of: its first page. */
function attachedAt(k: Kernel, v: Vma): number {
  return (k.m.words[v.start] as number) - (k.m.words[v.offset] as number);
}

/** shmdt(void *addr): 0, or -1 where no segment is attached. */
export function* sysShmdt(k: Kernel, p: Proc): Code<number> {
  const { words } = k.m;
  const addr = argint(k, p, 0);
  const at = (v: Vma): boolean =>
    kindOf(k, v) === VMA_SYSV && words[v.pages] !== 0 && attachedAt(k, v) * PGSIZE === addr;
  // Several areas if munmap has cut pieces out of it.
  const first = p.vmas.find(at);
  if (first === undefined) return -1;
  const object = words[first.object];
  for (const v of p.vmas) {
    if (!at(v) || words[v.object] !== object) continue;
    yield* munmap(k, p, words[v.start] as number, words[v.pages] as number);
  }
  return 0;
}

/** shmctl(int id, int cmd, struct shmid_ds *buf): 0, or -1. */
export function* sysShmctl(k: Kernel, p: Proc): Code<number> {
  const id = argint(k, p, 0);
  const buf = argint(k, p, 2);
  const pagetable = k.m.words[p.pagetable] as number;
  switch (argint(k, p, 1)) {
    case IPC_STAT: {
      const stat = yield* segmentStat(k, p, id);
      if (stat === undefined) return -1;
      return yield* copyout(k, pagetable, buf, new Uint8Array(Int32Array.from(stat).buffer));
    }
    case IPC_SET: {
      const bytes = new Uint8Array(SHMID_DS_SIZE);
      if ((yield* copyin(k, pagetable, bytes, buf)) < 0) return -1;
      const words = new Int32Array(bytes.buffer);
      const uid = words[SHMID_DS_UID] as number;
      if (uid < 0) return -1;
      return yield* segmentSet(k, p, id, uid, words[SHMID_DS_MODE] as number);
    }
    case IPC_RMID:
      return yield* segmentRemove(k, p, id);
    default:
      return -1;
  }
}
