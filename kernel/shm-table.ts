/**
 * Objects of shared memory: the table of their names, counts, sizes and frames, and their life.
 *
 * One lock, shm.lock, guards all objects. It is taken with at most a p->lock held (fork) and only
 * kmem.lock is taken inside it. An object exists while its reference count is above 0: each open
 * descriptor of any process is one reference. Whoever has a descriptor may use the object's frames
 * without the lock, since they live as long as the reference.
 */
import type { Address, Code, Layout } from '../machine/index.ts';
import { kalloc, kfree } from './kalloc.ts';
import type { Kernel } from './kernel.ts';
import { isNamed, NAMEWORDS, nameAt, storeName } from './name.ts';
import { panic } from './panic.ts';
import type { Param } from './param.ts';
import type { Proc } from './proc.ts';
import { letGo, Spinlock } from './spinlock.ts';

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
  /** What events call it: kept, since making text is most of what an event costs. */
  label = '';

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

/** The object of that name, or undefined. shm.lock must be held. */
export function* find(k: Kernel, name: string): Code<ShmObject | undefined> {
  const { m, shm } = k;
  const top = m.load(shm.top) ?? (yield);
  for (let i = 0; i < top; i++) {
    const o = shm.objects[i] as ShmObject;
    const refs = m.load(o.refs) ?? (yield);
    if (refs !== 0 && (yield* isNamed(k, o.name, name))) return o;
  }
  return undefined;
}

/** The lowest free slot, or undefined when the table is full. shm.lock must be held. */
function* freeSlot(k: Kernel): Code<ShmObject | undefined> {
  const { m, shm } = k;
  const top = m.load(shm.top) ?? (yield);
  for (let i = 0; i < top; i++) {
    const o = shm.objects[i] as ShmObject;
    const refs = m.load(o.refs) ?? (yield);
    if (refs === 0) return o;
  }
  if (top < shm.objects.length) m.store(shm.top, top + 1) ?? (yield);
  return shm.objects[top];
}

/** An object of that name in a free slot, or undefined. shm.lock must be held. */
export function* create(k: Kernel, name: string): Code<ShmObject | undefined> {
  const { shm, mutant } = k;
  if (mutant['shm-open-create-apart']) yield* letGo(k, shm.lock);
  const o = yield* freeSlot(k);
  if (o === undefined || mutant['shm-open-late-name']) return o;
  if (mutant['shm-open-slot-stolen']) yield* letGo(k, shm.lock);
  yield* storeName(k, o.name, name);
  return o;
}

/**
 * The frame of an object's page, made and zeroed if this is the first to ask; then the page's
 * number is added to `fresh`. Answers 0 when memory is out. shm.lock must be held.
 */
export function* frameOf(k: Kernel, o: ShmObject, page: number, fresh: number[]): Code<number> {
  const { m } = k;
  const ppn = m.load(o.frames + page) ?? (yield);
  if (ppn !== 0) return ppn;
  if (k.mutant['shm-map-frame-apart']) yield* letGo(k, k.shm.lock);
  const made = yield* kalloc(k);
  if (made === 0) return 0;
  m.memory.fill(made, 0);
  m.memory.setShared(made, true);
  m.store(o.frames + page, made) ?? (yield);
  fresh.push(page);
  return made;
}

/** Frees one of the object's frames, if it has it. shm.lock must be held. */
export function* dropFrame(k: Kernel, o: ShmObject, page: number): Code<void> {
  const ppn = k.m.load(o.frames + page) ?? (yield);
  if (ppn === 0) return;
  k.m.store(o.frames + page, 0) ?? (yield);
  yield* kfree(k, ppn);
}

/** Descriptors that have an object mapped. Not an operation. */
function mappingsOf(k: Kernel, o: ShmObject): number {
  const { words } = k.m;
  let count = 0;
  for (let i = 0; i < (words[k.ptable.top] as number); i++) {
    const { shm } = k.ptable.procs[i] as Proc;
    for (let od = 0; od < shm.count; od++) {
      if (words[shm.object(od)] === o.index + 1 && words[shm.vpn(od)] !== 0) count++;
    }
  }
  return count;
}

/** Tells whoever records it what became of an object. */
export function live(k: Kernel, o: ShmObject, state: string): void {
  const { m, events } = k;
  if (events === null) return;
  if (state === 'created') o.label = `shm ${o.index} "${nameAt(k, o.name)}"`;
  events.life(m.step, m.cpu.id, k.currentPid(), o.label, state, mappingsOf(k, o));
}

/** How many references an object has that has one at least. shm.lock must be held. */
export function* references(k: Kernel, o: ShmObject): Code<number> {
  const refs = k.m.load(o.refs) ?? (yield);
  if (refs < 1) panic(k, 'shm_close: refs');
  return refs;
}

/**
 * One reference less than the `refs` there are; destroys the object with the last. shm.lock must be
 * held.
 *
 * @param mapped whether the caller had it mapped
 */
export function* dropReference(k: Kernel, o: ShmObject, refs: number, mapped: boolean): Code<void> {
  const { m, shm, mutant } = k;
  let last = refs === 1;
  if (mutant['shm-close-reread'] || mutant['shm-close-clears-late']) {
    m.store(o.refs, refs - 1) ?? (yield);
    yield* letGo(k, shm.lock);
    if (mutant['shm-close-reread']) last = (m.load(o.refs) ?? (yield)) === 0;
    if (last) yield* destroy(k, o);
    return;
  }
  if (mutant['shm-close-frees-own-pages'] && !mapped) last = false;
  if (last) yield* destroy(k, o);
  m.store(o.refs, refs - 1) ?? (yield);
}

/** Frees an object's frames and its name. shm.lock must be held. */
function* destroy(k: Kernel, o: ShmObject): Code<void> {
  const { m } = k;
  live(k, o, 'destroyed');
  const pages = m.load(o.pages) ?? (yield);
  for (let i = 0; i < pages; i++) yield* dropFrame(k, o, i);
  m.store(o.pages, 0) ?? (yield);
  for (let i = 0; i < NAMEWORDS; i++) m.store(o.name + i, 0) ?? (yield);
}
