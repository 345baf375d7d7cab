/**
 * The RISC-V Instruction Set Manual I, chapter 7 ("M"). Division by zero gives all ones and the
 * dividend as remainder; the one quotient that overflows gives the dividend and remainder 0.
 */

import { MULW, rdOf, rs1Of, rs2Of } from './decode.ts';

/** The upper half of the product of two unsigned 32-bit numbers. */
function upper(a: number, b: number): number {
  const a0 = a & 0xffff;
  const a1 = a >>> 16;
  const b0 = b & 0xffff;
  const b1 = b >>> 16;
  const middle = a1 * b0 + (Math.imul(a0, b0) >>> 16);
  const other = a0 * b1 + (middle & 0xffff);
  return (a1 * b1 + (middle >>> 16) + (other >>> 16)) | 0;
}

/** mul mulh mulhsu mulhu div divu rem remu, and the 32-bit forms */
export function multiply(x: Int32Array, word: number): void {
  const rd = rdOf(word);
  const rs1 = rs1Of(word);
  const rs2 = rs2Of(word);
  const kind = word & 15;
  if (kind >= MULW) {
    const value = narrow(kind, x[rs1]!, x[rs2]!);
    x[rd] = value;
    x[rd + 1] = value >> 31;
  } else if (kind === 0) {
    const lo1 = x[rs1]!;
    const lo2 = x[rs2]!;
    const cross = Math.imul(lo1, x[rs2 + 1]!) + Math.imul(x[rs1 + 1]!, lo2);
    x[rd] = Math.imul(lo1, lo2);
    x[rd + 1] = upper(lo1, lo2) + cross;
  } else if (kind >= 4 && x[rs1 + 1] === 0 && x[rs2 + 1] === 0 && x[rs2] !== 0) {
    const a = x[rs1]! >>> 0;
    const b = x[rs2]! >>> 0;
    x[rd] = kind < 6 ? (a / b) >>> 0 : a % b;
    x[rd + 1] = 0;
  } else {
    const result = wide(kind, big(x, rs1), big(x, rs2));
    x[rd] = Number(BigInt.asIntN(32, result));
    x[rd + 1] = Number(BigInt.asIntN(32, result >> 32n));
  }
}

function big(x: Int32Array, register: number): bigint {
  return (BigInt(x[register + 1]!) << 32n) | BigInt(x[register]! >>> 0);
}

/** @param a signed, as is b. */
function wide(kind: number, a: bigint, b: bigint): bigint {
  const ua = BigInt.asUintN(64, a);
  const ub = BigInt.asUintN(64, b);
  switch (kind) {
    case 1:
      return (a * b) >> 64n;
    case 2:
      return (a * ub) >> 64n;
    case 3:
      return (ua * ub) >> 64n;
    case 4:
      return b === 0n ? -1n : a / b;
    case 5:
      return b === 0n ? -1n : ua / ub;
    case 6:
      return b === 0n ? a : a % b;
    default:
      return b === 0n ? a : ua % ub;
  }
}

/** mulw divw divuw remw remuw */
function narrow(kind: number, a: number, b: number): number {
  switch (kind - MULW) {
    case 0:
      return Math.imul(a, b);
    case 1:
      return b === 0 ? -1 : (a / b) | 0;
    case 2:
      return b === 0 ? -1 : ((a >>> 0) / (b >>> 0)) | 0;
    case 3:
      return b === 0 ? a : (a % b) | 0;
    default:
      return b === 0 ? a : ((a >>> 0) % (b >>> 0)) | 0;
  }
}
