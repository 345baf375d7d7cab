/**
 * Sv39 (The RISC-V Instruction Set Manual II, section 11.4) with a TLB a hart for loads, stores and
 * fetches each. A TLB stays stale until `sfence.vma`: a kernel that forgets one is found out. A and D
 * are set by the machine. Departures: PMP registers are kept but not enforced; a satp with another
 * ASID flushes, as the specification allows.
 */

import {
  type Hart,
  MACHINE,
  MPP,
  MPRV,
  MSTATUS,
  MXR,
  SATP,
  SUM,
  SUPERVISOR,
  USER,
} from './hart.ts';
import { DIRTY, PAGE_SHIFT, RAM_BASE } from './memory.ts';

export const FETCH = 0;
export const LOADING = 1;
export const STORING = 2;

const ACCESS_FAULT = [1, 5, 7];
const PAGE_FAULT = [12, 13, 15];

const V = 1;
const R = 2;
const W = 4;
const X = 8;
const U = 16;
const A = 64;
const D = 128;

/** No translation: physical addresses. Other contexts say privilege, SUM and MXR. */
const BARE = 0;
const TRANSLATED = 1;
const AS_USER = 2;
const WITH_SUM = 4;
const WITH_MXR = 8;

/** To be called when privilege, mstatus or satp may have changed. */
export function changeContext(hart: Hart): void {
  const status = hart.c[MSTATUS]!;
  const { privilege } = hart;
  const asPrevious = privilege === MACHINE && (status & MPRV) !== 0;
  hart.fetchContext = contextOf(hart, privilege, 0);
  hart.dataContext = contextOf(hart, asPrevious ? (status & MPP) >> 11 : privilege, status);
}

function contextOf(hart: Hart, privilege: number, status: number): number {
  if (privilege === MACHINE || hart.c[SATP + 1]! >>> 28 === 0) return BARE;
  const user = privilege === USER ? AS_USER : 0;
  const sum = privilege === SUPERVISOR && (status & SUM) !== 0 ? WITH_SUM : 0;
  return TRANSLATED | user | sum | ((status & MXR) !== 0 ? WITH_MXR : 0);
}

export function flushAll(hart: Hart): void {
  hart.loads.fill(-1);
  hart.stores.fill(-1);
  hart.fetches.fill(-1);
  hart.superpages = false;
}

/** Forgets one page; all of them if it may be part of a superpage. */
export function flushPage(hart: Hart, lo: number, hi: number): void {
  if (hart.superpages) {
    flushAll(hart);
    return;
  }
  const entry = (lo >>> 10) & 0x3fc;
  for (const tlb of [hart.loads, hart.stores, hart.fetches]) {
    if ((tlb[entry]! ^ lo) >>> PAGE_SHIFT === 0 && tlb[entry + 1] === hi) tlb[entry] = -1;
  }
}

/**
 * Finds where an address is.
 *
 * @returns the offset in RAM; -1 - p for a page of devices, p its physical page number; undefined
 * when the hart has an exception.
 */
export function resolve(hart: Hart, lo: number, hi: number, kind: number): number | undefined {
  const tlb = kind === FETCH ? hart.fetches : kind === LOADING ? hart.loads : hart.stores;
  const context = kind === FETCH ? hart.fetchContext : hart.dataContext;
  const entry = (lo >>> 10) & 0x3fc;
  if (tlb[entry] !== ((lo & -4096) | context) || tlb[entry + 1] !== hi) {
    const page =
      context === BARE ? physical(hart, lo, hi, kind) : walk(hart, lo, hi, kind, context);
    if (page === undefined) return undefined;
    const offset = page * 4096 - RAM_BASE;
    tlb[entry] = (lo & -4096) | context;
    tlb[entry + 1] = hi;
    tlb[entry + 2] = offset >= 0 && offset < hart.ram.size ? offset : -1 - page;
  }
  const place = tlb[entry + 2]!;
  return place < 0 ? place : place + (lo & 4095);
}

function physical(hart: Hart, lo: number, hi: number, kind: number): number | undefined {
  if (hi === 0) return lo >>> PAGE_SHIFT;
  hart.raise(ACCESS_FAULT[kind]!, lo, hi);
  return undefined;
}

/** Answers the physical page, or undefined and an exception. */
function walk(
  hart: Hart,
  lo: number,
  hi: number,
  kind: number,
  context: number,
): number | undefined {
  const { ram, c } = hart;
  const fault = (causes: readonly number[]): undefined => {
    hart.raise(causes[kind]!, lo, hi);
    return undefined;
  };
  if ((hi << 25) >> 25 !== hi) return fault(PAGE_FAULT);
  let table = (c[SATP]! >>> 0) + (c[SATP + 1]! & 0xfff) * 2 ** 32;
  for (let level = 2; level >= 0; level--) {
    const index = level === 2 ? ((hi & 0x7f) << 2) | (lo >>> 30) : (lo >>> (12 + 9 * level)) & 511;
    const at = table * 4096 + index * 8 - RAM_BASE;
    if (at < 0 || at >= ram.size) return fault(ACCESS_FAULT);
    const pte = ram.words[at >> 2]!;
    const top = ram.words[(at >> 2) + 1]!;
    // Bits 54 and up: reserved, or of extensions that this machine has not.
    if ((pte & V) === 0 || (pte & (R | W)) === W || top >>> 22 !== 0) return fault(PAGE_FAULT);
    const page = (pte >>> 10) + (top & 0x3fffff) * 2 ** 22;
    if ((pte & (R | X)) === 0) {
      if ((pte & (A | D | U)) !== 0) return fault(PAGE_FAULT);
      table = page;
      continue;
    }
    const within = 2 ** (9 * level);
    if (!allowed(pte, kind, context) || page % within !== 0) return fault(PAGE_FAULT);
    setUsed(hart, at, pte, kind);
    if (level > 0) hart.superpages = true;
    const found = page + ((((hi & 0x7f) << 20) | (lo >>> 12)) & (within - 1));
    return found < 2 ** 20 ? found : fault(ACCESS_FAULT);
  }
  return fault(PAGE_FAULT);
}

function allowed(pte: number, kind: number, context: number): boolean {
  const user = (pte & U) !== 0;
  if ((context & AS_USER) !== 0 ? !user : user && (kind === FETCH || (context & WITH_SUM) === 0)) {
    return false;
  }
  if (kind === FETCH) return (pte & X) !== 0;
  if (kind === STORING) return (pte & W) !== 0;
  return (pte & R) !== 0 || ((context & WITH_MXR) !== 0 && (pte & X) !== 0);
}

function setUsed(hart: Hart, at: number, pte: number, kind: number): void {
  const used = pte | A | (kind === STORING ? D : 0);
  if (used === pte) return;
  const { ram } = hart;
  if (ram.flags[at >>> PAGE_SHIFT] !== DIRTY) ram.touch(at);
  ram.words[at >> 2] = used;
}

export function accessFault(hart: Hart, lo: number, hi: number, kind: number): false {
  return hart.raise(ACCESS_FAULT[kind]!, lo, hi);
}
