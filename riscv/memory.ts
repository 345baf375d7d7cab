/**
 * RAM from 0x80000000 on, as on QEMU's `virt` board. Each page has flags, so that a store to an
 * ordinary page costs one look: a page that was clean, holds decoded code, or is reserved by
 * `lr` goes through `touch`.
 */

import { type Moment, Moments } from './moments.ts';
import { PAGE_SHIFT, PageHashes } from './page-hashes.ts';

export { PAGE_SHIFT };

export const RAM_BASE = 0x80000000;
const PAGE_BYTES = 4096;

/** Bytes that a WebAssembly memory is made of. */
const WASM_PAGE_BYTES = 65536;

/**
 * The page may differ from the last snapshot and from the last digest, and both know. A store needs
 * no `touch` when this is its only flag.
 */
export const DIRTY = 1;
const CODE = 2;
const RESERVED = 4;

/** RAM at one moment. Only {@link Ram.take} makes one. */
export interface RamImage {
  readonly pages: Moment;
  readonly reservations: Int32Array;
}

export class Ram {
  /**
   * RAM from offset 0, and a byte of flags for each page from {@link flagsAt} on, so that code made at
   * run time reaches both. It never grows. Whoever stores to it looks at the flags first, as access.ts
   * does: unless they are just {@link DIRTY}, {@link touch} comes before the store.
   */
  readonly memory: WebAssembly.Memory;
  readonly flagsAt: number;
  readonly bytes: Uint8Array;
  readonly halves: Int16Array;
  readonly words: Int32Array;
  readonly flags: Uint8Array;
  /** Offset of what each hart has reserved, rounded down to 8; -1 for nothing. */
  readonly reservations: Int32Array;
  /** Instructions decoded so far, a page each: see decode.ts. */
  private readonly code: (Int32Array | undefined)[];
  private readonly moments: Moments;
  private readonly hashes: PageHashes;

  /** @param size in bytes, a multiple of a page. */
  constructor(size: number, harts: number) {
    const pages = size >>> PAGE_SHIFT;
    const wasmPages = Math.ceil((size + pages) / WASM_PAGE_BYTES);
    this.memory = new WebAssembly.Memory({ initial: wasmPages, maximum: wasmPages });
    this.flagsAt = size;
    const { buffer } = this.memory;
    this.bytes = new Uint8Array(buffer, 0, size);
    this.halves = new Int16Array(buffer, 0, size / 2);
    this.words = new Int32Array(buffer, 0, size / 4);
    this.flags = new Uint8Array(buffer, size, pages);
    this.reservations = new Int32Array(harts).fill(-1);
    this.code = new Array(pages);
    this.moments = new Moments(this.bytes);
    this.hashes = new PageHashes(this.words, true);
  }

  get size(): number {
    return this.bytes.length;
  }

  /**
   * To be called before a store to a page whose flags are not just {@link DIRTY}.
   *
   * @param offset of the store, from the start of RAM.
   * @returns whether decoded code was dropped, so that whoever executes it must fetch again.
   */
  touch(offset: number): boolean {
    const page = offset >>> PAGE_SHIFT;
    const flags = this.flags[page]!;
    if ((flags & DIRTY) === 0) {
      this.hashes.changed(page);
      this.moments.changes(page);
    }
    this.flags[page] = (flags & RESERVED) | DIRTY;
    if ((flags & RESERVED) !== 0) this.breakReservations(offset);
    if ((flags & CODE) === 0) return false;
    this.code[page] = undefined;
    return true;
  }

  /** Notes what a hart's `lr` read. A store of anyone's to those 8 bytes ends it. */
  reserve(hart: number, offset: number): void {
    this.reservations[hart] = offset & -8;
    this.flags[offset >>> PAGE_SHIFT]! |= RESERVED;
  }

  private breakReservations(offset: number): void {
    const { reservations } = this;
    const page = offset >>> PAGE_SHIFT;
    let others = false;
    for (let hart = 0; hart < reservations.length; hart++) {
      const reserved = reservations[hart]!;
      if (reserved === (offset & -8)) reservations[hart] = -1;
      else if (reserved >= 0 && reserved >>> PAGE_SHIFT === page) others = true;
    }
    if (!others) this.flags[page]! &= ~RESERVED;
  }

  /** Where the decoded instructions of a page are, two words for each 2 bytes of it. */
  codeOf(page: number): Int32Array {
    const known = this.code[page];
    if (known !== undefined) return known;
    const fresh = new Int32Array(PAGE_BYTES);
    this.code[page] = fresh;
    this.flags[page]! |= CODE;
    return fresh;
  }

  /** Writes bytes as a device or a loader does. */
  write(offset: number, bytes: Uint8Array): void {
    const end = offset + bytes.length;
    for (let at = offset; at < end; at = (at & -PAGE_BYTES) + PAGE_BYTES) {
      for (let cell = at & -8; cell < end && cell < (at & -PAGE_BYTES) + PAGE_BYTES; cell += 8) {
        this.touch(cell);
        if ((this.flags[cell >>> PAGE_SHIFT]! & RESERVED) === 0) break;
      }
    }
    this.bytes.set(bytes, offset);
  }

  /** Costs nothing now, and a copy of each page that is stored to afterwards. */
  take(): RamImage {
    this.allClean();
    return { pages: this.moments.take(), reservations: this.reservations.slice() };
  }

  /**
   * Costs the pages that differ from now. An image may be one of another RAM of the same size; then it
   * costs all pages.
   */
  restore({ pages, reservations }: RamImage): void {
    this.moments.restore(pages, (page) => {
      this.hashes.changed(page);
      this.code[page] = undefined;
      this.flags[page] = 0;
    });
    this.reservations.set(reservations);
    for (const at of reservations) if (at >= 0) this.flags[at >>> PAGE_SHIFT]! |= RESERVED;
  }

  /** Pages that differ, or may, from the image taken or gone back to last. */
  get dirtyPages(): readonly number[] {
    return this.moments.dirty;
  }

  /** A hash of each page. Costs what was stored to since the last time. Not to be written. */
  pageHashes(): Int32Array {
    return this.hashes.upToDate((page) => {
      this.flags[page]! &= ~DIRTY;
    });
  }

  private allClean(): void {
    for (const page of this.moments.dirty) this.flags[page]! &= ~DIRTY;
  }
}
