/**
 * Physical memory allocator, for user processes, page-table pages and shared memory (xv6 kalloc.c).
 * Allocates whole 4096-byte frames, named by their physical page number.
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

  constructor(layout: Layout) {
    this.lock = new Spinlock(layout, 'kmem.lock');
    this.freelist = layout.word('kmem.freelist', this.lock.word);
  }
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
 * Takes a frame off the free list, filled with junk.
 *
 * Takes kmem.lock; does not sleep. Answers 0 when memory is out.
 */
export function* kalloc(k: Kernel): Code<number> {
  const { m, kmem, mutant } = k;
  if (k.allocationFails()) return 0;
  acquire(k, kmem.lock) ?? (yield);
  const ppn = m.load(kmem.freelist) ?? (yield);
  if (ppn === 0 && mutant['kalloc-oom-keeps-lock']) return 0;
  if (mutant['kalloc-apart']) yield* letGo(k, kmem.lock);
  if (ppn !== 0) {
    k.watch?.allocated(ppn);
    const next = m.load(m.memory.frame(ppn)) ?? (yield);
    m.store(kmem.freelist, next) ?? (yield);
  }
  release(k, kmem.lock) ?? (yield);
  if (ppn !== 0) m.memory.fill(ppn, FRESH);
  return ppn;
}

/**
 * Gives a frame back. Takes kmem.lock; does not sleep. The caller holds the only reference.
 *
 * @throws KernelPanic `kfree` for a page that the allocator never owned.
 */
export function* kfree(k: Kernel, ppn: number): Code<void> {
  const { m, kmem } = k;
  if (!m.memory.isFrame(ppn)) panic(k, 'kfree');
  k.watch?.freed(ppn);
  m.memory.fill(ppn, FREED);
  m.memory.setShared(ppn, false);
  acquire(k, kmem.lock) ?? (yield);
  const next = m.load(kmem.freelist) ?? (yield);
  if (k.mutant['kfree-apart']) yield* letGo(k, kmem.lock);
  m.words[m.memory.frame(ppn)] = next;
  m.store(kmem.freelist, ppn) ?? (yield);
  release(k, kmem.lock) ?? (yield);
}
