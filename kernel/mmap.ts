/**
 * mmap and munmap: areas of a process are made, merged, split and removed here, copied by fork, and
 * dropped by exec and exit. Every change of the page table is followed by a flush of this CPU's TLB;
 * no other CPU can use a translation of this process before scheduler() has flushed it.
 */
import { type Code, PTE_D, PTE_V, ppnOfPte, SFENCE } from '../machine/index.ts';
import { MAP_FIXED, MAP_SHARED } from './abi.ts';
import type { Kernel } from './kernel.ts';
import { pageRoundUp, SHMVPN } from './memlayout.ts';
import { liveOpen, OBJECTPAGES, objectCreate } from './pageobject.ts';
import { uvmcopy, uvmzap, walk } from './pagetable.ts';
import type { Proc } from './proc.ts';
import { shmMappedIn } from './shm-descriptors.ts';
import {
  closeVma,
  endOf,
  findVma,
  freeVma,
  isSharedVma,
  kindOf,
  modeOf,
  openVma,
  pageBehind,
  setVma,
  VMA_ANON,
  VMA_OBJECT,
  type Vma,
} from './vma.ts';

/** Where a mapping goes and what it is. */
export interface Request {
  /** Wished-for first page; binding with MAP_FIXED, 0 for anywhere. */
  readonly vpn: number;
  readonly pages: number;
  /** PROT_ bits. */
  readonly prot: number;
  /** MAP_ bits. */
  readonly flags: number;
}

/** Makes what is behind a mapping, with a reference, and says what it is while its lock is held. */
export type Backing = (
  publish: (kind: number, object: number, offset: number) => void,
) => Code<boolean>;

/** First page above the heap. */
function heapEnd(k: Kernel, p: Proc): number {
  return pageRoundUp(k.m.words[p.sz] as number) / 4096;
}

/** Where a mapping of that many pages can go, below the window of xv6's shared memory; 0 for nowhere. */
function findRoom(k: Kernel, p: Proc, { vpn, pages, flags }: Request): number {
  const fits = vpn >= heapEnd(k, p) && vpn + pages <= SHMVPN;
  if ((flags & MAP_FIXED) !== 0) return fits ? vpn : 0;
  if (vpn !== 0 && fits && findVma(k, p, vpn, pages) === undefined) return vpn;
  // The highest gap that is wide enough, so that the heap has room to grow.
  let start = SHMVPN - pages;
  for (;;) {
    const there = start < heapEnd(k, p) ? undefined : findVma(k, p, start, pages);
    if (there === undefined) return start < heapEnd(k, p) ? 0 : start;
    start = (k.m.words[there.start] as number) - pages;
  }
}

/** Entries that are free, once `count` pages are unmapped. */
function entriesLeft(k: Kernel, p: Proc, vpn: number, count: number): number {
  let left = 0;
  for (const v of p.vmas) {
    const start = k.m.words[v.start] as number;
    const end = endOf(k, v);
    if (k.m.words[v.mode] === 0 || (start >= vpn && end <= vpn + count)) left++;
    else if (start < vpn && end > vpn + count) left--;
  }
  return left;
}

/**
 * Makes a mapping; its frames come with page faults.
 *
 * @returns the address, or -1 when there is no room, no entry, or nothing to put behind it; then
 *   nothing is changed.
 */
export function* mmap(k: Kernel, p: Proc, request: Request, backing: Backing): Code<number> {
  const { pages, prot, flags } = request;
  const vpn = findRoom(k, p, request);
  const fixed = (flags & MAP_FIXED) !== 0;
  if (vpn === 0 || entriesLeft(k, p, vpn, fixed ? pages : 0) < 1) return -1;
  const v = freeVma(k, p);
  // With MAP_FIXED the entry may be one that what is there now has, so that goes first; an entry
  // that covers nothing yet holds the reference until then.
  if (v === undefined) return -1;
  const made = yield* backing((kind, object, offset) =>
    setVma(k, v, 0, 0, modeOf(prot, flags, kind), object, offset),
  );
  if (!made) return -1;
  if (fixed) yield* unmap(k, p, vpn, pages);
  k.m.words[v.start] = vpn;
  k.m.words[v.pages] = pages;
  yield* merge(k, p, v);
  return vpn * 4096;
}

/** What is behind an anonymous mapping: nothing while it is private, else an object of its own. */
export function anonymous(k: Kernel, { pages, flags }: Request): Backing {
  return function* (publish) {
    if ((flags & MAP_SHARED) === 0) {
      publish(VMA_ANON, 0, 0);
      return true;
    }
    if (pages > OBJECTPAGES) return false;
    const made = yield* objectCreate(k, pages, (o) =>
      liveOpen(k, o, () => publish(VMA_OBJECT, o.index, 0)),
    );
    return made !== undefined;
  };
}

/** Joins an area with neighbours that are the same but for where they begin. */
function* merge(k: Kernel, p: Proc, v: Vma): Code<void> {
  const { words } = k.m;
  const before = findVma(k, p, (words[v.start] as number) - 1);
  if (before !== undefined && continues(k, before, v)) {
    const pages = (words[before.pages] as number) + (words[v.pages] as number);
    words[v.pages] = 0;
    words[before.pages] = pages;
    yield* closeVma(k, v);
    yield* merge(k, p, before);
    return;
  }
  const after = findVma(k, p, endOf(k, v));
  if (after === undefined || !continues(k, v, after)) return;
  const pages = (words[v.pages] as number) + (words[after.pages] as number);
  words[after.pages] = 0;
  words[v.pages] = pages;
  yield* closeVma(k, after);
}

/** Whether one area goes on where another, which is next to it, ends. */
function continues(k: Kernel, a: Vma, b: Vma): boolean {
  const { words } = k.m;
  if (words[a.mode] !== words[b.mode] || words[a.object] !== words[b.object]) return false;
  return kindOf(k, a) === VMA_ANON || pageBehind(k, a, endOf(k, a)) === words[b.offset];
}

/**
 * Removes whatever is mapped in a range: areas go, shrink, or are split.
 *
 * @returns 0, or -1 when there is no entry for a split, or when part of the range is no mapping's
 *   to remove: image, stack and heap are given back by sbrk, xv6's shared memory by shm_close. Then
 *   nothing is changed.
 */
export function* munmap(k: Kernel, p: Proc, vpn: number, count: number): Code<number> {
  if (entriesLeft(k, p, vpn, count) < 0) return -1;
  if (vpn < heapEnd(k, p) || shmMappedIn(k, p, vpn, count) >= 0) return -1;
  yield* unmap(k, p, vpn, count);
  return 0;
}

/** As munmap, where an entry for a split is known to be there. */
function* unmap(k: Kernel, p: Proc, vpn: number, count: number): Code<void> {
  const { words } = k.m;
  let any = false;
  for (let v = findVma(k, p, vpn, count); v !== undefined; v = findVma(k, p, vpn, count)) {
    const start = words[v.start] as number;
    const end = endOf(k, v);
    const from = Math.max(start, vpn);
    const to = Math.min(end, vpn + count);
    if (yield* dropPages(k, p, v, from, to)) any = true;
    yield* cut(k, p, v, from, to);
  }
  if (any && !k.mutant['munmap-no-sfence']) k.m.do(SFENCE, p.asid) ?? (yield);
}

/** Takes a range, which must be without pages, out of an area. */
function* cut(k: Kernel, p: Proc, v: Vma, from: number, to: number): Code<void> {
  const { words } = k.m;
  const start = words[v.start] as number;
  const end = endOf(k, v);
  if (from === start && to === end) {
    words[v.pages] = 0;
    yield* closeVma(k, v);
    return;
  }
  const [mode, object] = [words[v.mode] as number, words[v.object] as number];
  if (from === start) {
    setVma(k, v, to, end - to, mode, object, pageBehind(k, v, to));
    return;
  }
  if (to < end) {
    const rest = freeVma(k, p) as Vma;
    const behind = pageBehind(k, v, k.mutant['munmap-split-moves'] ? from : to);
    const publish = (): void => setVma(k, rest, to, end - to, mode, object, behind);
    if (k.mutant['munmap-split-uncounted']) publish();
    else yield* openVma(k, v, publish);
  }
  words[v.pages] = from - start;
}

/** Unmaps the pages of a part of an area; first writes back those that its file does not have yet. */
function* dropPages(k: Kernel, p: Proc, v: Vma, from: number, to: number): Code<boolean> {
  const { m } = k;
  const pagetable = m.words[p.pagetable] as number;
  const ops = k.vmops[kindOf(k, v)];
  const forgets = k.mutant['munmap-forgets-writeback'];
  if (ops?.writeBack !== undefined && isSharedVma(k, v) && !forgets) {
    const object = m.words[v.object] as number;
    for (let vpn = from; vpn < to; vpn++) {
      const at = walk(k, pagetable, vpn);
      const pte = at === 0 ? 0 : (m.loadMarked(at) ?? (yield));
      const dirty = (pte & PTE_D) !== 0 || k.mutant['munmap-writes-clean'];
      if ((pte & PTE_V) === 0 || !dirty) continue;
      yield* ops.writeBack(k, object, pageBehind(k, v, vpn), ppnOfPte(pte));
    }
  }
  return yield* uvmzap(k, pagetable, from, to - from);
}

/** Removes all mappings: exit, and exec before the new image takes over. */
export function* vmaExit(k: Kernel, p: Proc): Code<void> {
  let any = false;
  for (const v of p.vmas) {
    if (k.m.words[v.mode] === 0) continue;
    const start = k.m.words[v.start] as number;
    if (yield* dropPages(k, p, v, start, endOf(k, v))) any = true;
    k.m.words[v.pages] = 0;
    yield* closeVma(k, v);
  }
  if (any) k.m.do(SFENCE, p.asid) ?? (yield);
}

/**
 * Gives a child its parent's areas: private pages copy on write, while pages of shared areas come
 * when the child touches them. The child is not visible to others yet; its p->lock is held. The
 * caller flushes the parent's TLB.
 *
 * @returns 0, or -1 when memory for tables is out; then the child has none of it.
 */
export function* vmaFork(k: Kernel, p: Proc, np: Proc): Code<number> {
  const { mutant } = k;
  const { words } = k.m;
  for (const [i, v] of p.vmas.entries()) {
    if (words[v.mode] === 0) continue;
    const copy = np.vmas[i] as Vma;
    const start = words[v.start] as number;
    const pages = words[v.pages] as number;
    const publish = (): void =>
      setVma(
        k,
        copy,
        start,
        pages,
        words[v.mode] as number,
        words[v.object] as number,
        words[v.offset] as number,
      );
    if (mutant['fork-areas-uncounted']) publish();
    else yield* openVma(k, v, publish);
    if (isSharedVma(k, v)) continue;
    const from = words[p.pagetable] as number;
    if ((yield* uvmcopy(k, from, words[np.pagetable] as number, start, pages)) === 0) continue;
    if (!mutant['fork-oom-keeps-areas']) yield* vmaExit(k, np);
    return -1;
  }
  return 0;
}
