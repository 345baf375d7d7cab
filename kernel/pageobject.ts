/**
 * Objects of shared pages: what is behind anonymous shared mappings and segments. A page gets its
 * frame, filled with zeros, when the first process asks for it.
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
  SFENCE,
} from '../machine/index.ts';
import { kalloc, kfree } from './kalloc.ts';
import type { Kernel } from './kernel.ts';
import { walk } from './pagetable.ts';
import type { Param } from './param.ts';
import type { Proc } from './proc.ts';
import { acquire, letGo, release, Spinlock } from './spinlock.ts';
import { endOf, kindOf, pageBehind, VMA_OBJECT, type Vma, type VmOps } from './vma.ts';

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

  constructor(layout: Layout, index: number, lock: Spinlock) {
    this.index = index;
    this.refs = layout.word(`object[${index}].refs`, lock.word);
    this.pages = layout.word(`object[${index}].pages`, lock.word);
    this.list = layout.word(`object[${index}].list`, lock.word);
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
 * Makes an object with one reference; `publish` hands that to its holder, with the lock held.
 *
 * @param pages 1 to OBJECTPAGES
 * @returns undefined when all objects are in use.
 */
export function* objectCreate(
  k: Kernel,
  pages: number,
  publish: (o: PageObject) => void,
): Code<PageObject | undefined> {
  const { m, otable } = k;
  acquire(k, otable.lock) ?? (yield);
  let free: PageObject | undefined;
  for (const o of otable.objects) {
    const refs = m.load(o.refs) ?? (yield);
    if (refs !== 0) continue;
    free = o;
    break;
  }
  if (free !== undefined) {
    m.store(free.refs, 1) ?? (yield);
    m.store(free.pages, pages) ?? (yield);
    publish(free);
  }
  release(k, otable.lock) ?? (yield);
  return free;
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

/** One reference less, which `publish` takes from its holder; the last one destroys the object. */
export function* objectClose(k: Kernel, o: PageObject, publish: () => void): Code<void> {
  const { m, otable } = k;
  acquire(k, otable.lock) ?? (yield);
  publish();
  const refs = m.load(o.refs) ?? (yield);
  if (refs === 1) {
    yield* dropPages(k, o, 0);
    m.store(o.pages, 0) ?? (yield);
  }
  m.store(o.refs, refs - 1) ?? (yield);
  release(k, otable.lock) ?? (yield);
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

/** As VmOps.pageIn. The frame is the object's own for as long as it has the page. */
export function* objectPage(
  k: Kernel,
  o: PageObject,
  page: number,
  use: (ppn: number) => Code<number>,
): Code<number> {
  const { m, otable } = k;
  acquire(k, otable.lock) ?? (yield);
  const pages = m.load(o.pages) ?? (yield);
  const list = page < pages ? yield* listOf(k, o) : 0;
  let result = -1;
  if (list !== 0) {
    const at = m.memory.frame(list) + page;
    const had = m.load(at) ?? (yield);
    if (had === 0 && k.mutant['object-page-apart']) yield* letGo(k, otable.lock);
    const ppn = had !== 0 ? had : yield* zeroed(k);
    if (ppn !== 0) {
      if (had === 0) m.memory.setShared(ppn, true);
      result = yield* use(ppn);
      if (had === 0 && result < 0) yield* kfree(k, ppn);
      else if (had === 0) m.store(at, ppn) ?? (yield);
    }
  }
  release(k, otable.lock) ?? (yield);
  return result;
}

/** The list of an object's frames, made if there is none; 0 when memory is out. */
function* listOf(k: Kernel, o: PageObject): Code<number> {
  const { m } = k;
  const list = m.load(o.list) ?? (yield);
  if (list !== 0) return list;
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
 * @param pages 1 to OBJECTPAGES
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

/** Makes an object's pages from one on unreachable in every process. otable.lock must be held. */
function* unmapFrom(k: Kernel, o: PageObject, from: number): Code<void> {
  const { words } = k.m;
  const top = k.m.loadMarked(k.ptable.top) ?? (yield);
  for (let i = 0; i < top; i++) {
    const p = k.ptable.procs[i] as Proc;
    let any = false;
    for (const v of p.vmas) {
      if (kindOf(k, v) !== VMA_OBJECT || words[v.object] !== o.index) continue;
      if (yield* invalidate(k, p, v, from)) any = true;
    }
    // The process may run on another CPU now, or have left translations there.
    if (any) k.m.do(SFENCE, p.asid, EVERY_CPU) ?? (yield);
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
    for (let pte = at === 0 ? 0 : (m.words[at] as number); (pte & PTE_V) !== 0; ) {
      // Its own CPU may mark it dirty, or unmap it, at the same time.
      const now = m.do(COMPARE_EXCHANGE, at, pte, pte & ~PTE_V) ?? (yield);
      if (now === pte) any = true;
      pte = now === pte ? 0 : now;
    }
  }
  return any;
}

/** How mapped areas of objects work. */
export const objectOps: VmOps = {
  sleeps: false,
  open: (k, object, publish) => objectOpen(k, at(k, object), publish),
  close: (k, object, publish) => objectClose(k, at(k, object), publish),
  pageIn: (k, object, page, use) => objectPage(k, at(k, object), page, use),
};

function at(k: Kernel, object: number): PageObject {
  return k.otable.objects[object] as PageObject;
}
