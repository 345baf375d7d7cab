/**
 * Inodes: files and directories without their names (xv6 fs.c; names are in namei.ts).
 *
 * Departure from xv6: the disk is memory, so an inode is not read from a dinode and written back, and
 * needs no `valid` and no iupdate. The table is the disk's inodes and their in-memory references in
 * one. xv6's rules stay:
 *
 *   allocated   `type` is not 0 from ialloc until the last iput of an inode without a name
 *   referenced  `ref` counts who points at it: open files, and who is between iget and iput. It
 *               cannot be freed meanwhile
 *   locked      contents and size may only be looked at under ip->lock, a sleeplock
 *
 * Locks are taken in the order: a directory's, then that of what it holds; then itable.lock or
 * disk.lock. A p->lock is never held when any of these is taken.
 */
import type { Address, Code, Layout } from '../machine/index.ts';
import { BSIZE, balloc, bfree, blockBytes, bread, bwrite, storeBlock } from './disk.ts';
import type { Kernel } from './kernel.ts';
import { panic } from './panic.ts';
import { NDIRECT, type Param } from './param.ts';
import { acquiresleep, releasesleep, Sleeplock } from './sleeplock.ts';
import { acquire, letGo, release, Spinlock } from './spinlock.ts';

/** The root directory. */
export const ROOTINO = 1;
/** Most bytes of a file. */
export const MAXFILE = NDIRECT * BSIZE;

export class Inode {
  /** Its number, from 1. */
  readonly inum: number;
  readonly lock: Sleeplock;

  // itable.lock must be held when using this:
  /** References; with 0 and `type` 0 the slot is free. */
  readonly ref: Address;

  // lock must be held when using these:
  /** Bytes. */
  readonly size: Address;
  /** Blocks, as many as `size` needs; the others are 0. */
  readonly addrs: Address;

  // lock, or the only reference and itable.lock:
  /** T_DIR or T_FILE; 0 for a free slot. */
  readonly type: Address;
  /** Directory entries that name it. */
  readonly nlink: Address;

  constructor(layout: Layout, inum: number, itableLock: Spinlock) {
    const name = `inode[${inum}]`;
    this.inum = inum;
    this.lock = new Sleeplock(layout, name);
    this.ref = layout.word(`${name}.ref`, itableLock.word);
    this.size = layout.word(`${name}.size`, this.lock.pid);
    this.addrs = layout.array(`${name}.addrs`, NDIRECT, this.lock.pid);
    this.type = layout.word(`${name}.type`);
    this.nlink = layout.word(`${name}.nlink`);
  }
}

export class InodeTable {
  readonly lock: Spinlock;
  /** By inum - 1. */
  readonly inodes: readonly Inode[];

  constructor(layout: Layout, param: Param) {
    this.lock = new Spinlock(layout, 'itable.lock');
    this.inodes = Array.from(
      { length: param.ninode },
      (_, i) => new Inode(layout, i + 1, this.lock),
    );
  }
}

/** Allocates an inode, empty and without a name, with one reference. Undefined when none is free. */
export function* ialloc(k: Kernel, type: number): Code<Inode | undefined> {
  const { m, itable } = k;
  acquire(k, itable.lock) ?? (yield);
  let free: Inode | undefined;
  for (const ip of itable.inodes) {
    const ref = m.load(ip.ref) ?? (yield);
    if (ref !== 0) continue;
    const its = m.load(ip.type) ?? (yield);
    if (its !== 0) continue;
    m.store(ip.ref, 1) ?? (yield);
    m.store(ip.type, type) ?? (yield);
    free = ip;
    break;
  }
  release(k, itable.lock) ?? (yield);
  return free;
}

/** One reference more to an inode that somebody keeps: a directory's lock, or a reference. */
function* idup(k: Kernel, ip: Inode): Code<Inode> {
  const { m, itable } = k;
  acquire(k, itable.lock) ?? (yield);
  const ref = m.load(ip.ref) ?? (yield);
  m.store(ip.ref, ref + 1) ?? (yield);
  release(k, itable.lock) ?? (yield);
  return ip;
}

/** The inode of that number, with a reference for the caller. */
export function* iget(k: Kernel, inum: number): Code<Inode> {
  const ip = k.itable.inodes[inum - 1];
  if (ip === undefined) panic(k, 'iget');
  return yield* idup(k, ip);
}

/**
 * Locks an inode. Sleeps while another process has it. The caller has a reference.
 *
 * @throws KernelPanic `ilock` without a reference, `ilock: no type` for an inode that is free.
 */
export function* ilock(k: Kernel, ip: Inode): Code<void> {
  const { m } = k;
  if ((m.words[ip.ref] as number) < 1) panic(k, 'ilock');
  yield* acquiresleep(k, ip.lock);
  const type = m.load(ip.type) ?? (yield);
  if (type === 0) panic(k, 'ilock: no type');
}

/** @throws KernelPanic `iunlock` when the current process does not hold it. */
export function* iunlock(k: Kernel, ip: Inode): Code<void> {
  const { words } = k.m;
  if (words[ip.lock.locked] === 0 || words[ip.lock.pid] !== k.currentPid()) panic(k, 'iunlock');
  yield* releasesleep(k, ip.lock);
}

/**
 * Drops a reference. With the last of an inode that has no name left, frees it and its blocks.
 * The caller holds no lock of it.
 */
export function* iput(k: Kernel, ip: Inode): Code<void> {
  const { m, itable, mutant } = k;
  acquire(k, itable.lock) ?? (yield);
  let ref = m.load(ip.ref) ?? (yield);
  if (mutant['iput-apart']) yield* letGo(k, itable.lock);
  if (ref === 1) {
    const nlink = m.load(ip.nlink) ?? (yield);
    if (nlink === 0) {
      // No other process can have it locked, so this does not sleep although a spinlock is held.
      yield* acquiresleep(k, ip.lock);
      release(k, itable.lock) ?? (yield);
      yield* itrunc(k, ip);
      m.store(ip.type, 0) ?? (yield);
      yield* releasesleep(k, ip.lock);
      acquire(k, itable.lock) ?? (yield);
      ref = m.load(ip.ref) ?? (yield);
    }
  }
  m.store(ip.ref, ref - 1) ?? (yield);
  release(k, itable.lock) ?? (yield);
}

/** Common idiom: unlock, then put. */
export function* iunlockput(k: Kernel, ip: Inode): Code<void> {
  yield* iunlock(k, ip);
  yield* iput(k, ip);
}

/** Discards contents. ip->lock must be held. */
export function* itrunc(k: Kernel, ip: Inode): Code<void> {
  const { m } = k;
  const size = m.load(ip.size) ?? (yield);
  for (let bn = 0; bn * BSIZE < size; bn++) {
    const block = m.load(ip.addrs + bn) ?? (yield);
    m.store(ip.addrs + bn, 0) ?? (yield);
    yield* bfree(k, block);
  }
  if (size !== 0) m.store(ip.size, 0) ?? (yield);
}

/** Part of a read or write that lies in one block. */
interface Piece {
  /** Number of the block in the file. */
  readonly bn: number;
  /** Where in the block it begins. */
  readonly from: number;
  /** Where in the caller's bytes. */
  readonly at: number;
  readonly count: number;
}

function* pieces(off: number, n: number): Generator<Piece, void> {
  for (let at = 0; at < n; ) {
    const from = (off + at) % BSIZE;
    const count = Math.min(n - at, BSIZE - from);
    yield { bn: Math.floor((off + at) / BSIZE), from, at, count };
    at += count;
  }
}

/** Reads into `to` from the file at `off`. ip->lock must be held. Answers the bytes that there are. */
export function* readi(k: Kernel, ip: Inode, to: Uint8Array, off: number): Code<number> {
  const { m } = k;
  const size = m.load(ip.size) ?? (yield);
  const n = Math.max(Math.min(to.length, size - off), 0);
  for (const { bn, from, at, count } of pieces(off, n)) {
    const block = m.load(ip.addrs + bn) ?? (yield);
    bread(k, block) ?? (yield);
    to.set(blockBytes(k, block).subarray(from, from + count), at);
  }
  return n;
}

/**
 * Writes all of `from` to the file at `off`, growing it as far as needed. ip->lock must be held.
 *
 * @returns the bytes, or -1 past the end or the longest file, or when the disk is full. Departure
 *   from xv6, which keeps what it has written by then: then the file is as it was.
 */
export function* writei(k: Kernel, ip: Inode, from: Uint8Array, off: number): Code<number> {
  const { m } = k;
  const size = m.load(ip.size) ?? (yield);
  const end = off + from.length;
  if (off < 0 || off > size || end > MAXFILE) return -1;
  if ((yield* grow(k, ip, size, end)) < 0) return -1;
  for (const piece of pieces(off, from.length)) {
    const block = m.load(ip.addrs + piece.bn) ?? (yield);
    bwrite(k, block) ?? (yield);
    storeBlock(k, block, piece.from, from.subarray(piece.at, piece.at + piece.count));
  }
  if (end > size) m.store(ip.size, end) ?? (yield);
  return from.length;
}

/** Gives a file of `size` bytes the blocks for `end`, all or none. Answers 0 or -1. */
function* grow(k: Kernel, ip: Inode, size: number, end: number): Code<number> {
  const { m } = k;
  const first = Math.ceil(size / BSIZE);
  for (let bn = first; bn * BSIZE < end; bn++) {
    const block = yield* balloc(k);
    if (block !== 0) {
      m.store(ip.addrs + bn, block) ?? (yield);
      continue;
    }
    while (bn-- > first && !k.mutant['write-full-keeps-blocks']) {
      const taken = m.load(ip.addrs + bn) ?? (yield);
      m.store(ip.addrs + bn, 0) ?? (yield);
      yield* bfree(k, taken);
    }
    return -1;
  }
  return 0;
}

/**
 * Fills a frame with the page of a file at `off`, a multiple of BSIZE, and zeros past the file's end.
 * ip->lock must be held.
 *
 * @returns false when the whole page is past the end; then the frame is as it was.
 */
export function* readpage(k: Kernel, ip: Inode, off: number, ppn: number): Code<boolean> {
  const { m } = k;
  const size = m.load(ip.size) ?? (yield);
  if (off >= size) return false;
  const block = m.load(ip.addrs + off / BSIZE) ?? (yield);
  bread(k, block) ?? (yield);
  // Past the end of the file a block holds zeros, or what the file held before it was cut.
  m.memory.copyFrame(m.memory.block(block), ppn);
  const end = (m.memory.frame(ppn) << 2) + BSIZE;
  m.memory.bytes.fill(0, Math.min(end - BSIZE + size - off, end), end);
  return true;
}

/**
 * Writes as much of a frame as lies before the file's end to the file at `off`, a multiple of BSIZE.
 * The file does not grow. Sleeps: no spinlock may be held.
 */
export function* writepage(k: Kernel, ip: Inode, off: number, ppn: number): Code<void> {
  const { m } = k;
  yield* ilock(k, ip);
  const size = m.load(ip.size) ?? (yield);
  const count = Math.min(size - off, BSIZE);
  if (count > 0) {
    const block = m.load(ip.addrs + off / BSIZE) ?? (yield);
    bwrite(k, block) ?? (yield);
    const first = m.memory.frame(ppn) << 2;
    storeBlock(k, block, 0, m.memory.bytes.subarray(first, first + count));
  }
  yield* iunlock(k, ip);
}
