/** The two timers of a hart: mtimecmp of the CLINT, and stimecmp of Sstc (manual II, chapter 17). */

import { type Hart, MENVCFG, MIP, MTIMECMP, STIMECMP } from './hart.ts';

const MTIP = 1 << 7;
const STIP = 1 << 5;
/** menvcfg.STCE, in its upper half. */
const STCE = 0x80000000 | 0;

export function hasSstc(hart: Hart): boolean {
  return (hart.c[MENVCFG + 1]! & STCE) !== 0;
}

/** To be called when a compare register, menvcfg or mtime changed, or the deadline has come. */
export function refreshTimers(hart: Hart): void {
  const { c } = hart;
  const now = hart.time();
  const machine = ticks(c, MTIMECMP);
  const supervisor = hasSstc(hart) ? ticks(c, STIMECMP) : Number.POSITIVE_INFINITY;
  c[MIP] = now >= machine ? c[MIP]! | MTIP : c[MIP]! & ~MTIP;
  if (hasSstc(hart)) c[MIP] = now >= supervisor ? c[MIP]! | STIP : c[MIP]! & ~STIP;
  const next = Math.min(
    now < machine ? machine : Number.POSITIVE_INFINITY,
    now < supervisor ? supervisor : Number.POSITIVE_INFINITY,
  );
  hart.deadline = (next - hart.mtimeAtZero) * hart.ratio;
}

/** Exact below 2^53, and later than any execution above. */
function ticks(c: Int32Array, register: number): number {
  return (c[register]! >>> 0) + (c[register + 1]! >>> 0) * 2 ** 32;
}
