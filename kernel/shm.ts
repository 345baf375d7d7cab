/**
 * The calls of named shared memory: descriptors (shm-descriptors.ts) of objects (shm-table.ts), and
 * their mappings in the window [KERNBASE/2, KERNBASE).
 */
import {
  type Code,
  flagsOfPte,
  PGSIZE,
  PTE_R,
  PTE_RWX,
  PTE_U,
  PTE_W,
  ppnOfPte,
  SFENCE,
} from '../machine/index.ts';
import { O_RDWR } from './abi.ts';
import type { Kernel } from './kernel.ts';
import { killed } from './killed.ts';
import { pageRoundUp, SHMENDVPN, SHMVPN } from './memlayout.ts';
import { storeName } from './name.ts';
import { mapowned, pruneTables, uvmunmap, walk } from './pagetable.ts';
import type { Proc } from './proc.ts';
import {
  closeBackwards,
  closeLate,
  closeUnlocked,
  exitUnlocked,
  truncAnew,
} from './shm.mutants.ts';
import {
  clearDescriptor,
  lowestFreeDescriptor,
  shmMappedIn,
  shmObject,
  unmap,
} from './shm-descriptors.ts';
import {
  create,
  dropFrame,
  dropReference,
  find,
  frameOf,
  live,
  references,
  type ShmObject,
} from './shm-table.ts';
import { acquire, letGo, release } from './spinlock.ts';
import { copyout, writable } from './vm.ts';

/** Size of a user's `void *`. */
const POINTERBYTES = 8;

/**
 * Opens the object of that name, creating it without a size if there is none.
 *
 * @returns the lowest free descriptor, or -1 when descriptors or objects have run out.
 */
export function* shmOpen(k: Kernel, p: Proc, name: string): Code<number> {
  const { m, shm, mutant } = k;
  const od = lowestFreeDescriptor(k, p);
  if (od < 0 && !mutant['shm-open-full-keeps-reference']) return -1;
  acquire(k, shm.lock) ?? (yield);
  if (mutant['shm-open-interruptible']) m.interruptsOn();
  let o = yield* find(k, name);
  if (o !== undefined && mutant['shm-open-aba']) yield* letGo(k, shm.lock);
  const found = o !== undefined;
  o ??= yield* create(k, name);
  if (o === undefined) {
    release(k, shm.lock) ?? (yield);
    return -1;
  }
  const refs = m.load(o.refs) ?? (yield);
  m.store(o.refs, refs + 1) ?? (yield);
  if (od >= 0) m.words[p.shm.object(od)] = o.index + 1;
  if (mutant['shm-open-late-name']) {
    yield* letGo(k, shm.lock);
    yield* storeName(k, o.name, name);
  }
  if (!found) live(k, o, 'created');
  release(k, shm.lock) ?? (yield);
  return od;
}

/** Sets the object's size in pages, once in its life. Answers 0, or -1 when it has one already. */
export function* shmTrunc(k: Kernel, o: ShmObject, pages: number): Code<number> {
  const { m, shm, mutant } = k;
  acquire(k, shm.lock) ?? (yield);
  const old = m.load(o.pages) ?? (yield);
  if (mutant['shm-trunc-apart']) yield* letGo(k, shm.lock);
  const first = old === 0 || mutant['shm-trunc-again'];
  if (mutant['shm-trunc-answers-early']) yield* truncAnew(k, o, pages);
  else if (first) m.store(o.pages, pages) ?? (yield);
  release(k, shm.lock) ?? (yield);
  return first ? 0 : -1;
}

/** The first place in the window with room for that many pages, or 0. */
function findRoom(k: Kernel, p: Proc, pages: number): number {
  const { words } = k.m;
  let vpn = SHMVPN;
  if (k.mutant['shm-map-at-heap-end']) vpn = pageRoundUp(words[p.sz] as number) / PGSIZE;
  for (;;) {
    const od = shmMappedIn(k, p, vpn, pages);
    if (od < 0) break;
    vpn = (words[p.shm.vpn(od)] as number) + (words[p.shm.pages(od)] as number);
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
  const { m, shm, mutant } = k;
  const o = shmObject(k, p, od);
  const mapped = m.words[p.shm.vpn(od)] !== 0 && !mutant['shm-map-again'];
  if (o === undefined || mapped) return -1;
  // Before anything is mapped: the mapping itself could make a bad pointer good.
  if (!(yield* writable(k, m.words[p.pagetable] as number, va, POINTERBYTES))) return -1;
  if (mutant['shm-map-unlocked']) return yield* mapWhole(k, p, od, o, va, flags);
  acquire(k, shm.lock) ?? (yield);
  const refuses = mutant['shm-map-checks-killed'] && (yield* killed(k, p));
  const result = refuses ? -1 : yield* mapWhole(k, p, od, o, va, flags);
  release(k, shm.lock) ?? (yield);
  return result;
}

/** As shmMap. shm.lock must be held. */
function* mapWhole(
  k: Kernel,
  p: Proc,
  od: number,
  o: ShmObject,
  va: number,
  flags: number,
): Code<number> {
  const { m } = k;
  const pages = m.load(o.pages) ?? (yield);
  const vpn = pages === 0 ? 0 : findRoom(k, p, pages);
  if (vpn === 0) return -1;
  const perm = PTE_U | PTE_R | (flags === O_RDWR ? PTE_W : 0);
  if ((yield* mapAll(k, p, o, vpn, pages, perm, va)) < 0) return -1;
  m.words[p.shm.vpn(od)] = vpn;
  m.words[p.shm.pages(od)] = pages;
  live(k, o, 'attached');
  return 0;
}

/** Maps all pages and stores the address, or keeps nothing. shm.lock must be held. */
function* mapAll(
  k: Kernel,
  p: Proc,
  o: ShmObject,
  vpn: number,
  pages: number,
  perm: number,
  va: number,
): Code<number> {
  const pagetable = k.m.words[p.pagetable] as number;
  const fresh: number[] = [];
  let mapped = 0;
  while (mapped < pages) {
    const ppn = yield* frameOf(k, o, mapped, fresh);
    if (ppn === 0 || (yield* mapowned(k, pagetable, vpn + mapped, ppn, perm)) < 0) break;
    mapped++;
  }
  const address = new Uint8Array(Int32Array.of(vpn * PGSIZE, 0).buffer);
  if (mapped === pages && (yield* copyout(k, pagetable, va, address)) === 0) return 0;
  if (k.mutant['shm-map-oom-keeps-mapping']) return -1;
  yield* uvmunmap(k, pagetable, vpn, mapped, true);
  k.m.do(SFENCE, p.asid) ?? (yield);
  yield* pruneTables(k, pagetable, vpn, pages);
  for (const i of fresh) yield* dropFrame(k, o, i);
  return -1;
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
  const { m, shm, mutant } = k;
  const o = shmObject(k, p, od);
  if (o === undefined) {
    if (mutant['shm-close-leaks-lock']) acquire(k, shm.lock) ?? (yield);
    return -1;
  }
  if (mutant['shm-close-frees-before-unmap']) return yield* closeBackwards(k, p, od, o);
  yield* unmap(k, p, od);
  if (mutant['shm-close-unlocked-decrement']) return yield* closeUnlocked(k, p, od, o);
  acquire(k, shm.lock) ?? (yield);
  if (mutant['shm-close-descriptor-late']) return yield* closeLate(k, p, od, o);
  const mapped = m.words[p.shm.vpn(od)] !== 0;
  const refs = yield* references(k, o);
  if (mutant['shm-close-split-decrement']) yield* letGo(k, shm.lock);
  if (!mutant['shm-close-double']) clearDescriptor(k, p, od);
  yield* dropReference(k, o, refs, mapped);
  release(k, shm.lock) ?? (yield);
  return 0;
}

/** Closes all descriptors: exit, and exec before the new image takes over. */
export function* shmExit(k: Kernel, p: Proc): Code<void> {
  for (let od = 0; od < p.shm.count; od++) {
    const o = shmObject(k, p, od);
    if (o === undefined) continue;
    if (k.mutant['exit-close-unlocked']) yield* exitUnlocked(k, p, od, o);
    else yield* shmClose(k, p, od);
  }
}

/**
 * Gives a child its parent's descriptors, a reference each, and mappings at the same addresses.
 * The child is not visible to others yet; its p->lock is held.
 *
 * @returns 0, or -1 when memory for tables is out; then the child has none of it.
 */
export function* shmFork(k: Kernel, p: Proc, np: Proc): Code<number> {
  if (k.mutant['shm-fork-unlocked']) return yield* copyAll(k, p, np);
  acquire(k, k.shm.lock) ?? (yield);
  const result = yield* copyAll(k, p, np);
  release(k, k.shm.lock) ?? (yield);
  return result;
}

/** As shmFork. shm.lock must be held. */
function* copyAll(k: Kernel, p: Proc, np: Proc): Code<number> {
  const { m, shm, mutant } = k;
  for (let od = 0; od < p.shm.count; od++) {
    const o = shmObject(k, p, od);
    if (o === undefined) continue;
    if ((yield* copyMapping(k, p, np, od)) < 0) {
      if (!mutant['shm-fork-oom-keeps-references']) yield* takeBack(k, np);
      return -1;
    }
    const refs = m.load(o.refs) ?? (yield);
    if (mutant['shm-fork-split-increment']) yield* letGo(k, shm.lock);
    if (!mutant['shm-fork-uncounted']) m.store(o.refs, refs + 1) ?? (yield);
    m.words[np.shm.object(od)] = o.index + 1;
    if (m.words[np.shm.vpn(od)] !== 0) live(k, o, 'attached');
  }
  return 0;
}

/** Maps a descriptor's pages in the child as the parent has them. Answers 0 or -1. */
function* copyMapping(k: Kernel, p: Proc, np: Proc, od: number): Code<number> {
  const { m } = k;
  const vpn = m.words[p.shm.vpn(od)] as number;
  if (vpn === 0) return 0;
  const pages = m.words[p.shm.pages(od)] as number;
  const to = m.words[np.pagetable] as number;
  for (let i = 0; i < pages && !k.mutant['shm-fork-unmapped-child']; i++) {
    const pte = m.load(walk(k, m.words[p.pagetable] as number, vpn + i)) ?? (yield);
    const perm = flagsOfPte(pte) & (PTE_RWX | PTE_U);
    if ((yield* mapowned(k, to, vpn + i, ppnOfPte(pte), perm)) === 0) continue;
    yield* uvmunmap(k, to, vpn, i, true);
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
    if (vpn !== 0) yield* uvmunmap(k, k.m.words[np.pagetable] as number, vpn, pages, true);
    clearDescriptor(k, np, od);
    yield* dropReference(k, o, yield* references(k, o), vpn !== 0);
  }
}
