/**
 * Wrong variants of shm.ts that are more than a line: each is a whole, to be read beside the right one.
 * Only a mutant gets here.
 */
import { type Code, SFENCE } from '../machine/index.ts';
import { kfree } from './kalloc.ts';
import type { Kernel } from './kernel.ts';
import { uvmunmap } from './pagetable.ts';
import type { Proc } from './proc.ts';
import { clearDescriptor, mappedFrame, shmObject, unmap } from './shm-descriptors.ts';
import { dropReference, references, type ShmObject } from './shm-table.ts';
import { acquire, letGo, release } from './spinlock.ts';

/** shm-trunc-answers-early: lets the lock go after it has decided, and looks again. */
export function* truncAnew(k: Kernel, o: ShmObject, pages: number): Code<void> {
  const { m } = k;
  yield* letGo(k, k.shm.lock);
  const now = m.load(o.pages) ?? (yield);
  if (now === 0) m.store(o.pages, pages) ?? (yield);
}

/** shm-close-frees-before-unmap: the frames go first, then the translations that reach them. */
export function* closeBackwards(k: Kernel, p: Proc, od: number, o: ShmObject): Code<number> {
  const { m, shm } = k;
  acquire(k, shm.lock) ?? (yield);
  const vpn = m.words[p.shm.vpn(od)] as number;
  const pages = m.words[p.shm.pages(od)] as number;
  for (let i = 0; i < pages; i++) yield* kfree(k, mappedFrame(k, p, vpn + i));
  yield* dropReference(k, o, yield* references(k, o), vpn !== 0);
  if (vpn !== 0) {
    yield* uvmunmap(k, m.words[p.pagetable] as number, vpn, pages, false);
    m.do(SFENCE, p.asid) ?? (yield);
  }
  clearDescriptor(k, p, od);
  release(k, shm.lock) ?? (yield);
  return 0;
}

/** shm-close-unlocked-decrement: lets the lock go before it counts. */
export function* closeUnlocked(k: Kernel, p: Proc, od: number, o: ShmObject): Code<number> {
  acquire(k, k.shm.lock) ?? (yield);
  release(k, k.shm.lock) ?? (yield);
  const mapped = k.m.words[p.shm.vpn(od)] !== 0;
  const refs = yield* references(k, o);
  clearDescriptor(k, p, od);
  yield* dropReference(k, o, refs, mapped);
  return 0;
}

/** shm-close-descriptor-late: forgets the descriptor after it has let the lock go. */
export function* closeLate(k: Kernel, p: Proc, od: number, o: ShmObject): Code<number> {
  yield* dropReference(k, o, yield* references(k, o), k.m.words[p.shm.vpn(od)] !== 0);
  release(k, k.shm.lock) ?? (yield);
  clearDescriptor(k, p, od);
  return 0;
}

/** exit-close-unlocked: closes without the lock. */
export function* exitUnlocked(k: Kernel, p: Proc, od: number, o: ShmObject): Code<void> {
  yield* unmap(k, p, od);
  clearDescriptor(k, p, od);
  yield* dropReference(k, o, yield* references(k, o), true);
}

/** shm-fork-uncounted: counts the references that shmFork gave to a child, too late. */
export function* shmCount(k: Kernel, p: Proc): Code<void> {
  const { m, shm } = k;
  acquire(k, shm.lock) ?? (yield);
  for (let od = 0; od < p.shm.count; od++) {
    const o = shmObject(k, p, od);
    if (o === undefined) continue;
    const refs = m.load(o.refs) ?? (yield);
    m.store(o.refs, refs + 1) ?? (yield);
  }
  release(k, shm.lock) ?? (yield);
}
