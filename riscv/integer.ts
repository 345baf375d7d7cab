/**
 * Arithmetic on the register file: The RISC-V Instruction Set Manual I, chapters 2 (RV32I) and 4
 * (RV64I). Register r is `x[2r]`, its lower half, and `x[2r + 1]`. No BigInt: see multiply.ts.
 */

import {
  ADDIW,
  ADDW,
  LUI,
  rdOf,
  rs1Of,
  rs2Of,
  SLLIW,
  SLLW,
  SRA,
  SRAI,
  SRAIW,
  SRLIW,
  SRLW,
  SUB,
  SUBW,
} from './decode.ts';

/** Unsigned less-than of 32 bits. */
export function below(a: number, b: number): boolean {
  return a >>> 0 < b >>> 0;
}

function set(x: Int32Array, rd: number, lo: number, hi: number): void {
  x[rd] = lo;
  x[rd + 1] = hi;
}

function add(x: Int32Array, rd: number, rs1: number, lo: number, hi: number): void {
  const sum = (x[rs1]! + lo) | 0;
  set(x, rd, sum, x[rs1 + 1]! + hi + (below(sum, lo) ? 1 : 0));
}

function shiftLeft(x: Int32Array, rd: number, rs1: number, by: number): void {
  const lo = x[rs1]!;
  const hi = x[rs1 + 1]!;
  if (by === 0) set(x, rd, lo, hi);
  else if (by < 32) set(x, rd, lo << by, (hi << by) | (lo >>> (32 - by)));
  else set(x, rd, 0, lo << (by - 32));
}

/** @param fill what comes in from above: the sign, or 0. */
function shiftRight(x: Int32Array, rd: number, rs1: number, by: number, fill: number): void {
  const lo = x[rs1]!;
  const hi = x[rs1 + 1]!;
  if (by === 0) set(x, rd, lo, hi);
  else if (by < 32) {
    const top = (hi >>> by) | (fill << (32 - by));
    set(x, rd, (lo >>> by) | (hi << (32 - by)), top);
  } else if (by === 32) set(x, rd, hi, fill);
  else set(x, rd, (hi >>> (by - 32)) | (fill << (64 - by)), fill);
}

function less(x: Int32Array, rd: number, rs1: number, lo: number, hi: number): void {
  const high = x[rs1 + 1]!;
  set(x, rd, high < hi || (high === hi && below(x[rs1]!, lo)) ? 1 : 0, 0);
}

function lessUnsigned(x: Int32Array, rd: number, rs1: number, lo: number, hi: number): void {
  const high = x[rs1 + 1]!;
  set(x, rd, below(high, hi) || (high === hi && below(x[rs1]!, lo)) ? 1 : 0, 0);
}

/** addi slli slti sltiu xori srli ori andi srai lui */
export function immediate(x: Int32Array, word: number, imm: number): void {
  const rd = rdOf(word);
  const rs1 = rs1Of(word);
  const sign = imm >> 31;
  switch (word & 15) {
    case 0:
      add(x, rd, rs1, imm, sign);
      break;
    case 1:
      shiftLeft(x, rd, rs1, imm & 63);
      break;
    case 2:
      less(x, rd, rs1, imm, sign);
      break;
    case 3:
      lessUnsigned(x, rd, rs1, imm, sign);
      break;
    case 4:
      set(x, rd, x[rs1]! ^ imm, x[rs1 + 1]! ^ sign);
      break;
    case 5:
      shiftRight(x, rd, rs1, imm & 63, 0);
      break;
    case 6:
      set(x, rd, x[rs1]! | imm, x[rs1 + 1]! | sign);
      break;
    case 7:
      set(x, rd, x[rs1]! & imm, x[rs1 + 1]! & sign);
      break;
    case SRAI:
      shiftRight(x, rd, rs1, imm & 63, x[rs1 + 1]! >> 31);
      break;
    case LUI:
      set(x, rd, imm, sign);
      break;
  }
}

/** add sll slt sltu xor srl or and sub sra */
export function register(x: Int32Array, word: number): void {
  const rd = rdOf(word);
  const rs1 = rs1Of(word);
  const rs2 = rs2Of(word);
  const lo = x[rs2]!;
  const hi = x[rs2 + 1]!;
  switch (word & 15) {
    case 0:
      add(x, rd, rs1, lo, hi);
      break;
    case 1:
      shiftLeft(x, rd, rs1, lo & 63);
      break;
    case 2:
      less(x, rd, rs1, lo, hi);
      break;
    case 3:
      lessUnsigned(x, rd, rs1, lo, hi);
      break;
    case 4:
      set(x, rd, x[rs1]! ^ lo, x[rs1 + 1]! ^ hi);
      break;
    case 5:
      shiftRight(x, rd, rs1, lo & 63, 0);
      break;
    case 6:
      set(x, rd, x[rs1]! | lo, x[rs1 + 1]! | hi);
      break;
    case 7:
      set(x, rd, x[rs1]! & lo, x[rs1 + 1]! & hi);
      break;
    case SUB: {
      const borrow = below(x[rs1]!, lo) ? 1 : 0;
      set(x, rd, x[rs1]! - lo, x[rs1 + 1]! - hi - borrow);
      break;
    }
    case SRA:
      shiftRight(x, rd, rs1, lo & 63, x[rs1 + 1]! >> 31);
      break;
  }
}

/** The forms that work on 32 bits and extend the sign of the result: addiw … sraw. */
export function word32(x: Int32Array, word: number, imm: number): void {
  const value = narrow(word & 15, x[rs1Of(word)]!, x[rs2Of(word)]!, imm);
  set(x, rdOf(word), value, value >> 31);
}

function narrow(operation: number, a: number, b: number, imm: number): number {
  switch (operation) {
    case ADDIW:
      return (a + imm) | 0;
    case SLLIW:
      return a << imm;
    case SRLIW:
      return (a >>> imm) | 0;
    case SRAIW:
      return a >> imm;
    case ADDW:
      return (a + b) | 0;
    case SUBW:
      return (a - b) | 0;
    case SLLW:
      return a << b;
    case SRLW:
      return (a >>> b) | 0;
    default:
      return a >> b;
  }
}

/** Whether a branch is taken: beq bne blt bge bltu bgeu. */
export function taken(x: Int32Array, word: number): boolean {
  const rs1 = rs1Of(word);
  const rs2 = rs2Of(word);
  const hi1 = x[rs1 + 1]!;
  const hi2 = x[rs2 + 1]!;
  const lo1 = x[rs1]!;
  const lo2 = x[rs2]!;
  switch (word & 7) {
    case 0:
      return lo1 === lo2 && hi1 === hi2;
    case 1:
      return lo1 !== lo2 || hi1 !== hi2;
    case 4:
      return hi1 < hi2 || (hi1 === hi2 && below(lo1, lo2));
    case 5:
      return hi1 > hi2 || (hi1 === hi2 && !below(lo1, lo2));
    case 6:
      return below(hi1, hi2) || (hi1 === hi2 && below(lo1, lo2));
    default:
      return below(hi2, hi1) || (hi1 === hi2 && !below(lo1, lo2));
  }
}
