/**
 * POSIX shared memory: named objects of any size, behind ordinary file descriptors (shm_open(3);
 * Linux mm/shmem.c).
 *
 * An object lasts while it has a name, or anybody has it open or mapped. Its pages are those of a
 * page object. One lock, posix.lock, guards all objects, the changing of their sizes too; it is taken
 * with at most a p->lock held (fork), and otable.lock is taken inside it. A mapping is an area of a
 * process (vma.ts), which appears and disappears with the lock held.
 */
import { type Address, type Code, type Layout, PGSIZE, STORE_BYTE } from '../machine/index.ts';
import { MAP_SHARED, O_CREATE, O_EXCL, O_RDWR, O_TRUNC, PROT_WRITE, T_SHM } from './abi.ts';
import type { File, Stat } from './file.ts';
import type { Kernel } from './kernel.ts';
import type { Backing, Request } from './mmap.ts';
import { isNamed, NAMEWORDS, nameAt, storeName } from './name.ts';
import {
  OBJECTPAGES,
  objectClose,
  objectCreate,
  objectOpen,
  objectPage,
  objectResize,
  type PageObject,
} from './pageobject.ts';
import type { Param } from './param.ts';
import { MAY_READ, MAY_WRITE, owns, permitted } from './permission.ts';
import type { Proc } from './proc.ts';
import { acquire, letGo, release, Spinlock } from './spinlock.ts';
import { VMA_POSIX, type VmOps } from './vma.ts';

/** Largest size in bytes. */
const SIZEMAX = OBJECTPAGES * PGSIZE;

export class PosixObject {
  readonly index: number;
  // posix.lock must be held when using these:
  /** Open files and mappings. */
  readonly refs: Address;
  /** Whether it has a name; with neither name nor references the slot is free. */
  readonly linked: Address;
  readonly name: Address;
  /** Bytes. */
  readonly size: Address;
  /** Areas of processes. */
  readonly maps: Address;
  /** Whether who has it mapped has touched a page since there last was no mapping. */
  readonly inUse: Address;
  readonly uid: Address;
  readonly mode: Address;
  /** How many were made before it. */
  readonly serial: Address;

  /** Slot of the page object + 1. Set before anybody can find the object. */
  readonly object: Address;

  constructor(layout: Layout, index: number, lock: Spinlock) {
    const word = (name: string): Address => layout.word(`posix[${index}].${name}`, lock.word);
    this.index = index;
    this.refs = word('refs');
    this.linked = word('linked');
    this.name = layout.array(`posix[${index}].name`, NAMEWORDS, lock.word);
    this.size = word('size');
    this.maps = word('maps');
    this.inUse = word('inUse');
    this.uid = word('uid');
    this.mode = word('mode');
    this.serial = word('serial');
    this.object = layout.word(`posix[${index}].object`);
  }
}

export class PosixTable {
  readonly lock: Spinlock;
  /** posix.lock: objects made so far. */
  readonly made: Address;
  readonly objects: readonly PosixObject[];

  constructor(layout: Layout, param: Param) {
    this.lock = new Spinlock(layout, 'posix.lock');
    this.made = layout.word('posix.made', this.lock.word);
    this.objects = Array.from(
      { length: param.nposix },
      (_, i) => new PosixObject(layout, i, this.lock),
    );
  }
}

/** The object of that name, or undefined. posix.lock must be held. */
function* find(k: Kernel, name: string): Code<PosixObject | undefined> {
  const { m, posix } = k;
  for (const o of posix.objects) {
    const linked = m.load(o.linked) ?? (yield);
    if (linked !== 0 && (yield* isNamed(k, o.name, name))) return o;
  }
  return undefined;
}

/** The name that an object has or had. Not an operation. */
export function nameOf(k: Kernel, o: PosixObject): string {
  return nameAt(k, o.name);
}

/** Tells whoever records it what became of an object. posix.lock must be held. */
function live(k: Kernel, o: PosixObject, state: string): void {
  const { m, events } = k;
  if (events === null) return;
  const { words } = m;
  const name = `posix ${words[o.serial]} "${nameOf(k, o)}"`;
  events.life(m.step, m.cpu.id, k.currentPid(), name, state, words[o.maps] as number);
}

function pagesOf(k: Kernel, o: PosixObject): PageObject {
  return k.otable.objects[(k.m.words[o.object] as number) - 1] as PageObject;
}

/** An object of that name in a free slot, or undefined. posix.lock must be held. */
function* create(k: Kernel, p: Proc, name: string, mode: number): Code<PosixObject | undefined> {
  const { m, posix } = k;
  for (const o of posix.objects) {
    const linked = m.load(o.linked) ?? (yield);
    const refs = m.load(o.refs) ?? (yield);
    if (linked !== 0 || refs !== 0) continue;
    const made = yield* objectCreate(k, 0, (pages) => {
      m.words[o.object] = pages.index + 1;
    });
    if (made === undefined) return undefined;
    yield* storeName(k, o.name, name);
    const serial = m.load(posix.made) ?? (yield);
    m.store(posix.made, serial + 1) ?? (yield);
    m.store(o.serial, serial) ?? (yield);
    m.store(o.uid, m.words[p.uid] as number) ?? (yield);
    m.store(o.mode, mode & 0o777) ?? (yield);
    m.store(o.linked, 1) ?? (yield);
    live(k, o, 'created');
    return o;
  }
  return undefined;
}

/** Frees an object without name and references, and its pages. posix.lock must be held. */
function* destroy(k: Kernel, o: PosixObject): Code<void> {
  const { m } = k;
  live(k, o, 'destroyed');
  m.store(o.size, 0) ?? (yield);
  yield* objectClose(k, pagesOf(k, o), () => {
    m.words[o.object] = 0;
  });
}

/**
 * Opens the object of that name. Makes it, with size 0, if there is none and O_CREATE is given.
 *
 * @param oflag O_RDONLY or O_RDWR, with O_CREATE, O_EXCL and O_TRUNC
 * @param mode the rights 0..0777 of a new object
 * @param publish hands the reference, slot + 1, to its holder while the lock is held
 * @returns 0, or -1 when it cannot be found, made or opened so.
 */
export function* posixOpen(
  k: Kernel,
  p: Proc,
  name: string,
  oflag: number,
  mode: number,
  publish: (object: number) => Code<void>,
): Code<number> {
  const { m, posix, mutant } = k;
  acquire(k, posix.lock) ?? (yield);
  let o = yield* find(k, name);
  const found = o !== undefined;
  let asked = oflag;
  if (!found && mutant['posix-exclusive-early']) {
    yield* letGo(k, posix.lock);
    o = yield* find(k, name);
    asked = oflag & ~O_EXCL;
  }
  if (mutant[found ? 'posix-open-apart' : 'posix-create-apart']) yield* letGo(k, posix.lock);
  if (o === undefined && (oflag & O_CREATE) !== 0) o = yield* create(k, p, name, mode);
  else if (o !== undefined && !(yield* mayOpen(k, p, o, asked))) o = undefined;
  if (o !== undefined) {
    const refs = m.load(o.refs) ?? (yield);
    m.store(o.refs, refs + 1) ?? (yield);
    if (found && (oflag & O_TRUNC) !== 0) yield* resize(k, o, 0);
    yield* publish(o.index + 1);
  }
  release(k, posix.lock) ?? (yield);
  return o === undefined ? -1 : 0;
}

/** Whether an object that exists can be opened like that. posix.lock must be held. */
function* mayOpen(k: Kernel, p: Proc, o: PosixObject, oflag: number): Code<boolean> {
  const { m } = k;
  if ((oflag & O_CREATE) !== 0 && (oflag & O_EXCL) !== 0) return false;
  const wanted = MAY_READ | ((oflag & O_RDWR) !== 0 ? MAY_WRITE : 0);
  const uid = m.load(o.uid) ?? (yield);
  return permitted(k, p, [uid], m.load(o.mode) ?? (yield), wanted);
}

/** Takes the name from an object, which goes when nobody has it open or mapped. 0, or -1. */
export function* posixUnlink(k: Kernel, p: Proc, name: string): Code<number> {
  const { m, posix, mutant } = k;
  acquire(k, posix.lock) ?? (yield);
  const o = yield* find(k, name);
  const allowed = o !== undefined && owns(k, p, [m.load(o.uid) ?? (yield)]);
  if (o !== undefined && allowed) {
    const refs = m.load(o.refs) ?? (yield);
    if (mutant['posix-unlink-apart']) yield* letGo(k, posix.lock);
    m.store(o.linked, 0) ?? (yield);
    live(k, o, 'marked');
    if (refs === 0 || mutant['posix-unlink-destroys']) yield* destroy(k, o);
  }
  release(k, posix.lock) ?? (yield);
  return allowed ? 0 : -1;
}

/** One reference less; the last of an object without a name destroys it. posix.lock must be held. */
function* drop(k: Kernel, o: PosixObject): Code<void> {
  const { m } = k;
  const refs = m.load(o.refs) ?? (yield);
  m.store(o.refs, refs - 1) ?? (yield);
  const linked = m.load(o.linked) ?? (yield);
  if (refs === 1 && linked === 0) yield* destroy(k, o);
}

/** The object behind a file. */
export function posixOf(k: Kernel, object: number): PosixObject {
  return k.posix.objects[object - 1] as PosixObject;
}

/** A file of an object is closed. */
export function* posixClose(k: Kernel, object: number): Code<void> {
  acquire(k, k.posix.lock) ?? (yield);
  yield* drop(k, posixOf(k, object));
  release(k, k.posix.lock) ?? (yield);
}

/** What fstat tells. */
export function* posixStat(k: Kernel, object: number): Code<Stat> {
  const { m, posix } = k;
  const o = posixOf(k, object);
  acquire(k, posix.lock) ?? (yield);
  const nlink = m.load(o.linked) ?? (yield);
  const size = m.load(o.size) ?? (yield);
  release(k, posix.lock) ?? (yield);
  return { inum: o.index + 1, type: T_SHM, nlink, size };
}

/**
 * Gives the object of a file another size. Pages that it loses go out of all mappings, and those that
 * it gains are zeros. Answers 0, or -1 for a size that cannot be.
 */
export function* posixTruncate(k: Kernel, object: number, size: number): Code<number> {
  if (size < 0 || size > SIZEMAX) return -1;
  acquire(k, k.posix.lock) ?? (yield);
  yield* resize(k, posixOf(k, object), size);
  release(k, k.posix.lock) ?? (yield);
  return 0;
}

/** posix.lock must be held. */
function* resize(k: Kernel, o: PosixObject, size: number): Code<void> {
  const { m } = k;
  const before = m.load(o.size) ?? (yield);
  m.store(o.size, size) ?? (yield);
  if (k.mutant['posix-size-early']) yield* letGo(k, k.posix.lock);
  yield* objectResize(k, pagesOf(k, o), Math.ceil(size / PGSIZE));
  yield* clearTail(k, pagesOf(k, o), Math.min(before, size));
}

/** Fills the rest of the page in which an object ends, or ended, with zeros. */
function* clearTail(k: Kernel, o: PageObject, size: number): Code<void> {
  const { m, otable } = k;
  if (size % PGSIZE === 0) return;
  acquire(k, otable.lock) ?? (yield);
  const list = m.load(o.list) ?? (yield);
  const page =
    list === 0 ? 0 : (m.load(m.memory.frame(list) + Math.floor(size / PGSIZE)) ?? (yield));
  if (page !== 0) {
    const first = m.memory.frame(page) << 2;
    for (let at = first + (size % PGSIZE); at < first + PGSIZE; ) {
      // Who has it mapped sees the zeros come.
      if (at % 4 === 0) m.store(at >> 2, 0) ?? (yield);
      else m.do(STORE_BYTE, at, 0) ?? (yield);
      at += at % 4 === 0 ? 4 : 1;
    }
  }
  release(k, otable.lock) ?? (yield);
}

/** What mmap puts behind a mapping of a file, or undefined when it was not opened for that. */
export function posixBacking(
  k: Kernel,
  f: File,
  { prot, flags }: Request,
  offset: number,
): Backing | undefined {
  const { words } = k.m;
  const writes = (flags & MAP_SHARED) !== 0 && (prot & PROT_WRITE) !== 0;
  if (writes && words[f.writable] === 0) return undefined;
  const o = posixOf(k, words[f.object] as number);
  return function* (publish) {
    yield* map(k, o, () => publish(VMA_POSIX, pagesOf(k, o).index, offset / PGSIZE));
    return true;
  };
}

/** One mapping more, which `publish` makes. */
function* map(k: Kernel, o: PosixObject, publish: () => void): Code<void> {
  const { m, posix } = k;
  acquire(k, posix.lock) ?? (yield);
  const refs = m.load(o.refs) ?? (yield);
  m.store(o.refs, refs + 1) ?? (yield);
  const maps = m.load(o.maps) ?? (yield);
  m.store(o.maps, maps + 1) ?? (yield);
  yield* objectOpen(k, pagesOf(k, o), publish);
  live(k, o, 'attached');
  release(k, posix.lock) ?? (yield);
}

/** One mapping less, which `publish` removes. */
function* unmap(k: Kernel, o: PosixObject, publish: () => void): Code<void> {
  const { m, posix } = k;
  acquire(k, posix.lock) ?? (yield);
  const maps = m.load(o.maps) ?? (yield);
  yield* objectClose(k, pagesOf(k, o), publish);
  m.store(o.maps, maps - 1) ?? (yield);
  live(k, o, 'detached');
  if (maps === 1) m.store(o.inUse, 0) ?? (yield);
  yield* drop(k, o);
  release(k, posix.lock) ?? (yield);
}

/** Somebody who has it mapped touches a page for the first time. */
function* touch(k: Kernel, o: PosixObject): Code<void> {
  const { m, posix } = k;
  acquire(k, posix.lock) ?? (yield);
  const inUse = m.load(o.inUse) ?? (yield);
  if (inUse === 0) {
    m.store(o.inUse, 1) ?? (yield);
    live(k, o, 'in use');
  }
  release(k, posix.lock) ?? (yield);
}

/** The object whose pages these are, which are mapped. */
function withPages(k: Kernel, index: number): PosixObject {
  return k.posix.objects.find((o) => k.m.words[o.object] === index + 1) as PosixObject;
}

/** How areas of POSIX objects work. */
export const posixOps: VmOps = {
  sleeps: false,
  open: (k, index, publish) => map(k, withPages(k, index), publish),
  close: (k, index, publish) => unmap(k, withPages(k, index), publish),
  *pageIn(k, index, page, use) {
    const o = withPages(k, index);
    // A hint, looked at again under the lock: most faults find it set.
    if ((k.m.loadMarked(o.inUse) ?? (yield)) === 0) yield* touch(k, o);
    return yield* objectPage(k, pagesOf(k, o), page, use);
  },
};
