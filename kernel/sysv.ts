/**
 * System V shared memory: segments with keys and identifiers, and their life (Linux ipc/shm.c).
 *
 * A segment lasts until it was removed and nothing is attached any more, also with no process left.
 * Its pages are those of a page object. One lock, sysv.lock, guards all segments; it is taken with
 * at most a p->lock held (fork), and otable.lock is taken inside it. Each attachment is an area of a
 * process (vma.ts), which appears and disappears with the lock held.
 */
import { type Address, type Code, type Layout, PGSIZE } from '../machine/index.ts';
import { IPC_CREAT, IPC_EXCL, IPC_PRIVATE, SHM_DEST } from './abi.ts';
import type { Kernel } from './kernel.ts';
import type { Backing } from './mmap.ts';
import {
  OBJECTPAGES,
  objectClose,
  objectCreate,
  objectPage,
  type PageObject,
} from './pageobject.ts';
import type { Param } from './param.ts';
import { MAY_READ, owns, permitted } from './permission.ts';
import type { Proc } from './proc.ts';
import { acquire, letGo, release, Spinlock } from './spinlock.ts';
import { VMA_SYSV, type VmOps } from './vma.ts';

export const SEGMENT_FREE = 0;
export const SEGMENT_ALIVE = 1;
/** Removed, and still attached somewhere. */
export const SEGMENT_MARKED = 2;
export const SEGMENT_STATE_NAMES = ['free', 'alive', 'marked'] as const;

export class Segment {
  readonly index: number;
  // sysv.lock must be held when using these:
  readonly state: Address;
  /** IPC_PRIVATE for a segment that no key finds. */
  readonly key: Address;
  /** How often the slot was used before: part of the identifier, so that no old one finds it. */
  readonly seq: Address;
  /** Areas of processes. */
  readonly nattch: Address;
  /** Whether an attached process has touched a page since there last was no attachment. */
  readonly inUse: Address;
  readonly uid: Address;
  readonly cuid: Address;
  readonly mode: Address;
  /** Processes that created it, and that attached or detached last. */
  readonly cpid: Address;
  readonly lpid: Address;

  // Set before anybody can find the segment:
  /** Bytes. */
  readonly size: Address;
  /** Slot of the page object + 1. */
  readonly object: Address;

  constructor(layout: Layout, index: number, lock: Spinlock) {
    const word = (name: string): Address => layout.word(`segment[${index}].${name}`, lock.word);
    this.index = index;
    this.state = word('state');
    this.key = word('key');
    this.seq = word('seq');
    this.nattch = word('nattch');
    this.inUse = word('inUse');
    this.uid = word('uid');
    this.cuid = word('cuid');
    this.mode = word('mode');
    this.cpid = word('cpid');
    this.lpid = word('lpid');
    this.size = layout.word(`segment[${index}].size`);
    this.object = layout.word(`segment[${index}].object`);
  }
}

export class SegmentTable {
  readonly lock: Spinlock;
  readonly segments: readonly Segment[];

  constructor(layout: Layout, param: Param) {
    this.lock = new Spinlock(layout, 'sysv.lock');
    this.segments = Array.from(
      { length: param.nsegment },
      (_, i) => new Segment(layout, i, this.lock),
    );
  }
}

/** The identifier. sysv.lock must be held. */
function* idOf(k: Kernel, s: Segment): Code<number> {
  const seq = k.m.load(s.seq) ?? (yield);
  return seq * k.sysv.segments.length + s.index;
}

/** The segment of that identifier, or undefined. sysv.lock must be held. */
function* segmentOf(k: Kernel, id: number): Code<Segment | undefined> {
  const { m, sysv } = k;
  if (id < 0) return undefined;
  const s = sysv.segments[id % sysv.segments.length] as Segment;
  const state = m.load(s.state) ?? (yield);
  return state !== SEGMENT_FREE && (yield* idOf(k, s)) === id ? s : undefined;
}

/** Whether a process has these rights to a segment. sysv.lock must be held. */
function* mayUse(k: Kernel, p: Proc, s: Segment, wanted: number): Code<boolean> {
  const { m } = k;
  const owners = [m.load(s.uid) ?? (yield), m.load(s.cuid) ?? (yield)];
  return permitted(k, p, owners, m.load(s.mode) ?? (yield), wanted);
}

/** The segment that a key finds, or undefined. sysv.lock must be held. */
function* find(k: Kernel, key: number): Code<Segment | undefined> {
  const { m, sysv } = k;
  for (const s of sysv.segments) {
    const state = m.load(s.state) ?? (yield);
    if (state === SEGMENT_ALIVE && (m.load(s.key) ?? (yield)) === key) return s;
  }
  return undefined;
}

/**
 * The identifier of a key's segment, which is made if there is none and IPC_CREAT is given.
 *
 * @param size bytes, 0 or at least those that the caller needs; of a new segment, above 0
 * @param flags IPC_CREAT, IPC_EXCL and the rights 0..0777 that a new one gives, or that are needed
 * @returns -1 when it cannot be found, made or used so.
 */
export function* shmget(
  k: Kernel,
  p: Proc,
  key: number,
  size: number,
  flags: number,
): Code<number> {
  const { sysv, mutant } = k;
  acquire(k, sysv.lock) ?? (yield);
  let s = key === IPC_PRIVATE ? undefined : yield* find(k, key);
  let asked = flags;
  if (s === undefined && mutant['sysv-exclusive-early']) {
    yield* letGo(k, sysv.lock);
    s = yield* find(k, key);
    asked = flags & ~IPC_EXCL;
  }
  let id = -1;
  if (s !== undefined) id = yield* getExisting(k, p, s, size, asked);
  else if (key === IPC_PRIVATE || (flags & IPC_CREAT) !== 0)
    id = yield* make(k, p, key, size, flags);
  release(k, sysv.lock) ?? (yield);
  return id;
}

function* getExisting(k: Kernel, p: Proc, s: Segment, size: number, flags: number): Code<number> {
  const exclusive = IPC_CREAT | IPC_EXCL;
  if ((flags & exclusive) === exclusive) return -1;
  // Linux takes the size for unsigned, so one below 0 is larger than any segment.
  if (size < 0 || size > (k.m.words[s.size] as number)) return -1;
  // What is asked for in any digit of the mode, execution too (Linux ipcperms).
  const wanted = ((flags >> 6) | (flags >> 3) | flags) & 7;
  return (yield* mayUse(k, p, s, wanted)) ? yield* idOf(k, s) : -1;
}

/** Makes a segment. sysv.lock must be held. */
function* make(k: Kernel, p: Proc, key: number, size: number, flags: number): Code<number> {
  const { m, sysv } = k;
  if (size <= 0 || size > OBJECTPAGES * PGSIZE) return -1;
  for (const s of sysv.segments) {
    const state = m.load(s.state) ?? (yield);
    if (state !== SEGMENT_FREE) continue;
    const made = yield* objectCreate(k, Math.ceil(size / PGSIZE), (o) => {
      m.words[s.object] = o.index + 1;
    });
    if (made === undefined) return -1;
    const uid = m.words[p.uid] as number;
    m.words[s.size] = size;
    m.store(s.key, key) ?? (yield);
    m.store(s.uid, uid) ?? (yield);
    m.store(s.cuid, uid) ?? (yield);
    m.store(s.mode, flags & 0o777) ?? (yield);
    m.store(s.cpid, k.currentPid()) ?? (yield);
    m.store(s.lpid, 0) ?? (yield);
    m.store(s.nattch, 0) ?? (yield);
    m.store(s.inUse, 0) ?? (yield);
    m.store(s.state, SEGMENT_ALIVE) ?? (yield);
    live(k, s, 'created');
    return yield* idOf(k, s);
  }
  return -1;
}

/** Tells whoever records it what became of a segment. sysv.lock must be held. */
function live(k: Kernel, s: Segment, state: string): void {
  const { m, events } = k;
  if (events === null) return;
  const id = (m.words[s.seq] as number) * k.sysv.segments.length + s.index;
  const nattch = m.words[s.nattch] as number;
  events.life(m.step, m.cpu.id, k.currentPid(), `segment ${id}`, state, nattch);
}

function objectOf(k: Kernel, s: Segment): PageObject {
  return k.otable.objects[(k.m.words[s.object] as number) - 1] as PageObject;
}

/** Slot of the object behind a segment; of one that the caller has attached, which keeps it. */
export function segmentObject(k: Kernel, index: number): number {
  return (k.m.words[(k.sysv.segments[index] as Segment).object] as number) - 1;
}

/** Frees a segment that nothing is attached to, and its pages. sysv.lock must be held. */
function* destroy(k: Kernel, s: Segment): Code<void> {
  const { m } = k;
  const o = objectOf(k, s);
  live(k, s, 'destroyed');
  m.words[s.size] = 0;
  const seq = m.load(s.seq) ?? (yield);
  if (!k.mutant['sysv-id-reused']) m.store(s.seq, seq + 1) ?? (yield);
  m.store(s.key, IPC_PRIVATE) ?? (yield);
  m.store(s.state, SEGMENT_FREE) ?? (yield);
  yield* objectClose(k, o, () => {
    m.words[s.object] = 0;
  });
}

/** The segment that a process can attach to, or undefined. sysv.lock must be held. */
function* attachable(k: Kernel, p: Proc, id: number, wanted: number): Code<Segment | undefined> {
  const s = yield* segmentOf(k, id);
  if (s === undefined) return undefined;
  const state = k.m.load(s.state) ?? (yield);
  return state === SEGMENT_ALIVE && (yield* mayUse(k, p, s, wanted)) ? s : undefined;
}

/** Bytes of a segment that a process can attach to now; 0 for one that it cannot. */
export function* attachableSize(k: Kernel, p: Proc, id: number, wanted: number): Code<number> {
  const { sysv } = k;
  acquire(k, sysv.lock) ?? (yield);
  const s = yield* attachable(k, p, id, wanted);
  const size = s === undefined ? 0 : (k.m.words[s.size] as number);
  release(k, sysv.lock) ?? (yield);
  return size;
}

/** What mmap puts behind an attachment. It may have become impossible since `attachableSize`. */
export function attachment(k: Kernel, p: Proc, id: number, wanted: number): Backing {
  return function* (publish) {
    const { sysv, mutant } = k;
    acquire(k, sysv.lock) ?? (yield);
    const s = mutant['sysv-attach-apart']
      ? sysv.segments[id % sysv.segments.length]
      : yield* attachable(k, p, id, wanted);
    if (s !== undefined) yield* attach(k, s, () => publish(VMA_SYSV, s.index, 0));
    release(k, sysv.lock) ?? (yield);
    return s !== undefined;
  };
}

/** One more attachment, which `publish` makes. sysv.lock must be held. */
function* attach(k: Kernel, s: Segment, publish: () => void): Code<void> {
  const { m } = k;
  const nattch = m.load(s.nattch) ?? (yield);
  m.store(s.nattch, nattch + 1) ?? (yield);
  m.store(s.lpid, k.currentPid()) ?? (yield);
  publish();
  live(k, s, 'attached');
}

/** One attachment less, which `publish` removes; the last of a removed segment destroys it. */
function* detach(k: Kernel, s: Segment, publish: () => void): Code<void> {
  const { m, sysv, mutant } = k;
  acquire(k, sysv.lock) ?? (yield);
  const nattch = m.load(s.nattch) ?? (yield);
  if (mutant['sysv-detach-apart']) yield* letGo(k, sysv.lock);
  publish();
  m.store(s.nattch, nattch - 1) ?? (yield);
  m.store(s.lpid, k.currentPid()) ?? (yield);
  live(k, s, 'detached');
  if (nattch === 1) {
    m.store(s.inUse, 0) ?? (yield);
    const state = m.load(s.state) ?? (yield);
    if (state === SEGMENT_MARKED) yield* destroy(k, s);
  }
  release(k, sysv.lock) ?? (yield);
}

/** An attached process touches a page for the first time. */
function* touch(k: Kernel, s: Segment): Code<void> {
  const { m, sysv } = k;
  acquire(k, sysv.lock) ?? (yield);
  const inUse = m.load(s.inUse) ?? (yield);
  if (inUse === 0) {
    m.store(s.inUse, 1) ?? (yield);
    live(k, s, 'in use');
  }
  release(k, sysv.lock) ?? (yield);
}

/** How areas of segments work. */
export const segmentOps: VmOps = {
  sleeps: false,
  *open(k, index, publish) {
    const { sysv } = k;
    acquire(k, sysv.lock) ?? (yield);
    if (k.mutant['sysv-fork-uncounted']) publish();
    else yield* attach(k, sysv.segments[index] as Segment, publish);
    release(k, sysv.lock) ?? (yield);
  },
  close: (k, index, publish) => detach(k, k.sysv.segments[index] as Segment, publish),
  *pageIn(k, index, page, use) {
    const s = k.sysv.segments[index] as Segment;
    // A hint, looked at again under the lock: most faults find it set.
    if ((k.m.loadMarked(s.inUse) ?? (yield)) === 0) yield* touch(k, s);
    return yield* objectPage(k, objectOf(k, s), page, use);
  },
};

/** What IPC_STAT tells, in the order of struct shmid_ds (abi.ts); undefined for what cannot be read. */
export function* segmentStat(k: Kernel, p: Proc, id: number): Code<number[] | undefined> {
  const { m, sysv } = k;
  acquire(k, sysv.lock) ?? (yield);
  const s = yield* segmentOf(k, id);
  let stat: number[] | undefined;
  if (s !== undefined && (yield* mayUse(k, p, s, MAY_READ))) {
    const marked = (m.load(s.state) ?? (yield)) === SEGMENT_MARKED;
    stat = [
      m.load(s.key) ?? (yield),
      m.load(s.uid) ?? (yield),
      m.load(s.cuid) ?? (yield),
      (m.load(s.mode) ?? (yield)) | (marked ? SHM_DEST : 0),
      m.words[s.size] as number,
      m.load(s.nattch) ?? (yield),
      m.load(s.cpid) ?? (yield),
      m.load(s.lpid) ?? (yield),
    ];
  }
  release(k, sysv.lock) ?? (yield);
  return stat;
}

/** The segment of that identifier if the process is its owner, or undefined. sysv.lock must be held. */
function* owned(k: Kernel, p: Proc, id: number): Code<Segment | undefined> {
  const { m } = k;
  const s = yield* segmentOf(k, id);
  if (s === undefined) return undefined;
  return owns(k, p, [m.load(s.uid) ?? (yield), m.load(s.cuid) ?? (yield)]) ? s : undefined;
}

/** Gives a segment another owner and other rights. Answers 0, or -1 for one that is not the caller's. */
export function* segmentSet(
  k: Kernel,
  p: Proc,
  id: number,
  uid: number,
  mode: number,
): Code<number> {
  const { m, sysv } = k;
  acquire(k, sysv.lock) ?? (yield);
  const s = yield* owned(k, p, id);
  if (s !== undefined) {
    m.store(s.uid, uid) ?? (yield);
    m.store(s.mode, mode & 0o777) ?? (yield);
  }
  release(k, sysv.lock) ?? (yield);
  return s === undefined ? -1 : 0;
}

/** Removes a segment, at once or with its last attachment. 0, or -1 for one that is not the caller's. */
export function* segmentRemove(k: Kernel, p: Proc, id: number): Code<number> {
  const { m, sysv, mutant } = k;
  acquire(k, sysv.lock) ?? (yield);
  const s = yield* owned(k, p, id);
  if (s !== undefined) {
    const nattch = m.load(s.nattch) ?? (yield);
    if (mutant['sysv-rmid-apart']) yield* letGo(k, sysv.lock);
    if (!mutant['sysv-rmid-keeps-key']) m.store(s.key, IPC_PRIVATE) ?? (yield);
    m.store(s.state, SEGMENT_MARKED) ?? (yield);
    live(k, s, 'marked');
    if (nattch === 0) yield* destroy(k, s);
  }
  release(k, sysv.lock) ?? (yield);
  return s === undefined ? -1 : 0;
}
