/**
 * The RISC-V Instruction Set Manual I, chapter 8 ("A"). A step of a hart is atomic, so every ordering
 * bit holds. `sc` fails when anybody has stored to those 8 bytes since `lr`. QEMU compares values
 * instead, which does not see a word that changed and changed back.
 */

import { AMO_D, GROUP, rdOf, rs1Of, rs2Of } from './decode.ts';
import { type Hart, LOOK } from './hart.ts';
import { below } from './integer.ts';
import { accessFault, LOADING, resolve, STORING } from './mmu.ts';

const LR = 0;
const SC = 1;
const LOAD_MISALIGNED = 4;
const STORE_MISALIGNED = 6;

/** lr sc amoswap amoadd amoxor amoand amoor amomin amomax amominu amomaxu, of 4 and 8 bytes */
export function atomic(hart: Hart, word: number): boolean {
  const { x } = hart;
  const rs1 = rs1Of(word);
  const lo = x[rs1]!;
  const hi = x[rs1 + 1]!;
  const wide = (word & GROUP) === AMO_D;
  const kind = word & 15;
  if ((lo & (wide ? 7 : 3)) !== 0) {
    return hart.raise(kind === LR ? LOAD_MISALIGNED : STORE_MISALIGNED, lo, hi);
  }
  const way = kind === LR ? LOADING : STORING;
  const at = resolve(hart, lo, hi, way);
  if (at === undefined) return false;
  if (at < 0) return accessFault(hart, lo, hi, way);
  if (kind === LR) return reserving(hart, word, at, wide);
  if (kind === SC) return conditional(hart, word, at, wide);
  return exchange(hart, word, at, wide);
}

function answer({ x }: Hart, word: number, lo: number, hi: number): void {
  const rd = rdOf(word);
  x[rd] = lo;
  x[rd + 1] = hi;
}

function reserving(hart: Hart, word: number, at: number, wide: boolean): boolean {
  const { words } = hart.ram;
  const lo = words[at >> 2]!;
  answer(hart, word, lo, wide ? words[(at >> 2) + 1]! : lo >> 31);
  hart.ram.reserve(hart.id, at);
  return true;
}

function conditional(hart: Hart, word: number, at: number, wide: boolean): boolean {
  const { x, ram, id } = hart;
  const held = ram.reservations[id] === (at & -8);
  ram.reservations[id] = -1;
  const rs2 = rs2Of(word);
  const lo = x[rs2]!;
  const hi = x[rs2 + 1]!;
  answer(hart, word, held ? 0 : 1, 0);
  return !held || put(hart, at, lo, hi, wide);
}

function put(hart: Hart, at: number, lo: number, hi: number, wide: boolean): boolean {
  const { ram } = hart;
  const dropped = ram.touch(at);
  ram.words[at >> 2] = lo;
  if (wide) ram.words[(at >> 2) + 1] = hi;
  if (dropped) hart.stop = LOOK;
  return !dropped;
}

function exchange(hart: Hart, word: number, at: number, wide: boolean): boolean {
  const { x, ram } = hart;
  const rs2 = rs2Of(word);
  const lo = ram.words[at >> 2]!;
  const hi = wide ? ram.words[(at >> 2) + 1]! : lo >> 31;
  const byLo = x[rs2]!;
  const byHi = wide ? x[rs2 + 1]! : byLo >> 31;
  const kind = word & 15;
  let newLo = byLo;
  let newHi = byHi;
  if (kind === 3) {
    newLo = (lo + byLo) | 0;
    newHi = hi + byHi + (below(newLo, lo) ? 1 : 0);
  } else if (kind > 3 && kind < 7) {
    newLo = kind === 4 ? lo ^ byLo : kind === 5 ? lo & byLo : lo | byLo;
    newHi = kind === 4 ? hi ^ byHi : kind === 5 ? hi & byHi : hi | byHi;
  } else if (kind >= 7 && keepsOld(kind, lo, hi, byLo, byHi)) {
    newLo = lo;
    newHi = hi;
  }
  answer(hart, word, lo, hi);
  return put(hart, at, newLo, newHi, wide);
}

/** Whether amomin amomax amominu amomaxu leave what is there. */
function keepsOld(kind: number, lo: number, hi: number, byLo: number, byHi: number): boolean {
  const unsigned = kind >= 9;
  const high = unsigned ? below(hi, byHi) : hi < byHi;
  const less = high || (hi === byHi && below(lo, byLo));
  return kind === 7 || kind === 9 ? less : !less;
}
