/**
 * As much of F and D (The RISC-V Instruction Set Manual I, chapters 13 and 14) as saving and
 * restoring registers needs: loads and stores (access.ts), moves and signs. Missing: all arithmetic,
 * comparisons and conversions; they are illegal instructions here.
 */

import { FMV_D_X, FMV_W_X, FMV_X_D, FMV_X_W, FSGNJ_S, rdOf, rs1Of, rs2Of } from './decode.ts';
import { FS, type Hart, MSTATUS } from './hart.ts';

/** fmv.x.w fmv.x.d fmv.w.x fmv.d.x fsgnj fsgnjn fsgnjx. False for an illegal instruction. */
export function float(hart: Hart, word: number, variant: number): boolean {
  if (hart.floatsOff()) return hart.raise(2, 0, 0);
  const { x, f } = hart;
  const rd = rdOf(word);
  const rs1 = rs1Of(word);
  const kind = word & 15;
  if (kind === FMV_X_W || kind === FMV_X_D) {
    x[rd] = f[rs1]!;
    x[rd + 1] = kind === FMV_X_W ? f[rs1]! >> 31 : f[rs1 + 1]!;
    return true;
  }
  hart.c[MSTATUS]! |= FS;
  if (kind === FMV_W_X || kind === FMV_D_X) {
    f[rd] = x[rs1]!;
    f[rd + 1] = kind === FMV_W_X ? -1 : x[rs1 + 1]!;
  } else if (kind === FSGNJ_S) {
    f[rd] = signed(single(f, rs1), single(f, rs2Of(word)), variant);
    f[rd + 1] = -1;
  } else {
    const top = signed(f[rs1 + 1]!, f[rs2Of(word) + 1]!, variant);
    f[rd] = f[rs1]!;
    f[rd + 1] = top;
  }
  return true;
}

/** A register that holds no boxed single counts as the canonical NaN. */
function single(f: Int32Array, register: number): number {
  return f[register + 1] === -1 ? f[register]! : 0x7fc00000;
}

function signed(value: number, sign: number, variant: number): number {
  const mixed = variant === 0 ? sign : variant === 1 ? ~sign : value ^ sign;
  return (value & 0x7fffffff) | (mixed & 0x80000000);
}
