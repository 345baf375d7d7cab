/**
 * Shared memory: named objects of up to NSHMPG frames, per-process descriptors, mappings in the
 * window [KERNBASE/2, KERNBASE).
 *
 * One lock, shm.lock, guards all objects. It is taken with at most a p->lock held (fork) and only
 * kmem.lock is taken inside it. An object exists while its reference count is above 0: each open
 * descriptor of any process is one reference. Whoever has a descriptor may use the object's frames
 * without the lock, since they live as long as the reference.
 */
import {
  type Address,
  type Code,
  flagsOfPte,
  type Layout,
  PGSIZE,
  PTE_R,
  PTE_RWX,
  PTE_U,
  PTE_W,
  ppnOfPte,
  SFENCE,
} from '../machine/index.ts';
import { O_RDWR } from './abi.ts';
import { kalloc, kfree } from './kalloc.ts';
import type { Kernel } from './kernel.ts';
import { SHMENDVPN, SHMVPN } from './memlayout.ts';
import { panic } from './panic.ts';
import type { Param } from './param.ts';
import type { Proc } from './proc.ts';
import { acquire, release, Spinlock } from './spinlock.ts';
import { copyout, mappage, pruneTables, uvmunmap, walk, writable } from './vm.ts';

const NAMEWORDS = 4;
/** Size of a user's `void *`. */
const POINTERBYTES = 8;

export class ShmObject {
  readonly index: number;
  // shm.lock must be held when using these:
  /** Open descriptors in all processes; 0 for a free slot. */
  readonly refs: Address;
  /** Pages; 0 until shm_trunc. */
  readonly pages: Address;
  /** The name, NUL-padded, in NAMEWORDS words. */
  readonly name: Address;
  /** First of NSHMPG frames; 0 for one that no map has asked for yet. */
  readonly frames: Address;

  constructor(layout: Layout, index: number, param: Param, lock: Spinlock) {
    const name = `shm[${index}]`;
    this.index = index;
    this.refs = layout.word(`${name}.refs`, lock.word);
    this.pages = layout.word(`${name}.pages`, lock.word);
    this.name = layout.array(`${name}.name`, NAMEWORDS, lock.word);
    this.frames = layout.array(`${name}.frames`, param.nshmpg, lock.word);
  }
}

export class ShmTable {
  readonly lock: Spinlock;
  /** shm.lock: one past the highest slot ever used; the search for a name stops there. */
  readonly top: Address;
  readonly objects: readonly ShmObject[];

  constructor(layout: Layout, param: Param) {
    this.lock = new Spinlock(layout, 'shm.lock');
    this.top = layout.word('shm.top', this.lock.word);
    this.objects = Array.from(
      { length: param.nshm },
      (_, i) => new ShmObject(layout, i, param, this.lock),
    );
  }
}

/**
 * A process's descriptors. Private to it, like the rest of struct proc below "no lock", but changed
 * only with shm.lock held, so that references and descriptors agree whenever the lock is free.
 */
export class ShmDescriptors {
  readonly count: number;
  private readonly first: Address;

  constructor(layout: Layout, owner: string, noshm: number) {
    this.count = noshm;
    this.first = layout.size;
    for (let od = 0; od < noshm; od++) {
      layout.word(`${owner}.shm[${od}].object`);
      layout.word(`${owner}.shm[${od}].vpn`);
      layout.word(`${owner}.shm[${od}].pages`);
    }
  }

  /** Slot of the object + 1; 0 for a descriptor that is not open. */
  object(od: number): Address {
    return this.first + 3 * od;
  }

  /** First page of its mapping; 0 while it is not mapped. */
  vpn(od: number): Address {
    return this.first + 3 * od + 1;
  }

  /** Pages of its mapping. */
  pages(od: number): Address {
    return this.first + 3 * od + 2;
  }
}

/** The object behind a descriptor, or undefined when it is not open. */
export function shmObject(k: Kernel, p: Proc, od: number): ShmObject | undefined {
  if (od < 0 || od >= p.shm.count) return undefined;
  return k.shm.objects[(k.m.words[p.shm.object(od)] as number) - 1];
}

function lowestFreeDescriptor(k: Kernel, p: Proc): number {
  for (let od = 0; od < p.shm.count; od++) {
    if (k.m.words[p.shm.object(od)] === 0) return od;
  }
  return -1;
}

function nameWord(name: string, word: number): number {
  let value = 0;
  for (let i = 3; i >= 0; i--) value = (value << 8) | (name.charCodeAt(4 * word + i) || 0);
  return value;
}

/** Whether the object has that name. shm.lock must be held. */
function* hasName(k: Kernel, o: ShmObject, name: string): Code<boolean> {
  for (let i = 0; i < NAMEWORDS; i++) {
    const word = k.m.load(o.name + i) ?? (yield);
    if (word !== nameWord(name, i)) return false;
  }
  return true;
}

/**
 * The object of that name, or else a slot for it: the lowest free one, or undefined when the table
 * is full. shm.lock must be held.
 */
function* lookup(k: Kernel, name: string): Code<{ found: boolean; o: ShmObject | undefined }> {
  const { m, shm } = k;
  const top = m.load(shm.top) ?? (yield);
  let free: ShmObject | undefined;
  for (let i = 0; i < top; i++) {
    const o = shm.objects[i] as ShmObject;
    const refs = m.load(o.refs) ?? (yield);
    if (refs === 0) free ??= o;
    else if (yield* hasName(k, o, name)) return { found: true, o };
  }
  if (free === undefined && top < shm.objects.length) {
    m.store(shm.top, top + 1) ?? (yield);
    free = shm.objects[top];
  }
  return { found: false, o: free };
}

/**
 * Opens the object of that name, creating it without a size if there is none.
 *
 * @returns the lowest free descriptor, or -1 when descriptors or objects have run out.
 */
export function* shmOpen(k: Kernel, p: Proc, name: string): Code<number> {
  const { m, shm } = k;
  const od = lowestFreeDescriptor(k, p);
  if (od < 0) return -1;
  acquire(k, shm.lock) ?? (yield);
  const { found, o } = yield* lookup(k, name);
  if (o === undefined) {
    release(k, shm.lock) ?? (yield);
    return -1;
  }
  if (!found) {
    for (let i = 0; i < NAMEWORDS; i++) m.store(o.name + i, nameWord(name, i)) ?? (yield);
  }
  const refs = m.load(o.refs) ?? (yield);
  m.store(o.refs, refs + 1) ?? (yield);
  m.words[p.shm.object(od)] = o.index + 1;
  release(k, shm.lock) ?? (yield);
  return od;
}

/** Sets the object's size in pages, once in its life. Answers 0, or -1 when it has one already. */
export function* shmTrunc(k: Kernel, o: ShmObject, pages: number): Code<number> {
  const { m, shm } = k;
  acquire(k, shm.lock) ?? (yield);
  const old = m.load(o.pages) ?? (yield);
  if (old === 0) m.store(o.pages, pages) ?? (yield);
  release(k, shm.lock) ?? (yield);
  return old === 0 ? 0 : -1;
}

/** The first place in the window with room for that many pages, or 0. */
function findRoom(k: Kernel, p: Proc, pages: number): number {
  const { words } = k.m;
  let vpn = SHMVPN;
  for (let od = 0; od < p.shm.count; od++) {
    const start = words[p.shm.vpn(od)] as number;
    const end = start + (words[p.shm.pages(od)] as number);
    if (start === 0 || end <= vpn || start >= vpn + pages) continue;
    vpn = end;
    od = -1;
  }
  return vpn + pages <= SHMENDVPN ? vpn : 0;
}

/**
 * Maps the whole object and stores the address at user address `va`.
 *
 * All under shm.lock, so that what a failure half-way has to take back nobody else has seen.
 *
 * @returns 0, or -1 without size, room or memory, or for a bad address; then nothing is kept.
 */
export function* shmMap(k: Kernel, p: Proc, od: number, va: number, flags: number): Code<number> {
  const { m, shm } = k;
  const o = shmObject(k, p, od);
  if (o === undefined || m.words[p.shm.vpn(od)] !== 0) return -1;
  const pagetable = m.words[p.pagetable] as number;
  // Before anything is mapped: the mapping itself could make a bad pointer good.
  if (!(yield* writable(k, pagetable, va, POINTERBYTES))) return -1;
  acquire(k, shm.lock) ?? (yield);
  const pages = m.load(o.pages) ?? (yield);
  const vpn = pages === 0 ? 0 : findRoom(k, p, pages);
  if (vpn === 0) {
    release(k, shm.lock) ?? (yield);
    return -1;
  }
  const perm = PTE_U | PTE_R | (flags === O_RDWR ? PTE_W : 0);
  const fresh: number[] = [];
  let mapped = 0;
  while (mapped < pages) {
    const ppn = yield* frameOf(k, o, mapped, fresh);
    if (ppn === 0 || (yield* mappage(k, pagetable, vpn + mapped, ppn, perm)) < 0) break;
    mapped++;
  }
  const address = new Uint8Array(Int32Array.of(vpn * PGSIZE, 0).buffer);
  const done = mapped === pages && (yield* copyout(k, pagetable, va, address)) === 0;
  if (done) {
    m.words[p.shm.vpn(od)] = vpn;
    m.words[p.shm.pages(od)] = pages;
  } else {
    yield* uvmunmap(k, pagetable, vpn, mapped, false);
    m.do(SFENCE, p.asid) ?? (yield);
    yield* pruneTables(k, pagetable, vpn, pages);
    for (const i of fresh) yield* dropFrame(k, o, i);
  }
  release(k, shm.lock) ?? (yield);
  return done ? 0 : -1;
}

/**
 * The frame of an object's page, made and zeroed if this is the first to ask; then the page's
 * number is added to `fresh`. Answers 0 when memory is out. shm.lock must be held.
 */
function* frameOf(k: Kernel, o: ShmObject, page: number, fresh: number[]): Code<number> {
  const { m } = k;
  const ppn = m.load(o.frames + page) ?? (yield);
  if (ppn !== 0) return ppn;
  const made = yield* kalloc(k);
  if (made === 0) return 0;
  m.memory.fill(made, 0);
  m.memory.setShared(made, true);
  m.store(o.frames + page, made) ?? (yield);
  fresh.push(page);
  return made;
}

/** Frees one of the object's frames, if it has it. shm.lock must be held. */
function* dropFrame(k: Kernel, o: ShmObject, page: number): Code<void> {
  const ppn = k.m.load(o.frames + page) ?? (yield);
  if (ppn === 0) return;
  k.m.store(o.frames + page, 0) ?? (yield);
  yield* kfree(k, ppn);
}

/**
 * Unmaps, closes the descriptor and drops its reference; the last one destroys the object.
 *
 * Order matters: the translations go, from the table and from this CPU's TLB, before the reference,
 * so that no frame is freed that this process could still reach. Other CPUs' TLBs are flushed when
 * the process next runs there (see scheduler).
 *
 * @returns 0, or -1 for a descriptor that is not open.
 */
export function* shmClose(k: Kernel, p: Proc, od: number): Code<number> {
  const { m, shm } = k;
  const o = shmObject(k, p, od);
  if (o === undefined) return -1;
  const vpn = m.words[p.shm.vpn(od)] as number;
  if (vpn !== 0) {
    const pages = m.words[p.shm.pages(od)] as number;
    yield* uvmunmap(k, m.words[p.pagetable] as number, vpn, pages, false);
    m.do(SFENCE, p.asid) ?? (yield);
  }
  acquire(k, shm.lock) ?? (yield);
  clearDescriptor(k, p, od);
  yield* dropReference(k, o);
  release(k, shm.lock) ?? (yield);
  return 0;
}

function clearDescriptor(k: Kernel, p: Proc, od: number): void {
  k.m.words[p.shm.object(od)] = 0;
  k.m.words[p.shm.vpn(od)] = 0;
  k.m.words[p.shm.pages(od)] = 0;
}

/** One reference less; destroys the object with the last. shm.lock must be held. */
function* dropReference(k: Kernel, o: ShmObject): Code<void> {
  const { m } = k;
  const refs = m.load(o.refs) ?? (yield);
  if (refs < 1) panic(k, 'shm_close: refs');
  if (refs === 1) {
    const pages = m.load(o.pages) ?? (yield);
    for (let i = 0; i < pages; i++) yield* dropFrame(k, o, i);
    m.store(o.pages, 0) ?? (yield);
    for (let i = 0; i < NAMEWORDS; i++) m.store(o.name + i, 0) ?? (yield);
  }
  m.store(o.refs, refs - 1) ?? (yield);
}

/** Closes all descriptors: exit, and exec before the new image takes over. */
export function* shmExit(k: Kernel, p: Proc): Code<void> {
  for (let od = 0; od < p.shm.count; od++) {
    if (k.m.words[p.shm.object(od)] !== 0) yield* shmClose(k, p, od);
  }
}

/**
 * Gives a child its parent's descriptors, a reference each, and mappings at the same addresses.
 * The child is not visible to others yet; its p->lock is held.
 *
 * @returns 0, or -1 when memory for tables is out; then the child has none of it.
 */
export function* shmFork(k: Kernel, p: Proc, np: Proc): Code<number> {
  const { m, shm } = k;
  acquire(k, shm.lock) ?? (yield);
  let failed = false;
  for (let od = 0; od < p.shm.count && !failed; od++) {
    const o = shmObject(k, p, od);
    if (o === undefined) continue;
    failed = (yield* copyMapping(k, p, np, od)) < 0;
    if (failed) break;
    const refs = m.load(o.refs) ?? (yield);
    m.store(o.refs, refs + 1) ?? (yield);
    m.words[np.shm.object(od)] = o.index + 1;
  }
  if (failed) yield* takeBack(k, np);
  release(k, shm.lock) ?? (yield);
  return failed ? -1 : 0;
}

/** Maps a descriptor's pages in the child as the parent has them. Answers 0 or -1. */
function* copyMapping(k: Kernel, p: Proc, np: Proc, od: number): Code<number> {
  const { m } = k;
  const vpn = m.words[p.shm.vpn(od)] as number;
  if (vpn === 0) return 0;
  const pages = m.words[p.shm.pages(od)] as number;
  const to = m.words[np.pagetable] as number;
  for (let i = 0; i < pages; i++) {
    const pte = m.load(walk(k, m.words[p.pagetable] as number, vpn + i)) ?? (yield);
    const perm = flagsOfPte(pte) & (PTE_RWX | PTE_U);
    if ((yield* mappage(k, to, vpn + i, ppnOfPte(pte), perm)) === 0) continue;
    yield* uvmunmap(k, to, vpn, i, false);
    return -1;
  }
  m.words[np.shm.vpn(od)] = vpn;
  m.words[np.shm.pages(od)] = pages;
  return 0;
}

/** Undoes what shmFork gave a child that cannot be made. shm.lock must be held. */
function* takeBack(k: Kernel, np: Proc): Code<void> {
  for (let od = 0; od < np.shm.count; od++) {
    const o = shmObject(k, np, od);
    if (o === undefined) continue;
    const vpn = k.m.words[np.shm.vpn(od)] as number;
    const pages = k.m.words[np.shm.pages(od)] as number;
    if (vpn !== 0) yield* uvmunmap(k, k.m.words[np.pagetable] as number, vpn, pages, false);
    clearDescriptor(k, np, od);
    yield* dropReference(k, o);
  }
}
