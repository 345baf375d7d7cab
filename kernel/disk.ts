/**
 * The disk: blocks of BSIZE bytes in memory of their own (the block half of xv6 fs.c, and memide.c
 * of its x86 edition, which keeps the disk in memory).
 *
 * Departures from xv6: no log and no buffer cache, because nothing survives a crash and nothing is
 * slower than memory; a block has the size of a page, so that a page of a file is one block. A block
 * belongs to one inode, whose sleeplock guards it.
 */
import { type Address, type Code, type Layout, PGSIZE } from '../machine/index.ts';
import type { Kernel } from './kernel.ts';
import { panic } from './panic.ts';
import type { Param } from './param.ts';
import { acquire, letGo, release, Spinlock } from './spinlock.ts';

/** Bytes of a block. */
export const BSIZE = PGSIZE;

export class Disk {
  readonly lock: Spinlock;
  /** disk.lock: bit b % 32 of word b / 32 is set while block b is in use. Block 0 always is. */
  readonly bitmap: Address;
  /** By block: the pid that wrote it last. Every access to a block is an operation on its word. */
  readonly writers: Address;

  constructor(layout: Layout, param: Param) {
    this.lock = new Spinlock(layout, 'disk.lock');
    this.bitmap = layout.array('disk.bitmap', Math.ceil(param.fssize / 32), this.lock.word);
    this.writers = layout.size;
    for (let b = 0; b < param.fssize; b++) layout.word(`block[${b}].writer`);
  }
}

/**
 * About to read a block: a scheduling point, after which the caller copies from `blockBytes` before
 * the next. So a block is read in one step, as under the lock of xv6's buffer.
 */
export function bread(k: Kernel, block: number): number | undefined {
  return k.m.load(k.disk.writers + block);
}

/** The same for writing: `storeBlock` follows at once. */
export function bwrite(k: Kernel, block: number): number | undefined {
  return k.m.store(k.disk.writers + block, k.currentPid());
}

/** The bytes of a block. Not an operation. */
export function blockBytes(k: Kernel, block: number): Uint8Array {
  const { memory } = k.m;
  const first = memory.frame(memory.block(block)) << 2;
  return memory.bytes.subarray(first, first + BSIZE);
}

/** Puts bytes into a block. Not an operation. */
export function storeBlock(k: Kernel, block: number, offset: number, from: Uint8Array): void {
  const { memory } = k.m;
  memory.touch(memory.block(block));
  memory.bytes.set(from, (memory.frame(memory.block(block)) << 2) + offset);
}

/** Takes a free block, zeroed. Takes disk.lock; does not sleep. Answers 0 when the disk is full. */
export function* balloc(k: Kernel): Code<number> {
  const { m, disk } = k;
  acquire(k, disk.lock) ?? (yield);
  let block = 0;
  for (let base = 0; base < k.param.fssize && block === 0; base += 32) {
    const used = m.load(disk.bitmap + (base >> 5)) ?? (yield);
    const bit = Math.clz32(~used & -~used) ^ 31;
    if (used === -1 || base + bit >= k.param.fssize) continue;
    if (k.mutant['balloc-apart']) yield* letGo(k, disk.lock);
    m.store(disk.bitmap + (base >> 5), used | (1 << bit)) ?? (yield);
    block = base + bit;
  }
  release(k, disk.lock) ?? (yield);
  if (block === 0) return 0;
  bwrite(k, block) ?? (yield);
  m.memory.fill(m.memory.block(block), 0);
  return block;
}

/**
 * Gives a block back. Takes disk.lock; does not sleep.
 *
 * @throws KernelPanic `freeing free block`
 */
export function* bfree(k: Kernel, block: number): Code<void> {
  const { m, disk } = k;
  const word = disk.bitmap + (block >> 5);
  acquire(k, disk.lock) ?? (yield);
  const used = m.load(word) ?? (yield);
  const bit = 1 << (block & 31);
  if ((used & bit) === 0) panic(k, 'freeing free block');
  m.store(word, used & ~bit) ?? (yield);
  release(k, disk.lock) ?? (yield);
}
