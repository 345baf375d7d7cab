import {
  MAP_ANONYMOUS,
  MAP_FIXED,
  MAP_PRIVATE,
  MAP_SHARED,
  PROT_EXEC,
  PROT_READ,
  PROT_WRITE,
  SBRK_LAZY,
  T_FILE,
} from '../../kernel/abi.ts';
import { argint } from '../../kernel/argument.ts';
import { FD_INODE, FD_SHM, fileOf } from '../../kernel/file.ts';
import type { Kernel } from '../../kernel/kernel.ts';
import { SHMBASE, SHMENDVPN, SHMVPN } from '../../kernel/memlayout.ts';
import { OBJECTPAGES } from '../../kernel/pageobject.ts';
import type { Proc } from '../../kernel/proc.ts';
import {
  findVma,
  isSharedVma,
  kindOf,
  VMA_ANON,
  VMA_FILE,
  VMA_OBJECT,
  VMA_POSIX,
  VMA_SYSV,
  type Vma,
} from '../../kernel/vma.ts';
import { PGSIZE } from '../../machine/index.ts';
import type { AddressSpace, Area } from '../xv6/address-space.ts';

/** A call that may change what a process has mapped, as it begins. */
export interface MappingCall {
  /** What it answers by the rules; undefined where that is another model's business. */
  readonly answer: number | undefined;
  /** Whether it may fail nevertheless: tables or memory that others use. */
  mayFail: boolean;
  /** The first page that goes, and how many. */
  readonly removed?: readonly [number, number];
  /** What is mapped when it has succeeded. */
  after(result: number): AddressSpace;
}

/** Pages of the heap, and of all below it. */
export function heapPages(k: Kernel, p: Proc): number {
  return Math.ceil((k.m.words[p.sz] as number) / PGSIZE);
}

/** What the call that the registers ask for does to the mappings; undefined for one that does nothing. */
export function mappingCall(
  k: Kernel,
  p: Proc,
  space: AddressSpace,
  name: string,
): MappingCall | undefined {
  switch (name) {
    case 'mmap':
      return mmapCall(k, p, space);
    case 'munmap':
      return munmapCall(k, p, space);
    case 'sbrk':
      return sbrkCall(k, p, space);
    case 'shmat':
      return attaching(k, p, space);
    case 'shmdt': {
      const addr = argint(k, p, 0);
      const isIt = ({ kind, start, offset }: Area): boolean =>
        kind === VMA_SYSV && (start - offset) * PGSIZE === addr;
      const its = space.areas.filter(isIt);
      const after = its.reduce((left, { start, pages }) => left.without(start, pages), space);
      return { answer: undefined, mayFail: true, after: () => after };
    }
    default:
      return undefined;
  }
}

function fails(space: AddressSpace): MappingCall {
  return { answer: -1, mayFail: false, after: () => space };
}

function mmapCall(k: Kernel, p: Proc, space: AddressSpace): MappingCall {
  const [addr, length, prot, flags] = [0, 1, 2, 3].map((n) => argint(k, p, n)) as Four;
  const pages = Math.ceil(length / PGSIZE);
  const fixed = (flags & MAP_FIXED) !== 0;
  const behind = backing(k, p, prot, flags, pages);
  const known =
    (prot & ~(PROT_READ | PROT_WRITE | PROT_EXEC)) === 0 &&
    (flags & ~(MAP_SHARED | MAP_PRIVATE | MAP_FIXED | MAP_ANONYMOUS)) === 0 &&
    ((flags & MAP_SHARED) !== 0) !== ((flags & MAP_PRIVATE) !== 0);
  const inRange = length > 0 && length <= SHMBASE && addr >= 0 && (!fixed || addr % PGSIZE === 0);
  if (!known || !inRange || behind === undefined) return fails(space);
  const wish = Math.floor(addr / PGSIZE);
  const bottom = heapPages(k, p);
  const rest = fixed ? space.without(wish, pages) : space;
  const start = rest.place(wish, pages, bottom, SHMVPN);
  // An entry must be free before what is there goes.
  const room = start > 0 && (!fixed || start === wish) && space.free > 0 && rest.free > 0;
  if (!room) return fails(space);
  const shared = (flags & MAP_SHARED) !== 0;
  const after = rest.with({ start, pages, prot, shared, ...behind });
  const mayFail = behind.kind === VMA_POSIX;
  const call = { answer: start * PGSIZE, mayFail, after: () => after };
  return fixed ? { ...call, removed: [wish, pages] } : call;
}

type Four = [number, number, number, number];

/** What a mapping is of; undefined where there is no such thing. */
function backing(
  k: Kernel,
  p: Proc,
  prot: number,
  flags: number,
  pages: number,
): Pick<Area, 'kind' | 'object' | 'offset'> | undefined {
  const { words } = k.m;
  const shared = (flags & MAP_SHARED) !== 0;
  const offset = argint(k, p, 5) / PGSIZE;
  if (!Number.isInteger(offset) || offset < 0) return undefined;
  if ((flags & MAP_ANONYMOUS) !== 0) {
    if (!shared) return { kind: VMA_ANON, object: 0, offset: 0 };
    // The step in which it begins is a name that no other has.
    return pages > OBJECTPAGES ? undefined : { kind: VMA_OBJECT, object: k.m.step, offset: 0 };
  }
  const f = fileOf(k, p, argint(k, p, 4));
  const writes = shared && (prot & PROT_WRITE) !== 0;
  if (f === undefined || (writes && words[f.writable] === 0)) return undefined;
  const object = words[f.object] as number;
  if (words[f.type] === FD_SHM) return { kind: VMA_POSIX, object, offset };
  const type = words[f.type] === FD_INODE ? k.itable.inodes[object - 1]?.type : undefined;
  const isFile = type !== undefined && words[type] === T_FILE && words[f.readable] !== 0;
  return isFile ? { kind: VMA_FILE, object, offset } : undefined;
}

function munmapCall(k: Kernel, p: Proc, space: AddressSpace): MappingCall {
  const addr = argint(k, p, 0);
  const length = argint(k, p, 1);
  const vpn = addr / PGSIZE;
  const pages = Math.ceil(length / PGSIZE);
  if (addr < 0 || !Number.isInteger(vpn) || length <= 0 || vpn + pages > SHMENDVPN) {
    return fails(space);
  }
  // What is no mapping of mmap or shmat is not munmap's to remove.
  if (vpn < heapPages(k, p) || windowMaps(k, p, vpn, pages)) return fails(space);
  const after = space.without(vpn, pages);
  if (after.free < 0) return fails(space);
  return { answer: 0, mayFail: false, removed: [vpn, pages], after: () => after };
}

/** Whether any of those pages belongs to a mapping of xv6's shared memory. */
function windowMaps(k: Kernel, p: Proc, vpn: number, pages: number): boolean {
  const { words } = k.m;
  return Array.from({ length: p.shm.count }, (_, od) => od).some((od) => {
    const start = words[p.shm.vpn(od)] as number;
    const end = start + (words[p.shm.pages(od)] as number);
    return start > 0 && start < vpn + pages && vpn < end;
  });
}

function sbrkCall(k: Kernel, p: Proc, space: AddressSpace): MappingCall {
  const sz = k.m.words[p.sz] as number;
  const n = argint(k, p, 0);
  const [from, to] = [heapPages(k, p), Math.ceil((sz + n) / PGSIZE)];
  if (sz + n < 0 || sz + n > SHMBASE) return fails(space);
  if (space.areas.some(({ start, pages }) => start < to && start + pages > from)) {
    return fails(space);
  }
  const eager = to > from && argint(k, p, 1) !== SBRK_LAZY;
  const call = { answer: sz, mayFail: eager, after: () => space };
  return to < from ? { ...call, removed: [to, from - to] } : call;
}

/** Whether a segment can be attached is for others to say; where it is then, its table does. */
function attaching(k: Kernel, p: Proc, space: AddressSpace): MappingCall {
  const after = (result: number): AddressSpace => {
    const v = findVma(k, p, result / PGSIZE);
    return v === undefined ? space : space.with(areaOf(k, v));
  };
  return { answer: undefined, mayFail: true, after };
}

/** An area as the kernel's table has it. */
export function areaOf(k: Kernel, v: Vma): Area {
  const { words } = k.m;
  return {
    start: words[v.start] as number,
    pages: words[v.pages] as number,
    prot: (words[v.mode] as number) & (PROT_READ | PROT_WRITE | PROT_EXEC),
    shared: isSharedVma(k, v),
    kind: kindOf(k, v),
    object: words[v.object] as number,
    offset: words[v.offset] as number,
  };
}
