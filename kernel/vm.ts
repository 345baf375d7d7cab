/**
 * Page tables (xv6 vm.c).
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
  flagsOfPte,
  makePte,
  PGSIZE,
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
  STORE_BYTE,
} from '../machine/index.ts';
import { kalloc, kfree, kref } from './kalloc.ts';
import type { Kernel } from './kernel.ts';
import { panic } from './panic.ts';

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
    yield* uvmunmap(k, pagetable, from, vpn - from, true);
    // Departure from xv6, which keeps the tables that it made on the way.
    yield* pruneTables(k, pagetable, from, vpn - from + 1);
    return -1;
  }
  return 0;
}

/** Address of the first entry that is not 0 from `at` up to `end`, or `end`. */
function nextEntry(words: Int32Array, at: Address, end: Address): Address {
  let entry = at;
  while (entry < end && words[entry] === 0) entry += 2;
  return entry;
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
  if (pages > 0) yield* uvmunmap(k, pagetable, 0, pages, true);
  yield* freewalk(k, pagetable);
}

/**
 * Copies a parent's memory into its child's page table (for fork).
 *
 * @returns 0, or -1 when memory is out; then the pages copied so far are freed.
 */
export function* uvmcopy(k: Kernel, from: number, to: number, pages: number): Code<number> {
  const { m } = k;
  for (let vpn = 0; vpn < pages; vpn++) {
    const at = walk(k, from, vpn);
    if (at === 0) panic(k, 'uvmcopy: pte should exist');
    const pte = m.load(at) ?? (yield);
    if ((pte & PTE_V) === 0) panic(k, 'uvmcopy: page not present');
    const shares = k.mutant['uvmcopy-shares'];
    const ppn = shares ? ppnOfPte(pte) : yield* kalloc(k);
    if (ppn !== 0) {
      m.memory.copyFrame(ppnOfPte(pte), ppn);
      const perm = flagsOfPte(pte) & (PTE_RWX | PTE_U);
      if ((yield* mappage(k, to, vpn, ppn, perm)) === 0) continue;
      yield* kfree(k, ppn);
    }
    yield* uvmunmap(k, to, 0, vpn, true);
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

/** The frame behind a user page if the process has these rights on it, else 0. A scheduling point. */
function* walkaddr(k: Kernel, pagetable: number, va: number, rights: number): Code<number> {
  if (va < 0 || va > 0x7fff_ffff) return 0;
  const at = walk(k, pagetable, va >>> 12);
  if (at === 0) return 0;
  const pte = k.m.load(at) ?? (yield);
  const wanted = rights | PTE_V | PTE_U;
  return (pte & wanted) === wanted ? ppnOfPte(pte) : 0;
}

/** Whether copyout of that many bytes would succeed now. */
export function* writable(k: Kernel, pagetable: number, va: number, count: number): Code<boolean> {
  const last = va + count - 1;
  for (let at = va; at <= last; at += PGSIZE - (at & (PGSIZE - 1))) {
    if ((yield* walkaddr(k, pagetable, at, PTE_W)) === 0) return false;
  }
  return true;
}

/**
 * Copies bytes to user memory.
 *
 * Bytes of frames that are shared are stored one operation each: another CPU may look between.
 *
 * @returns 0, or -1 when a page is not mapped for writing; pages before it are written.
 */
export function* copyout(k: Kernel, pagetable: number, va: number, from: Uint8Array): Code<number> {
  const { m } = k;
  let done = 0;
  while (done < from.length) {
    const ppn = yield* walkaddr(k, pagetable, va + done, PTE_W);
    if (ppn === 0) return -1;
    k.watch?.copied(ppn, va + done, true);
    const offset = (va + done) & (PGSIZE - 1);
    const at = (m.memory.frame(ppn) << 2) + offset;
    const shared = m.memory.isShared(ppn);
    const count = shared ? 1 : Math.min(from.length - done, PGSIZE - offset);
    if (shared) m.do(STORE_BYTE, at, from[done] as number) ?? (yield);
    else m.memory.bytes.set(from.subarray(done, done + count), at);
    done += count;
  }
  return 0;
}

/** Copies `to.length` bytes from user memory. Answers 0, or -1 when a page is not readable. */
export function* copyin(k: Kernel, pagetable: number, to: Uint8Array, va: number): Code<number> {
  const { m } = k;
  let done = 0;
  while (done < to.length) {
    const ppn = yield* walkaddr(k, pagetable, va + done, PTE_R);
    if (ppn === 0) return -1;
    k.watch?.copied(ppn, va + done, false);
    const offset = (va + done) & (PGSIZE - 1);
    const shared = m.memory.isShared(ppn);
    const count = Math.min(to.length - done, shared ? 4 - (offset & 3) : PGSIZE - offset);
    if (shared) m.load(m.memory.frame(ppn) + (offset >> 2)) ?? (yield);
    const at = (m.memory.frame(ppn) << 2) + offset;
    to.set(m.memory.bytes.subarray(at, at + count), done);
    done += count;
  }
  return 0;
}

/**
 * Copies a NUL-terminated string of at most `max` bytes, NUL included, from user memory.
 *
 * @returns the string, one character a byte, or undefined for a bad address or no NUL in time.
 */
export function* copyinstr(
  k: Kernel,
  pagetable: number,
  va: number,
  max: number,
): Code<string | undefined> {
  const { m } = k;
  let text = '';
  let done = 0;
  while (done < max) {
    const ppn = yield* walkaddr(k, pagetable, va + done, PTE_R);
    if (ppn === 0) return undefined;
    k.watch?.copied(ppn, va + done, false);
    const offset = (va + done) & (PGSIZE - 1);
    const shared = m.memory.isShared(ppn);
    const end = done + Math.min(max - done, shared ? 4 - (offset & 3) : PGSIZE - offset);
    if (shared) m.load(m.memory.frame(ppn) + (offset >> 2)) ?? (yield);
    let at = (m.memory.frame(ppn) << 2) + offset;
    for (; done < end; done++) {
      const byte = m.memory.bytes[at++] as number;
      if (byte === 0) return text;
      text += String.fromCharCode(byte);
    }
  }
  return undefined;
}

export const TEXT_PERM = PTE_W | PTE_X;
