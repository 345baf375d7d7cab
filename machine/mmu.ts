import { KERNPPN, type Memory } from './memory.ts';
import type { Address } from './operands.ts';

/** Page-table entry bits of Sv39 (RISC-V privileged specification, section 4.4). */
export const PTE_V = 1 << 0;
export const PTE_R = 1 << 1;
export const PTE_W = 1 << 2;
export const PTE_X = 1 << 3;
export const PTE_U = 1 << 4;
export const PTE_A = 1 << 6;
export const PTE_D = 1 << 7;

/** A leaf's rights; an entry with V and none of these points to the next table. */
export const PTE_RWX = PTE_R | PTE_W | PTE_X;

/**
 * An entry is 64 bits in memory. Its low word holds all that a machine with less than 4 TiB uses:
 * bits 10..31 are the physical page number, so entries are handled as 32-bit numbers.
 */
export function makePte(ppn: number, flags: number): number {
  return (ppn << 10) | flags;
}

export function ppnOfPte(pte: number): number {
  return pte >>> 10;
}

export function flagsOfPte(pte: number): number {
  return pte & 0x3ff;
}

/** Index into the table of a level (2 is the root) for a virtual page number. */
export function pteIndex(level: number, vpn: number): number {
  return (vpn >>> (9 * level)) & 511;
}

/** Address of an entry: entries are two words apart. */
export function pteAddress(memory: Memory, table: number, index: number): Address {
  return memory.frame(table) + index * 2;
}

/**
 * Address of the first entry that is not 0 from `at` up to `end`, or `end`. Eight at a time: tables
 * are nearly empty, and to look through them one by one was a tenth of an execution of the kernel.
 */
export function nextEntry(words: Int32Array, at: Address, end: Address): Address {
  let entry = at;
  while (entry + 14 < end) {
    const some =
      (words[entry] as number) |
      (words[entry + 2] as number) |
      (words[entry + 4] as number) |
      (words[entry + 6] as number) |
      (words[entry + 8] as number) |
      (words[entry + 10] as number) |
      (words[entry + 12] as number) |
      (words[entry + 14] as number);
    if (some !== 0) break;
    entry += 16;
  }
  while (entry < end && words[entry] === 0) entry += 2;
  return entry;
}

/** One past the highest virtual page number (xv6 riscv.h MAXVA / PGSIZE; one bit below the limit). */
export const MAXVPN = 2 ** 26;

const SETS = 64;
const NO_TAG = -1;
/** Virtual page numbers of user memory are below KERNBASE, so 19 bits; the rest is the identifier. */
const VPN_BITS = 19;

/**
 * The translations that one CPU remembers: 64 entries, direct-mapped, tagged with an address-space
 * identifier.
 *
 * An entry stays, right or wrong, until it is flushed or displaced; that is what makes a missing
 * `sfence.vma` observable. Invalid entries are never remembered (the specification allows it, no
 * hardware that xv6 runs on does it).
 */
export class Tlb {
  private readonly tags = new Int32Array(SETS).fill(NO_TAG);
  private readonly entries = new Int32Array(SETS);
  private used = false;

  /** The remembered entry, or 0. */
  lookup(asid: number, vpn: number): number {
    const set = (vpn ^ asid) & (SETS - 1);
    return this.tags[set] === ((asid << VPN_BITS) | vpn) ? (this.entries[set] as number) : 0;
  }

  insert(asid: number, vpn: number, pte: number): void {
    const set = (vpn ^ asid) & (SETS - 1);
    this.tags[set] = (asid << VPN_BITS) | vpn;
    this.entries[set] = pte;
    this.used = true;
  }

  /** Forgets all translations of an address space (sfence.vma with an ASID). */
  flush(asid: number): void {
    if (!this.used) return;
    for (let set = 0; set < SETS; set++) {
      const tag = this.tags[set] as number;
      if (tag !== NO_TAG && tag >> VPN_BITS === asid) this.tags[set] = NO_TAG;
    }
  }

  /** Forgets everything: power-on. */
  reset(): void {
    if (this.used) this.tags.fill(NO_TAG);
    this.used = false;
  }
}

/**
 * The hardware's page-table walk: three loads from memory.
 *
 * Sets A, and D for a store, as hardware that updates them itself does.
 *
 * @returns the leaf entry, or 0 when there is none with the rights asked for (PTE_R, PTE_W, PTE_X
 *   together with PTE_U).
 */
export function hardwareWalk(memory: Memory, root: number, vpn: number, rights: number): number {
  const at = hardwareLeaf(memory, root, vpn, rights);
  if (at < 0) return 0;
  const pte = memory.words[at] as number;
  const marked = pte | PTE_A | ((rights & PTE_W) !== 0 ? PTE_D : 0);
  if (marked !== pte) memory.words[at] = marked;
  return marked;
}

/** Where the walk ends: the address of the leaf entry, or -1. Changes nothing. */
export function hardwareLeaf(memory: Memory, root: number, vpn: number, rights: number): Address {
  let table = root;
  for (let level = 2; level >= 0; level--) {
    if (table < KERNPPN || table >= memory.endPpn) return -1;
    const at = pteAddress(memory, table, pteIndex(level, vpn));
    const pte = memory.words[at] as number;
    if ((pte & PTE_V) === 0) return -1;
    if ((pte & PTE_RWX) !== 0) return level === 0 && (pte & rights) === rights ? at : -1;
    table = ppnOfPte(pte);
  }
  return -1;
}
