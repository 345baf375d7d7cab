/**
 * Objects of shared pages: what is behind anonymous shared mappings and segments, and the pages of
 * mapped files (mapfile.ts). A page gets its frame when the first process asks for it.
 *
 * One lock, otable.lock, guards all objects. Only kmem.lock is taken inside it. An object exists
 * while it has references: each mapped area of a process is one, and so is whoever else holds it.
 */
import {
  type Address,
  COMPARE_EXCHANGE,
  type Code,
  EVERY_CPU,
  type Layout,
  PGWORDS,
  PTE_V,
  ppnOfPte,
  SFENCE,
} from '../machine/index.ts';
import { kalloc, kfree } from './kalloc.ts';
import type { Kernel } from './kernel.ts';
import { walk } from './pagetable.ts';
import type { Param } from './param.ts';
import type { Proc } from './proc.ts';
import { acquire, letGo, release, Spinlock } from './spinlock.ts';
import { endOf, hasPageObject, pageBehind, type Vma, type VmOps } from './vma.ts';

/** Pages that an object can have: its frames are listed in one frame. */
export const OBJECTPAGES = PGWORDS;

export class PageObject {
  readonly index: number;
  // otable.lock must be held when using these:
  /** References; 0 for a free slot. */
  readonly refs: Address;
  readonly pages: Address;
  /** The frame whose words are the frames of the pages, 0 for pages without; 0 for no such frame yet. */
  readonly list: Address;
  /** The inode whose pages these are; 0 for pages that begin as zeros. */
  readonly inum: Address;

  constructor(layout: Layout, index: number, lock: Spinlock) {
    this.index = index;
    this.refs = layout.word(`object[${index}].refs`, lock.word);
    this.pages = layout.word(`object[${index}].pages`, lock.word);
    this.list = layout.word(`object[${index}].list`, lock.word);
    this.inum = layout.word(`object[${index}].inum`, lock.word);
  }
}

export class ObjectTable {
  readonly lock: Spinlock;
  readonly objects: readonly PageObject[];

  constructor(layout: Layout, param: Param) {
    this.lock = new Spinlock(layout, 'otable.lock');
    this.objects = Array.from(
      { length: param.nobject },
      (_, i) => new PageObject(layout, i, this.lock),
    );
  }
}

/**
 * Makes an object with one reference; `publish` hands that to its holder, with the lock held. For a
 * file that has one, that one gets a reference more.
 *
 * @param pages 0 to OBJECTPAGES
 * @param inum the file's, 0 for pages of zeros
 * @returns undefined when all objects are in use.
 */
export function* objectCreate(
  k: Kernel,
  pages: number,
  publish: (o: PageObject) => void,
  inum = 0,
): Code<PageObject | undefined> {
  const { m, otable } = k;
  acquire(k, otable.lock) ?? (yield);
  let found = inum === 0 ? undefined : yield* objectOfFile(k, inum);
  for (let i = 0; i < otable.objects.length && found === undefined; i++) {
    const o = otable.objects[i] as PageObject;
    const refs = m.load(o.refs) ?? (yield);
    if (refs !== 0) continue;
    found = o;
    m.store(o.pages, pages) ?? (yield);
    m.store(o.inum, inum) ?? (yield);
  }
  if (found !== undefined) {
    const refs = m.load(found.refs) ?? (yield);
    m.store(found.refs, refs + 1) ?? (yield);
    publish(found);
  }
  release(k, otable.lock) ?? (yield);
  return found;
}

/** The object of a file's pages, or undefined. otable.lock must be held. */
function* objectOfFile(k: Kernel, inum: number): Code<PageObject | undefined> {
  for (const o of k.otable.objects) {
    const its = k.m.load(o.inum) ?? (yield);
    if (its === inum) return o;
  }
  return undefined;
}

/** One reference more to an object that has some; `publish` hands it to its holder. */
export function* objectOpen(k: Kernel, o: PageObject, publish: () => void): Code<void> {
  const { m, otable } = k;
  const locked = !k.mutant['object-open-unlocked'];
  if (locked) acquire(k, otable.lock) ?? (yield);
  const refs = m.load(o.refs) ?? (yield);
  m.store(o.refs, refs + 1) ?? (yield);
  publish();
  if (locked) release(k, otable.lock) ?? (yield);
}

/**
 * One reference less, which `publish` takes from its holder; the last one destroys the object.
 *
 * @returns the number of the file whose object this was, 0 for none or while it has references.
 */
export function* objectClose(k: Kernel, o: PageObject, publish: () => void): Code<number> {
  const { m, otable } = k;
  acquire(k, otable.lock) ?? (yield);
  publish();
  const refs = m.load(o.refs) ?? (yield);
  let inum = 0;
  if (refs === 1) {
    yield* dropPages(k, o, 0);
    m.store(o.pages, 0) ?? (yield);
    inum = m.load(o.inum) ?? (yield);
    if (inum !== 0) m.store(o.inum, 0) ?? (yield);
  }
  m.store(o.refs, refs - 1) ?? (yield);
  release(k, otable.lock) ?? (yield);
  return inum;
}

/** Lets the frames from a page on go, and with page 0 the list. otable.lock must be held. */
function* dropPages(k: Kernel, o: PageObject, from: number): Code<void> {
  const { m } = k;
  const list = m.load(o.list) ?? (yield);
  if (list === 0) return;
  const pages = m.load(o.pages) ?? (yield);
  for (let page = from; page < pages; page++) {
    const at = m.memory.frame(list) + page;
    const ppn = m.load(at) ?? (yield);
    if (ppn === 0) continue;
    m.store(at, 0) ?? (yield);
    yield* kfree(k, ppn);
  }
  if (from > 0) return;
  m.store(o.list, 0) ?? (yield);
  yield* kfree(k, list);
}

/** As VmOps.pageIn, for an object of zeros. */
export function* objectPage(
  k: Kernel,
  o: PageObject,
  page: number,
  use: (ppn: number) => Code<number>,
): Code<number> {
  return (yield* pageOf(k, o, page, use, () => zeroed(k))) ?? -1;
}

/** As VmOps.pageIn, but answers undefined where the object does not have the page yet. */
export function* objectFind(
  k: Kernel,
  o: PageObject,
  page: number,
  use: (ppn: number) => Code<number>,
): Code<number | undefined> {
  return yield* pageOf(k, o, page, use, undefined);
}

/**
 * As VmOps.pageIn, with a frame that the object takes over if it does not have the page; else, and
 * where it fails, the frame is freed.
 */
export function* objectAdd(
  k: Kernel,
  o: PageObject,
  page: number,
  ppn: number,
  use: (ppn: number) => Code<number>,
): Code<number> {
  let taken = false;
  const result = yield* pageOf(k, o, page, use, function* () {
    taken = true;
    return ppn;
  });
  if (!taken) yield* kfree(k, ppn);
  return result ?? -1;
}

/**
 * Uses the frame of a page, with the lock held; the frame is the object's own for as long as it has
 * the page. `make`, if given, makes the frame that is missing, or answers 0.
 */
function* pageOf(
  k: Kernel,
  o: PageObject,
  page: number,
  use: (ppn: number) => Code<number>,
  make: (() => Code<number>) | undefined,
): Code<number | undefined> {
  const { m, otable } = k;
  acquire(k, otable.lock) ?? (yield);
  const pages = m.load(o.pages) ?? (yield);
  const list = page < pages ? yield* listOf(k, o, make !== undefined) : 0;
  const at = m.memory.frame(list) + page;
  const had = list === 0 ? 0 : (m.load(at) ?? (yield));
  let result: number | undefined;
  if (had !== 0) {
    result = yield* use(had);
  } else if (list !== 0 && make !== undefined) {
    if (k.mutant['object-page-apart']) yield* letGo(k, otable.lock);
    const ppn = yield* make();
    if (ppn !== 0) {
      m.memory.setShared(ppn, true);
      result = yield* use(ppn);
      if (result < 0) yield* kfree(k, ppn);
      else m.store(at, ppn) ?? (yield);
    }
  }
  release(k, otable.lock) ?? (yield);
  return result;
}

/** The list of an object's frames, made if there is none and asked for; 0 when memory is out. */
function* listOf(k: Kernel, o: PageObject, make: boolean): Code<number> {
  const { m } = k;
  const list = m.load(o.list) ?? (yield);
  if (list !== 0 || !make) return list;
  const made = yield* zeroed(k);
  if (made !== 0) m.store(o.list, made) ?? (yield);
  return made;
}

/** A frame filled with zeros; 0 when memory is out. */
function* zeroed(k: Kernel): Code<number> {
  const ppn = yield* kalloc(k);
  if (ppn !== 0) k.m.memory.fill(ppn, 0);
  return ppn;
}

/**
 * Gives an object another size. Pages that it loses, no process reaches any more when this returns,
 * whatever CPU it is on; if the object grows again they are new, and zero.
 *
 * @param pages 0 to OBJECTPAGES
 */
export function* objectResize(k: Kernel, o: PageObject, pages: number): Code<void> {
  const { m, otable } = k;
  acquire(k, otable.lock) ?? (yield);
  const before = m.load(o.pages) ?? (yield);
  if (pages < before) {
    yield* unmapFrom(k, o, pages);
    yield* dropPages(k, o, pages);
  }
  m.store(o.pages, pages) ?? (yield);
  release(k, otable.lock) ?? (yield);
}

/**
 * Takes all pages from the object of a file that loses its contents, if it has one. ip->lock must be
 * held, so that no page comes in meanwhile.
 */
export function* objectTruncate(k: Kernel, inum: number): Code<void> {
  const { otable } = k;
  acquire(k, otable.lock) ?? (yield);
  const o = yield* objectOfFile(k, inum);
  if (o !== undefined) {
    yield* unmapFrom(k, o, 0);
    yield* dropPages(k, o, 0);
  }
  release(k, otable.lock) ?? (yield);
}

/** Makes an object's pages from one on unreachable in every process. otable.lock must be held. */
function* unmapFrom(k: Kernel, o: PageObject, from: number): Code<void> {
  const { words } = k.m;
  const top = k.m.loadMarked(k.ptable.top) ?? (yield);
  for (let i = 0; i < top; i++) {
    const p = k.ptable.procs[i] as Proc;
    let any = false;
    k.watch?.revoking(p.asid);
    for (const v of p.vmas) {
      if (!hasPageObject(k, v) || words[v.object] !== o.index) continue;
      if (yield* invalidate(k, p, v, from)) any = true;
    }
    // The process may run on another CPU now, or have left translations there.
    if (k.mutant['object-shrinks-no-shootdown']) any = false;
    if (any) k.m.do(SFENCE, p.asid, EVERY_CPU) ?? (yield);
    k.watch?.revoking(0);
  }
}

/**
 * Makes an area's entries invalid for the pages of its object from one on. They keep the frames,
 * which the process lets go itself when it comes across them: it may be copying to one right now.
 */
function* invalidate(k: Kernel, p: Proc, v: Vma, from: number): Code<boolean> {
  const { m } = k;
  let any = false;
  for (let vpn = m.words[v.start] as number; vpn < endOf(k, v); vpn++) {
    if (pageBehind(k, v, vpn) < from) continue;
    const at = walk(k, m.words[p.pagetable] as number, vpn);
    for (let pte = at === 0 ? 0 : (m.words[at] as number); reaches(k, pte); ) {
      // Its own CPU may mark it dirty, or unmap it, at the same time.
      const now = m.do(COMPARE_EXCHANGE, at, pte, pte & ~PTE_V) ?? (yield);
      if (now === pte) any = true;
      pte = now === pte ? 0 : now;
    }
  }
  return any;
}

/** Whether an entry leads to an object's frame: a private copy is its process's own, and stays. */
function reaches(k: Kernel, pte: number): boolean {
  return (pte & PTE_V) !== 0 && k.m.memory.isShared(ppnOfPte(pte));
}

/**
 * Tells whoever records it what became of an object that only areas refer to: those of other kinds
 * have names and lives of their own (sysv.ts, posix.ts). otable.lock must be held.
 */
function live(k: Kernel, o: PageObject, state: string, areas: number): void {
  const { m, events } = k;
  if (events === null) return;
  const inum = m.words[o.inum] as number;
  const name = inum === 0 ? `object ${o.index}` : `inode ${inum}`;
  events.life(m.step, m.cpu.id, k.currentPid(), name, state, areas);
}

/** As `publish`, for an area that an object gets: its first creates it, too. otable.lock must be held. */
export function liveOpen(k: Kernel, o: PageObject, publish: () => void): void {
  const refs = k.m.words[o.refs] as number;
  publish();
  if (refs === 1) live(k, o, 'created', 0);
  live(k, o, 'attached', refs);
}

/** As `publish`, for an area that an object loses: its last destroys it. otable.lock must be held. */
export function liveClose(k: Kernel, o: PageObject, publish: () => void): void {
  const refs = k.m.words[o.refs] as number;
  publish();
  live(k, o, 'detached', refs - 1);
  if (refs === 1) live(k, o, 'destroyed', 0);
}

/** As `use`, for a page that an object gets: its first makes it be in use. otable.lock must be held. */
export function liveUse(
  k: Kernel,
  o: PageObject,
  use: (ppn: number) => Code<number>,
): (ppn: number) => Code<number> {
  if (k.events === null) return use;
  return (ppn) => {
    const { memory, words } = k.m;
    const list = memory.frame(words[o.list] as number);
    // The page itself is not in the list before it is used.
    const others = words.subarray(list, list + (words[o.pages] as number));
    if (others.every((page) => page === 0)) live(k, o, 'in use', words[o.refs] as number);
    return use(ppn);
  };
}

/** How mapped areas of objects work. */
export const objectOps: VmOps = {
  sleeps: false,
  open(k, object, publish) {
    const o = at(k, object);
    return objectOpen(k, o, () => liveOpen(k, o, publish));
  },
  *close(k, object, publish) {
    const o = at(k, object);
    yield* objectClose(k, o, () => liveClose(k, o, publish));
  },
  pageIn(k, object, page, use) {
    const o = at(k, object);
    return objectPage(k, o, page, liveUse(k, o, use));
  },
};

function at(k: Kernel, object: number): PageObject {
  return k.otable.objects[object] as PageObject;
}
