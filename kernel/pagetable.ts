/**
 * Page tables (the first half of xv6 vm.c; copies to and from user memory are in vm.ts).
 *
 * A page table belongs to one process, which alone edits it while it lives; the parent edits it
 * before its first run and after its last. So the tables' inner levels are read plainly, while
 * entries of the last level, which the hardware reads behind the kernel's back, are read and
 * written by operations.
 *
 * Departure from xv6: addresses are virtual page numbers where xv6 asks for aligned addresses, and
 * there is no kernel page table, since kernel code is not fetched from this memory.
 */
import {
  type Address,
  type Code,
  EXCHANGE,
  flagsOfPte,
  makePte,
  nextEntry,
  PGWORDS,
  PTE_R,
  PTE_RWX,
  PTE_U,
  PTE_V,
  PTE_W,
  PTE_X,
  ppnOfPte,
  pteAddress,
  pteIndex,
} from '../machine/index.ts';
import { kalloc, kfree, kref } from './kalloc.ts';
import type { Kernel } from './kernel.ts';
import { panic } from './panic.ts';
import { acquire, release } from './spinlock.ts';

/** A page to be copied before it is written to: one of the bits that the hardware leaves to kernels. */
export const PTE_COW = 1 << 8;

/**
 * The address of the last-level entry for a page, or 0 when a table on the way is missing.
 *
 * @throws KernelPanic `walk` for a table that is not in memory: something else was written to it.
 */
export function walk(k: Kernel, pagetable: number, vpn: number): Address {
  const { memory, words } = k.m;
  let table = pagetable;
  for (let level = 2; level > 0; level--) {
    const pte = words[pteAddress(memory, table, pteIndex(level, vpn))] as number;
    if ((pte & PTE_V) === 0) return 0;
    table = ppnOfPte(pte);
    if (!memory.isFrame(table)) panic(k, 'walk');
  }
  return pteAddress(memory, table, pteIndex(0, vpn));
}

/** As walk, but makes the tables that are missing. Answers 0 when memory is out. */
function* walkalloc(k: Kernel, pagetable: number, vpn: number): Code<Address> {
  const { m } = k;
  let table = pagetable;
  for (let level = 2; level > 0; level--) {
    const at = pteAddress(m.memory, table, pteIndex(level, vpn));
    const pte = m.words[at] as number;
    if ((pte & PTE_V) !== 0) {
      table = ppnOfPte(pte);
      if (!m.memory.isFrame(table)) panic(k, 'walk');
      continue;
    }
    table = yield* kalloc(k);
    if (table === 0) return 0;
    m.memory.fill(table, 0);
    m.store(at, makePte(table, PTE_V)) ?? (yield);
  }
  return pteAddress(m.memory, table, pteIndex(0, vpn));
}

/**
 * Maps one page.
 *
 * @returns 0, or -1 when memory for a table is out (tables made on the way stay).
 * @throws KernelPanic `mappages: remap` when the page is mapped.
 */
export function* mappage(
  k: Kernel,
  pagetable: number,
  vpn: number,
  ppn: number,
  perm: number,
): Code<number> {
  const { m } = k;
  const at = yield* walkalloc(k, pagetable, vpn);
  if (at === 0) return -1;
  const old = m.load(at) ?? (yield);
  if ((old & PTE_V) !== 0) panic(k, 'mappages: remap');
  m.store(at, makePte(ppn, perm | PTE_V)) ?? (yield);
  return 0;
}

/**
 * Maps a frame that has other owners: the mapping becomes one more.
 *
 * @returns 0, or -1 when memory for a table is out; then the mapping owns nothing.
 */
export function* mapowned(
  k: Kernel,
  pagetable: number,
  vpn: number,
  ppn: number,
  perm: number,
): Code<number> {
  yield* kref(k, ppn);
  if ((yield* mappage(k, pagetable, vpn, ppn, perm)) === 0) return 0;
  yield* kfree(k, ppn);
  return -1;
}

/** An empty user page table; 0 when memory is out. */
export function* uvmcreate(k: Kernel): Code<number> {
  const pagetable = yield* kalloc(k);
  if (pagetable !== 0) k.m.memory.fill(pagetable, 0);
  return pagetable;
}

/**
 * Removes `count` mappings, which must exist. The caller flushes the TLB where the address space may
 * have been used.
 *
 * @param owned whether the mappings own their frames, as all do but trampoline and trapframe
 */
export function* uvmunmap(
  k: Kernel,
  pagetable: number,
  vpn: number,
  count: number,
  owned: boolean,
): Code<void> {
  const { m } = k;
  for (let i = 0; i < count; i++) {
    const at = walk(k, pagetable, vpn + i);
    if (at === 0) panic(k, 'uvmunmap: walk');
    const pte = m.load(at) ?? (yield);
    if ((pte & PTE_V) === 0) panic(k, 'uvmunmap: not mapped');
    if ((pte & PTE_RWX) === 0) panic(k, 'uvmunmap: not a leaf');
    m.store(at, 0) ?? (yield);
    if (owned) yield* kfree(k, ppnOfPte(pte));
  }
}

/**
 * Removes whatever is mapped in `count` pages, and lets the frames go; pages that nobody touched are
 * not mapped. The caller flushes the TLB where the address space may have been used.
 *
 * @returns whether there was anything.
 */
export function* uvmzap(k: Kernel, pagetable: number, vpn: number, count: number): Code<boolean> {
  const { m } = k;
  let any = false;
  for (let page = vpn; page < vpn + count; page++) {
    const at = walk(k, pagetable, page);
    if (at === 0) page |= 511;
    // Plainly: entries are made by their own process only, which is the one that is here.
    if (at === 0 || m.words[at] === 0) continue;
    // At once: whoever shrinks an object may be making the entry invalid.
    const pte = m.do(EXCHANGE, at, 0) ?? (yield);
    yield* kfree(k, ppnOfPte(pte));
    any = true;
  }
  return any;
}

/**
 * Grows a process from `from` to `to` pages, zero-filled.
 *
 * @returns 0, or -1 when memory is out; then the process is as it was.
 */
export function* uvmalloc(
  k: Kernel,
  pagetable: number,
  from: number,
  to: number,
  perm: number,
): Code<number> {
  for (let vpn = from; vpn < to; vpn++) {
    const ppn = yield* kalloc(k);
    if (ppn !== 0) {
      k.m.memory.fill(ppn, 0);
      if ((yield* mappage(k, pagetable, vpn, ppn, PTE_R | PTE_U | perm)) === 0) continue;
      yield* kfree(k, ppn);
    }
    if (k.mutant['uvmalloc-oom-keeps-pages']) return -1;
    yield* uvmzap(k, pagetable, from, vpn - from);
    // Departure from xv6, which keeps the tables that it made on the way. Whoever shrinks an object
    // may be looking at them.
    acquire(k, k.otable.lock) ?? (yield);
    yield* pruneTables(k, pagetable, from, vpn - from + 1);
    release(k, k.otable.lock) ?? (yield);
    return -1;
  }
  return 0;
}

/** Frees the tables of a page table. All leaves must be gone. */
export function* freewalk(k: Kernel, pagetable: number): Code<void> {
  const { memory, words } = k.m;
  const first = memory.frame(pagetable);
  const end = first + PGWORDS;
  for (let at = nextEntry(words, first, end); at < end; at = nextEntry(words, at, end)) {
    const pte = words[at] as number;
    if ((pte & PTE_RWX) !== 0) panic(k, 'freewalk: leaf');
    yield* freewalk(k, ppnOfPte(pte));
    words[at] = 0;
  }
  yield* kfree(k, pagetable);
}

/** Frees user memory of `pages` pages, then the page table. */
export function* uvmfree(k: Kernel, pagetable: number, pages: number): Code<void> {
  yield* uvmzap(k, pagetable, 0, pages);
  yield* freewalk(k, pagetable);
}

/**
 * Gives a child its parent's private pages, copy on write: both map the same frames, and neither may
 * write to them until a page fault has given it a frame of its own. The caller flushes the parent's
 * TLB, also after a failure.
 *
 * Departure from xv6, which copies the frames.
 *
 * @returns 0, or -1 when memory for tables is out; then the child has none of it.
 */
export function* uvmcopy(
  k: Kernel,
  from: number,
  to: number,
  vpn: number,
  count: number,
): Code<number> {
  const { m } = k;
  for (let page = vpn; page < vpn + count; page++) {
    const at = walk(k, from, page);
    if (at === 0) page |= 511;
    if (at === 0 || m.words[at] === 0) continue;
    const pte = m.load(at) ?? (yield);
    const ppn = ppnOfPte(pte);
    // A page that nobody wrote to is still its file's, and comes when the child touches it.
    if ((pte & PTE_V) === 0 || m.memory.isShared(ppn)) continue;
    let perm = flagsOfPte(pte) & (PTE_RWX | PTE_U | PTE_COW);
    if ((perm & PTE_W) !== 0 && !k.mutant['uvmcopy-shares']) {
      perm = (perm & ~PTE_W) | PTE_COW;
      m.store(at, makePte(ppn, perm | PTE_V)) ?? (yield);
    }
    if ((yield* mapowned(k, to, page, ppn, perm)) === 0) continue;
    yield* uvmzap(k, to, vpn, page - vpn);
    return -1;
  }
  return 0;
}

/** Makes a page inaccessible to the user: the guard page below the stack. */
export function* uvmclear(k: Kernel, pagetable: number, vpn: number): Code<void> {
  const at = walk(k, pagetable, vpn);
  if (at === 0) panic(k, 'uvmclear');
  const pte = k.m.load(at) ?? (yield);
  k.m.store(at, pte & ~PTE_U) ?? (yield);
}

/**
 * Frees the tables below the root that have no entry left in the range, for a mapping that failed
 * half-way: nothing of it may stay. The range lies under one second-level table.
 */
export function* pruneTables(k: Kernel, pagetable: number, vpn: number, count: number): Code<void> {
  const { m } = k;
  for (const level of [1, 2]) {
    for (let page = vpn; page < vpn + count; page += 512 ** level - (page % 512 ** level)) {
      let table = pagetable;
      let at = 0;
      for (let l = 2; l >= level && table !== 0; l--) {
        at = pteAddress(m.memory, table, pteIndex(l, page));
        const pte = m.words[at] as number;
        table = (pte & PTE_V) === 0 ? 0 : ppnOfPte(pte);
      }
      if (table === 0 || !isEmptyTable(k, table)) continue;
      m.store(at, 0) ?? (yield);
      yield* kfree(k, table);
    }
  }
}

function isEmptyTable(k: Kernel, table: number): boolean {
  const first = k.m.memory.frame(table);
  return nextEntry(k.m.words, first, first + PGWORDS) === first + PGWORDS;
}

export const TEXT_PERM = PTE_W | PTE_X;
