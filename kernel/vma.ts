/**
 * Mapped areas of a process (the struct vma of the mmap lab, Linux's vm_area_struct): which pages
 * there are, what may be done with them, and what is behind them. Their frames come with page faults
 * (vm.ts); mmap.ts makes and removes areas.
 *
 * An area is private to its process and read and written plainly, but appears and disappears only
 * with the lock of what is behind it held (VmOps.open and close), so that references and areas agree
 * whenever that lock is free, and whoever holds it may look at the areas of other processes.
 */
import type { Address, Code, Layout } from '../machine/index.ts';
import { PTE_R, PTE_U, PTE_W, PTE_X } from '../machine/index.ts';
import { MAP_SHARED, PROT_EXEC, PROT_READ, PROT_WRITE } from './abi.ts';
import type { Kernel } from './kernel.ts';
import type { Proc } from './proc.ts';

/**
 * What is behind an area: private zeros; an object of pages (pageobject.ts); a file; a
 * segment (sysv.ts); a POSIX object (posix.ts).
 */
export const VMA_ANON = 1;
export const VMA_OBJECT = 2;
export const VMA_FILE = 3;
export const VMA_SYSV = 4;
export const VMA_POSIX = 5;

/** One entry of a process's table. Fields hold addresses of words. */
export class Vma {
  /** First page. */
  readonly start: Address;
  /** Pages; 0 for an area that is being made, and covers nothing yet. */
  readonly pages: Address;
  /** `modeOf` its rights, whether it is shared, and its kind; 0 for a free entry. */
  readonly mode: Address;
  /** Which object or file it is, by kind. */
  readonly object: Address;
  /** The page of the object or file behind the first page. */
  readonly offset: Address;

  constructor(layout: Layout, name: string) {
    this.start = layout.word(`${name}.start`);
    this.pages = layout.word(`${name}.pages`);
    this.mode = layout.word(`${name}.mode`);
    this.object = layout.word(`${name}.object`);
    this.offset = layout.word(`${name}.offset`);
  }
}

/** What finds the pages of a kind of area (as Linux's vm_operations_struct). */
export interface VmOps {
  /** Whether `pageIn` and `writeBack` may sleep; then they are never called with a spinlock held. */
  readonly sleeps: boolean;
  /** One reference more to what is behind an area; `publish` makes the area while its lock is held. */
  open(k: Kernel, object: number, publish: () => void): Code<void>;
  /** One reference less; `publish` removes the area while the lock is held. */
  close(k: Kernel, object: number, publish: () => void): Code<void>;
  /**
   * Finds or makes the frame of a page and hands it to `use`, which must not sleep, while the page
   * cannot be taken away; whoever keeps the frame counts itself as an owner.
   *
   * @returns what `use` answers, or -1 when there is no such page or no memory.
   */
  pageIn(k: Kernel, object: number, page: number, use: (ppn: number) => Code<number>): Code<number>;
  /** Writes a page back that a shared mapping has changed. */
  writeBack?(k: Kernel, object: number, page: number, ppn: number): Code<void>;
}

const SHARED = 1 << 3;
const KIND_SHIFT = 4;

/** @param prot PROT_ bits, @param flags MAP_ bits, of which only MAP_SHARED counts */
export function modeOf(prot: number, flags: number, kind: number): number {
  return prot | ((flags & MAP_SHARED) !== 0 ? SHARED : 0) | (kind << KIND_SHIFT);
}

export function kindOf(k: Kernel, v: Vma): number {
  return (k.m.words[v.mode] as number) >> KIND_SHIFT;
}

/** Whether an area's `object` is a page object's slot. */
export function hasPageObject(k: Kernel, v: Vma): boolean {
  const kind = kindOf(k, v);
  return kind === VMA_OBJECT || kind === VMA_FILE || kind === VMA_POSIX;
}

export function isSharedVma(k: Kernel, v: Vma): boolean {
  return ((k.m.words[v.mode] as number) & SHARED) !== 0;
}

/** The rights of a page-table entry. The hardware has no pages that can be written but not read. */
export function permOf(k: Kernel, v: Vma): number {
  const mode = k.m.words[v.mode] as number;
  const reads = (mode & (PROT_READ | PROT_WRITE)) !== 0 ? PTE_R : 0;
  const writes = (mode & PROT_WRITE) !== 0 ? PTE_W : 0;
  return PTE_U | reads | writes | ((mode & PROT_EXEC) !== 0 ? PTE_X : 0);
}

/** One past the last page. */
export function endOf(k: Kernel, v: Vma): number {
  return (k.m.words[v.start] as number) + (k.m.words[v.pages] as number);
}

/** The page of its object that is behind a page of an area. */
export function pageBehind(k: Kernel, v: Vma, vpn: number): number {
  return vpn - (k.m.words[v.start] as number) + (k.m.words[v.offset] as number);
}

/** An area that covers any of `count` pages, the lowest, or undefined. */
export function findVma(k: Kernel, p: Proc, vpn: number, count = 1): Vma | undefined {
  const { words } = k.m;
  let lowest: Vma | undefined;
  for (const v of p.vmas) {
    const start = words[v.start] as number;
    if (words[v.pages] === 0 || start >= vpn + count || endOf(k, v) <= vpn) continue;
    if (lowest === undefined || start < (words[lowest.start] as number)) lowest = v;
  }
  return lowest;
}

/** A free entry, or undefined. */
export function freeVma(k: Kernel, p: Proc): Vma | undefined {
  return p.vmas.find((v) => k.m.words[v.mode] === 0);
}

/** Sets all of an entry. */
export function setVma(
  k: Kernel,
  v: Vma,
  start: number,
  pages: number,
  mode: number,
  object: number,
  offset: number,
): void {
  const { words } = k.m;
  words[v.start] = start;
  words[v.pages] = pages;
  words[v.mode] = mode;
  words[v.object] = object;
  words[v.offset] = offset;
}

function clearVma(k: Kernel, v: Vma): void {
  setVma(k, v, 0, 0, 0, 0, 0);
}

/** One more area of what is behind `v`; `publish` makes it. */
export function* openVma(k: Kernel, v: Vma, publish: () => void): Code<void> {
  const ops = k.vmops[kindOf(k, v)];
  if (ops === undefined) publish();
  else yield* ops.open(k, k.m.words[v.object] as number, publish);
}

/** Removes an entry, and its reference to what is behind it. Its pages must be gone. */
export function* closeVma(k: Kernel, v: Vma): Code<void> {
  const ops = k.vmops[kindOf(k, v)];
  if (ops === undefined) clearVma(k, v);
  else yield* ops.close(k, k.m.words[v.object] as number, () => clearVma(k, v));
}
