/**
 * Open files: the table of them, and what a descriptor can do (xv6 file.c).
 *
 * Each descriptor of any process is one reference of its file, each mapping another. ftable.lock is
 * taken with at most a p->lock held (fork), and no lock is taken inside it.
 *
 * Departure from xv6: user memory is read before and written after the locks of an inode or a pipe
 * are held, since it may be a page of a mapped file, whose own lock must then be free.
 */
import type { Address, Code, Layout } from '../machine/index.ts';
import { type Inode, ilock, iput, iunlock, MAXFILE, readi, writei } from './fs.ts';
import type { Kernel } from './kernel.ts';
import { panic } from './panic.ts';
import type { Param } from './param.ts';
import { type Pipe, pipeclose, piperead, pipewrite } from './pipe.ts';
import { posixClose, posixStat } from './posix.ts';
import type { Proc } from './proc.ts';
import { acquire, letGo, release, Spinlock } from './spinlock.ts';
import { copyin, copyout, writable } from './vm.ts';

export const FD_NONE = 0;
export const FD_PIPE = 1;
export const FD_INODE = 2;
/** POSIX shared memory; see posix.ts. */
export const FD_SHM = 3;

export class File {
  readonly index: number;

  // ftable.lock must be held when using this:
  /** References; 0 for a free slot. */
  readonly ref: Address;

  // Written by who allocates the file, before anybody else can have it:
  readonly type: Address;
  readonly readable: Address;
  readonly writable: Address;
  /** Slot of the pipe, or of the POSIX object, + 1; or number of the inode. */
  readonly object: Address;

  // The inode's lock must be held when using this:
  /** Where in an inode the next read or write begins. */
  readonly off: Address;

  constructor(layout: Layout, index: number, lock: Spinlock) {
    const name = `file[${index}]`;
    this.index = index;
    this.ref = layout.word(`${name}.ref`, lock.word);
    this.type = layout.word(`${name}.type`);
    this.readable = layout.word(`${name}.readable`);
    this.writable = layout.word(`${name}.writable`);
    this.object = layout.word(`${name}.object`);
    this.off = layout.word(`${name}.off`);
  }
}

export class FileTable {
  readonly lock: Spinlock;
  readonly files: readonly File[];

  constructor(layout: Layout, param: Param) {
    this.lock = new Spinlock(layout, 'ftable.lock');
    this.files = Array.from({ length: param.nfile }, (_, i) => new File(layout, i, this.lock));
  }
}

/** Allocates a file, of no type yet, with one reference. Undefined when none is free. */
export function* filealloc(k: Kernel): Code<File | undefined> {
  const { m, ftable } = k;
  acquire(k, ftable.lock) ?? (yield);
  let free: File | undefined;
  for (const f of ftable.files) {
    const ref = m.load(f.ref) ?? (yield);
    if (ref !== 0) continue;
    if (k.mutant['filealloc-apart']) yield* letGo(k, ftable.lock);
    m.store(f.ref, 1) ?? (yield);
    free = f;
    break;
  }
  release(k, ftable.lock) ?? (yield);
  return free;
}

/** Says what a fresh file is; its type last, as the rest means nothing without it. */
export function* fileinit(
  k: Kernel,
  f: File,
  type: number,
  object: number,
  rights: { readonly readable: boolean; readonly writable: boolean },
): Code<void> {
  const { m } = k;
  m.store(f.object, object) ?? (yield);
  m.store(f.readable, rights.readable ? 1 : 0) ?? (yield);
  m.store(f.writable, rights.writable ? 1 : 0) ?? (yield);
  m.store(f.off, 0) ?? (yield);
  m.store(f.type, type) ?? (yield);
}

/** One reference more to a file that the caller has one of. May be called with a p->lock held. */
export function* filedup(k: Kernel, f: File): Code<void> {
  const { m, ftable } = k;
  acquire(k, ftable.lock) ?? (yield);
  const ref = m.load(f.ref) ?? (yield);
  if (ref < 1) panic(k, 'filedup');
  m.store(f.ref, ref + 1) ?? (yield);
  release(k, ftable.lock) ?? (yield);
}

/** Drops a reference. With the last, closes the file: gives up its pipe's end, or its inode. */
export function* fileclose(k: Kernel, f: File): Code<void> {
  const { m, ftable, mutant } = k;
  const locked = !mutant['fileclose-unlocked'];
  if (locked) acquire(k, ftable.lock) ?? (yield);
  const ref = m.load(f.ref) ?? (yield);
  if (ref < 1) panic(k, 'fileclose');
  if (ref > 1) {
    m.store(f.ref, ref - 1) ?? (yield);
    if (locked) release(k, ftable.lock) ?? (yield);
    return;
  }
  const type = m.load(f.type) ?? (yield);
  const object = m.load(f.object) ?? (yield);
  const writes = m.load(f.writable) ?? (yield);
  m.store(f.type, FD_NONE) ?? (yield);
  m.store(f.ref, 0) ?? (yield);
  if (locked) release(k, ftable.lock) ?? (yield);
  if (type === FD_PIPE) yield* pipeclose(k, pipeOf(k, object), writes !== 0);
  else if (type === FD_INODE) yield* iput(k, inodeOf(k, object));
  else if (type === FD_SHM) yield* posixClose(k, object);
}

function pipeOf(k: Kernel, object: number): Pipe {
  return k.pipes[object - 1] ?? panic(k, 'file: pipe');
}

/** The inode with the number in a file's `object`. */
export function inodeOf(k: Kernel, object: number): Inode {
  return k.itable.inodes[object - 1] ?? panic(k, 'file: inode');
}

/**
 * Reads up to n bytes into user memory, which must be writable for all of them.
 *
 * @returns the bytes read, 0 at the end, or -1.
 */
export function* fileread(k: Kernel, p: Proc, f: File, va: number, n: number): Code<number> {
  const { m } = k;
  const readable = m.load(f.readable) ?? (yield);
  if (readable === 0) return -1;
  const most = Math.min(n, MAXFILE);
  const pagetable = m.words[p.pagetable] as number;
  if (!(yield* writable(k, pagetable, va, most))) return -1;
  const type = m.load(f.type) ?? (yield);
  const object = m.load(f.object) ?? (yield);
  if (type === FD_PIPE) return yield* piperead(k, p, pipeOf(k, object), va, most);
  if (type === FD_SHM) return -1;
  if (type !== FD_INODE) panic(k, 'fileread');
  const ip = inodeOf(k, object);
  const bytes = new Uint8Array(most);
  const locked = !k.mutant['fileread-unlocked'];
  if (locked) yield* ilock(k, ip);
  const off = m.load(f.off) ?? (yield);
  const count = yield* readi(k, ip, bytes, off);
  const late = k.mutant['fileread-advances-late'];
  if (late) yield* iunlock(k, ip);
  if (count > 0) m.store(f.off, off + count) ?? (yield);
  if (locked && !late) yield* iunlock(k, ip);
  return (yield* copyout(k, pagetable, va, bytes.subarray(0, count))) < 0 ? -1 : count;
}

/**
 * Writes n bytes from user memory: all of them, or none of them to a file.
 *
 * @returns n, or -1.
 */
export function* filewrite(k: Kernel, p: Proc, f: File, va: number, n: number): Code<number> {
  const { m } = k;
  const writes = m.load(f.writable) ?? (yield);
  if (writes === 0) return -1;
  const type = m.load(f.type) ?? (yield);
  const object = m.load(f.object) ?? (yield);
  if (type === FD_PIPE) return yield* pipewrite(k, p, pipeOf(k, object), va, n);
  if (type === FD_SHM) return -1;
  if (type !== FD_INODE) panic(k, 'filewrite');
  if (n > MAXFILE) return -1;
  const bytes = new Uint8Array(n);
  if ((yield* copyin(k, m.words[p.pagetable] as number, bytes, va)) < 0) return -1;
  const ip = inodeOf(k, object);
  yield* ilock(k, ip);
  const off = m.load(f.off) ?? (yield);
  if (k.mutant['filewrite-apart']) {
    yield* iunlock(k, ip);
    yield* ilock(k, ip);
  }
  const written = yield* writei(k, ip, bytes, off);
  if (written > 0) m.store(f.off, off + written) ?? (yield);
  yield* iunlock(k, ip);
  return written;
}

/** What fstat tells of a file. */
export interface Stat {
  readonly inum: number;
  readonly type: number;
  readonly nlink: number;
  readonly size: number;
}

/** Undefined for a pipe, which has no inode. */
export function* filestat(k: Kernel, f: File): Code<Stat | undefined> {
  const { m } = k;
  const type = m.load(f.type) ?? (yield);
  const object = m.load(f.object) ?? (yield);
  if (type === FD_SHM) return yield* posixStat(k, object);
  if (type !== FD_INODE) return undefined;
  const ip = inodeOf(k, object);
  yield* ilock(k, ip);
  const stat = {
    inum: ip.inum,
    type: m.load(ip.type) ?? (yield),
    nlink: m.load(ip.nlink) ?? (yield),
    size: m.load(ip.size) ?? (yield),
  };
  yield* iunlock(k, ip);
  return stat;
}

/** The file behind a descriptor; undefined when it is not open, or the console's. */
export function fileOf(k: Kernel, p: Proc, fd: number): File | undefined {
  if (fd < 0 || fd >= p.files.count) return undefined;
  return k.ftable.files[(k.m.words[p.files.at(fd)] as number) - 1];
}

/**
 * Gives a child its parent's descriptors, a reference each. Cannot fail, and so comes last in fork.
 * np->lock is held.
 */
export function* filesFork(k: Kernel, p: Proc, np: Proc): Code<void> {
  const { words } = k.m;
  for (let fd = 0; fd < p.files.count; fd++) {
    const f = fileOf(k, p, fd);
    if (f !== undefined && !k.mutant['fork-files-uncounted']) yield* filedup(k, f);
    words[np.files.at(fd)] = words[p.files.at(fd)] as number;
  }
}

/** Counts the references that filesFork gave to a child. Only a mutant does so by itself, too late. */
export function* filesCount(k: Kernel, p: Proc): Code<void> {
  for (let fd = 0; fd < p.files.count; fd++) {
    const f = fileOf(k, p, fd);
    if (f !== undefined) yield* filedup(k, f);
  }
}

/** Closes all descriptors of a process that exits. */
export function* filesExit(k: Kernel, p: Proc): Code<void> {
  const { words } = k.m;
  for (let fd = 0; fd < p.files.count; fd++) {
    if (words[p.files.at(fd)] === 0) continue;
    const f = fileOf(k, p, fd);
    words[p.files.at(fd)] = 0;
    if (f !== undefined) yield* fileclose(k, f);
  }
}
