/**
 * Physical memory allocator, for user processes, page-table pages and shared memory (xv6 kalloc.c).
 * Allocates whole 4096-byte frames, named by their physical page number.
 *
 * Departure from xv6: a frame may have several owners, and is free when the last has let it go. An
 * owner is whatever can reach the frame or will free it: a leaf of a page table, a page of an
 * object, or the kernel code that got it from kalloc. Whoever makes another owner says so first
 * (`kref`), whoever ends one removes the way to the frame first and then says so (`kfree`), so a
 * frame never has fewer references than owners.
 */
import type { Address, Code, Layout } from '../machine/index.ts';
import type { Kernel } from './kernel.ts';
import { panic } from './panic.ts';
import { acquire, letGo, release, Spinlock } from './spinlock.ts';

/** What xv6 fills fresh and freed frames with, to catch dangling references. */
const FRESH = 5;
const FREED = 1;

export class Kmem {
  readonly lock: Spinlock;
  /** kmem.lock: the first free frame, 0 for none; each free frame's first word is the next. */
  readonly freelist: Address;
  /** kmem.lock: the references of the first frame, those of the next one after it; 0 while free. */
  readonly refs: Address;

  constructor(layout: Layout, frames: number) {
    this.lock = new Spinlock(layout, 'kmem.lock');
    this.freelist = layout.word('kmem.freelist', this.lock.word);
    this.refs = layout.array('kmem.refs', frames, this.lock.word);
  }
}

/** Where a frame's references are counted. */
export function refsOf(k: Kernel, ppn: number): Address {
  return k.kmem.refs + ppn - k.m.memory.firstPpn;
}

/** Frees all memory after the kernel's own (xv6 kinit and freerange). */
export function kinit(k: Kernel): void {
  const { memory, words } = k.m;
  for (let ppn = memory.firstPpn; ppn < memory.endPpn; ppn++) {
    memory.fill(ppn, FREED);
    words[memory.frame(ppn)] = words[k.kmem.freelist] as number;
    words[k.kmem.freelist] = ppn;
  }
}

/**
 * Takes a frame off the free list, filled with junk. The caller is its one owner.
 *
 * Takes kmem.lock; does not sleep. Answers 0 when memory is out.
 *
 * @throws KernelPanic `kalloc` when the free list is broken: it was written to, or nodes were lost.
 */
export function* kalloc(k: Kernel): Code<number> {
  const { m, kmem, mutant } = k;
  if (k.allocationFails()) return 0;
  acquire(k, kmem.lock) ?? (yield);
  const ppn = m.load(kmem.freelist) ?? (yield);
  if (ppn === 0 && mutant['kalloc-oom-keeps-lock']) return 0;
  if (mutant['kalloc-apart']) yield* letGo(k, kmem.lock);
  if (ppn !== 0) {
    if (!m.memory.isFrame(ppn)) panic(k, 'kalloc');
    k.watch?.allocated(ppn);
    const next = m.load(m.memory.frame(ppn)) ?? (yield);
    m.store(kmem.freelist, next) ?? (yield);
    // Plainly: of a frame that is free, nobody else reads or writes the count.
    m.words[refsOf(k, ppn)] = 1;
  }
  release(k, kmem.lock) ?? (yield);
  if (ppn !== 0) m.memory.fill(ppn, FRESH);
  return ppn;
}

/**
 * Counts one more owner of a frame that has some. Takes kmem.lock; does not sleep.
 *
 * @throws KernelPanic `kref` for a page that the allocator never owned, `kref: free` for one that is
 *   free.
 */
export function* kref(k: Kernel, ppn: number): Code<void> {
  const { m, kmem } = k;
  if (!m.memory.isFrame(ppn)) panic(k, 'kref');
  acquire(k, kmem.lock) ?? (yield);
  const refs = m.load(refsOf(k, ppn)) ?? (yield);
  if (refs < 1) panic(k, 'kref: free');
  k.watch?.counted(ppn);
  if (k.mutant['kref-apart']) yield* letGo(k, kmem.lock);
  m.store(refsOf(k, ppn), refs + 1) ?? (yield);
  release(k, kmem.lock) ?? (yield);
}

/**
 * Whether a frame has owners beside the caller. If not, it stays so: only an owner makes another.
 * Takes kmem.lock; does not sleep.
 */
export function* hasOtherOwners(k: Kernel, ppn: number): Code<boolean> {
  const { m, kmem } = k;
  acquire(k, kmem.lock) ?? (yield);
  const refs = m.load(refsOf(k, ppn)) ?? (yield);
  release(k, kmem.lock) ?? (yield);
  return refs > 1;
}

/**
 * One owner less of a frame; without any, it is free. Takes kmem.lock; does not sleep.
 *
 * @throws KernelPanic `kfree` for a page that the allocator never owned, `kfree: free` for one that
 *   is free.
 */
export function* kfree(k: Kernel, ppn: number): Code<void> {
  const { m, kmem, mutant } = k;
  if (!m.memory.isFrame(ppn)) panic(k, 'kfree');
  acquire(k, kmem.lock) ?? (yield);
  const refs = m.load(refsOf(k, ppn)) ?? (yield);
  if (mutant['kfree-count-apart']) yield* letGo(k, kmem.lock);
  if (refs <= 1) k.watch?.freed(ppn);
  if (refs < 1) panic(k, 'kfree: free');
  let left = refs - 1;
  if (left > 0) m.store(refsOf(k, ppn), left) ?? (yield);
  else m.words[refsOf(k, ppn)] = 0;
  if (mutant['kfree-rereads'] && left > 0) {
    yield* letGo(k, kmem.lock);
    left = m.load(refsOf(k, ppn)) ?? (yield);
    if (left === 0) k.watch?.freed(ppn);
  }
  if (left === 0) {
    m.memory.fill(ppn, FREED);
    m.memory.setShared(ppn, false);
    const next = m.load(kmem.freelist) ?? (yield);
    if (mutant['kfree-apart']) yield* letGo(k, kmem.lock);
    m.words[m.memory.frame(ppn)] = next;
    m.store(kmem.freelist, ppn) ?? (yield);
  }
  release(k, kmem.lock) ?? (yield);
}
