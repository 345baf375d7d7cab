import { invariant } from './invariant.ts';
import type { Layout } from './layout.ts';
import type { Address } from './operands.ts';

/** Bytes in a frame and in a page. */
export const PGSIZE = 4096;
/** 32-bit words in a frame. */
export const PGWORDS = PGSIZE / 4;
/** Physical address of the first byte of memory, and one past the last user address (xv6 memlayout.h). */
export const KERNBASE = 0x8000_0000;
/** Physical page number of the first frame. */
export const KERNPPN = KERNBASE / PGSIZE;

/** Up to here a loop is faster than a typed array's `set`. */
const FEW_WORDS = 64;

/**
 * Physical memory: the kernel's data segment, then frames, in one array of 32-bit words.
 *
 * One array, as in the machine that xv6 runs on, so that every operation has an address, a snapshot
 * is one copy, and a digest covers everything.
 */
export class Memory {
  readonly words: Int32Array;
  /** The same memory, byte by byte. */
  readonly bytes: Uint8Array;
  /** First physical page number past the kernel's data: the first that the allocator may own. */
  readonly firstPpn: number;
  /** One past the last physical page number (PHYSTOP / PGSIZE). */
  readonly endPpn: number;
  /** Blocks of the disk in memory, a frame each, which lie past `endPpn` and are no memory's. */
  readonly diskBlocks: number;
  /** 1 for a frame that more than one address space may reach; its accesses are operations. */
  readonly shared: Uint8Array;

  private readonly dirty: Uint8Array;
  private readonly dirtyList: Int32Array;
  private dirtyCount = 0;
  private saved: Int32Array | null = null;
  /** By page: its part of `saved`, made when first needed: to make it costs as much as to copy it. */
  private readonly savedPages: (Int32Array | undefined)[];
  /** invariant: the first `pinned` of dirtyList are restored every time. */
  private pinned = 0;
  private readonly kernelWords: number;

  /** @param frames number of frames after the kernel's data, at least 1. */
  constructor(layout: Layout, frames: number, diskBlocks = 0) {
    invariant(frames >= 1, 'a machine has at least one frame');
    const kernelPages = Math.ceil(Math.max(layout.size, 1) / PGWORDS);
    const pages = kernelPages + frames + diskBlocks;
    this.kernelWords = layout.size;
    this.words = new Int32Array(pages * PGWORDS);
    this.bytes = new Uint8Array(this.words.buffer);
    this.firstPpn = KERNPPN + kernelPages;
    this.endPpn = KERNPPN + kernelPages + frames;
    this.diskBlocks = diskBlocks;
    this.shared = new Uint8Array(pages);
    this.dirty = new Uint8Array(pages);
    this.dirtyList = new Int32Array(pages);
    this.savedPages = Array.from({ length: pages });
  }

  /** Address of the first word of a frame. */
  frame(ppn: number): Address {
    return (ppn - KERNPPN) << 10;
  }

  /** Physical page number of the frame that holds a word. */
  ppnOf(address: Address): number {
    return (address >> 10) + KERNPPN;
  }

  isFrame(ppn: number): boolean {
    return ppn >= this.firstPpn && ppn < this.endPpn;
  }

  /** A block of the disk, as a page number that `frame`, `fill` and `copyFrame` know. */
  block(number: number): number {
    return this.endPpn + number;
  }

  /** Notes that a frame may be written from now on, so that `restore` and `digest` look at it. */
  touch(ppn: number): void {
    const page = ppn - KERNPPN;
    if (this.dirty[page] === 0) {
      this.dirty[page] = 1;
      this.dirtyList[this.dirtyCount++] = page;
    }
  }

  /** Fills a frame with one byte, as memset does. */
  fill(ppn: number, byte: number): void {
    this.touch(ppn);
    const first = this.frame(ppn);
    this.words.fill(Math.imul(byte, 0x01010101), first, first + PGWORDS);
  }

  copyFrame(from: number, to: number): void {
    this.touch(to);
    const first = this.frame(from);
    this.words.copyWithin(this.frame(to), first, first + PGWORDS);
  }

  isShared(ppn: number): boolean {
    return this.shared[ppn - KERNPPN] === 1;
  }

  /** Marks a frame as reachable from more than one address space, or no longer so. */
  setShared(ppn: number, shared: boolean): void {
    this.shared[ppn - KERNPPN] = shared ? 1 : 0;
  }

  /**
   * Remembers all of memory as it is now; `restore` returns to it. No frame may be shared yet.
   *
   * @param inUse frames that are allocated now. Every other frame is filled, by the allocator,
   *   before its next use, and that is how its writing is noticed.
   */
  snapshot(inUse: Iterable<number>): void {
    this.saved = this.words.slice();
    this.savedPages.fill(undefined);
    this.dirty.fill(0);
    this.dirtyCount = 0;
    for (const ppn of inUse) this.touch(ppn);
    this.pinned = this.dirtyCount;
  }

  /** Undoes every write since the snapshot. Costs the kernel's data and the frames touched since. */
  restore(): void {
    const saved = this.saved;
    invariant(saved !== null, 'memory is restored only after a snapshot');
    if (this.kernelWords <= FEW_WORDS) {
      for (let i = 0; i < this.kernelWords; i++) this.words[i] = saved[i] as number;
    } else {
      this.words.set(saved.subarray(0, this.kernelWords));
    }
    for (let i = 0; i < this.dirtyCount; i++) {
      const page = this.dirtyList[i] as number;
      const first = page * PGWORDS;
      const before = this.savedPages[page] ?? saved.subarray(first, first + PGWORDS);
      this.savedPages[page] = before;
      this.words.set(before, first);
      this.shared[page] = 0;
      if (i >= this.pinned) this.dirty[page] = 0;
    }
    this.dirtyCount = this.pinned;
  }

  /**
   * 32-bit digest of the kernel's data and of every frame written since the snapshot, in the order
   * of their first writing. Two executions that agree on it are taken to be in the same state.
   */
  digest(seed: number): number {
    let hash = this.digestRange(seed, 0, this.kernelWords);
    for (let i = 0; i < this.dirtyCount; i++) {
      const page = this.dirtyList[i] as number;
      hash = this.digestRange(Math.imul(hash ^ page, 0x9e3779b1), page * PGWORDS, PGWORDS);
    }
    return (hash ^ (hash >>> 15)) >>> 0;
  }

  /**
   * FNV-1a over words, with a rotation so that zeros count. Four sums side by side, since each word
   * waits for the sum of the one before: thrice as fast as one.
   */
  private digestRange(seed: number, first: Address, count: number): number {
    const { words } = this;
    let a = seed | 0;
    let b = ~a;
    let c = a ^ 0x5bd1e995;
    let d = ~c;
    let i = first;
    const end = first + count;
    for (; i + 4 <= end; i += 4) {
      a = fold(a, words[i] as number);
      b = fold(b, words[i + 1] as number);
      c = fold(c, words[i + 2] as number);
      d = fold(d, words[i + 3] as number);
    }
    for (; i < end; i++) a = fold(a, words[i] as number);
    return fold(fold(fold(a, b), c), d);
  }
}

function fold(hash: number, word: number): number {
  const product = Math.imul(hash ^ word, 0x01000193);
  return (product << 5) | (product >>> 27);
}
