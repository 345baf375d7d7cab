/**
 * Whether a hart spins: a few more of its instructions lead back to the very same registers and pc,
 * none of them a store, an atomic, or one of system.ts. Until another hart writes what it reads, or
 * an interrupt comes, it will do the same for ever.
 */

import { AMO_D, AMO_W, FLOAT, GROUP, STORE } from './decode.ts';
import type { Hart } from './hart.ts';
import { PAGE_SHIFT } from './memory.ts';
import { FETCH, resolve } from './mmu.ts';

/** Instructions that a loop may have to be seen. */
export const SPIN_MOST = 8;

/** Whether the next instruction is known, and changes registers only. */
export function changesRegistersOnly(hart: Hart): boolean {
  const { fetches, fetchContext, pcLo, pcHi, ram } = hart;
  const entry = (pcLo >>> 10) & 0x3fc;
  if (fetches[entry] !== ((pcLo & -4096) | fetchContext) || fetches[entry + 1] !== pcHi)
    return false;
  const place = resolve(hart, pcLo, pcHi, FETCH);
  if (place === undefined || place < 0) return false;
  const word = ram.codeOf(place >>> PAGE_SHIFT)[pcLo & 4095]!;
  const group = word & GROUP;
  const stores = group === STORE || group === AMO_W || group === AMO_D;
  return word !== 0 && group !== 0 && group !== FLOAT && !stores;
}
