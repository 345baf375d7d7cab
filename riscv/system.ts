/**
 * Instructions that change how others execute: CSR accesses, traps and returns, fences, `wfi`. They
 * are executed one at a time, with the exact time: interpreter.ts.
 */

import { changeCsr } from './csr.ts';
import {
  CSR,
  EBREAK,
  ECALL,
  FENCE,
  FENCE_I,
  lengthOf,
  MRET,
  rdOf,
  rs1Of,
  SFENCE_VMA,
  SINK,
  SRET,
  WFI,
} from './decode.ts';
import { type Hart, MACHINE, MSTATUS, SUPERVISOR, USER } from './hart.ts';
import { flushAll, flushPage } from './mmu.ts';
import { machineReturn, supervisorReturn } from './trap.ts';

const ILLEGAL = 2;
const BREAKPOINT = 3;
const CALL_FROM_USER = 8;

const TVM = 1 << 20;
const TW = 1 << 21;
const TSR = 1 << 22;

/** Executes `systemWord` and moves pc; or raises an exception and leaves pc. */
export function system(hart: Hart): void {
  const { systemWord: word, systemBits: bits } = hart;
  switch (word & 15) {
    case ECALL:
      hart.raise(CALL_FROM_USER + hart.privilege, 0, 0);
      return;
    case EBREAK:
      hart.raise(BREAKPOINT, 0, 0);
      return;
    case SRET:
      if (forbidden(hart, TSR)) illegal(hart);
      else supervisorReturn(hart);
      return;
    case MRET:
      if (hart.privilege !== MACHINE) illegal(hart);
      else machineReturn(hart);
      return;
    case CSR:
      if (csr(hart, word, bits)) advance(hart, word);
      else illegal(hart);
      return;
    case WFI:
      if (forbidden(hart, TW)) illegal(hart);
      else wait(hart, word);
      return;
    case SFENCE_VMA:
      if (forbidden(hart, TVM)) illegal(hart);
      else flush(hart, word);
      return;
    case FENCE:
    case FENCE_I:
      // Steps are atomic and in order, and a store drops the decoded code of its page at once.
      advance(hart, word);
      return;
    default:
      illegal(hart);
  }
}

/** mtval has the instruction: manual II, section 3.1.16. */
function illegal(hart: Hart): void {
  hart.raise(ILLEGAL, hart.systemBits, 0);
}

/** Whether this privilege may not, or only where the bit of mstatus is clear. */
function forbidden({ privilege, c }: Hart, bit: number): boolean {
  return privilege === USER || (privilege === SUPERVISOR && (c[MSTATUS]! & bit) !== 0);
}

function advance(hart: Hart, word: number): void {
  const lo = (hart.pcLo + lengthOf(word)) | 0;
  if (lo >= 0 && hart.pcLo < 0) hart.pcHi = (hart.pcHi + 1) | 0;
  hart.pcLo = lo;
}

function wait(hart: Hart, word: number): void {
  hart.waiting = true;
  advance(hart, word);
}

function flush(hart: Hart, word: number): void {
  const rs1 = rs1Of(word);
  // rs2 names one address space; the TLBs hold one at a time, so all of it goes.
  if (rs1 === 0) flushAll(hart);
  else flushPage(hart, hart.x[rs1]!, hart.x[rs1 + 1]!);
  advance(hart, word);
}

function csr(hart: Hart, word: number, bits: number): boolean {
  const { x } = hart;
  const field = rs1Of(word);
  const immediate = (bits & 0x4000) !== 0;
  const lo = immediate ? field >>> 1 : x[field]!;
  const hi = immediate ? 0 : x[field + 1]!;
  const operation = (bits >>> 12) & 3;
  const kind = operation === 1 ? 'swap' : field === 0 ? 'none' : operation === 2 ? 'set' : 'clear';
  if (!changeCsr(hart, bits >>> 20, kind, lo, hi)) return false;
  const rd = rdOf(word);
  if (rd === SINK) return true;
  x[rd] = hart.lo;
  x[rd + 1] = hart.hi;
  return true;
}
