/**
 * Loads and stores. What is aligned, in RAM and in the TLB goes the short way. Misaligned accesses
 * succeed, as on QEMU (the specification leaves it to the machine); they are not atomic.
 */

import { FLW, rdOf, rs1Of, rs2Of } from './decode.ts';
import { DEVICE_NEXT, FS, type Hart, LOOK, MSTATUS } from './hart.ts';
import { below } from './integer.ts';
import { DIRTY, PAGE_SHIFT } from './memory.ts';
import { accessFault, LOADING, resolve, STORING } from './mmu.ts';

/** lb lh lw ld lbu lhu lwu flw fld. False when the hart has to stop: `stop` says why. */
export function load(hart: Hart, word: number, imm: number): boolean {
  const { x, loads } = hart;
  const rs1 = rs1Of(word);
  const base = x[rs1]!;
  const lo = (base + imm) | 0;
  const hi = (x[rs1 + 1]! + (imm >> 31) + (below(lo, base) ? 1 : 0)) | 0;
  const entry = (lo >>> 10) & 0x3fc;
  const place = loads[entry + 2]!;
  const kind = word & 15;
  if (
    place < 0 ||
    loads[entry] !== ((lo & -4096) | hart.dataContext) ||
    loads[entry + 1] !== hi ||
    (lo & ((1 << (kind & 3)) - 1)) !== 0 ||
    kind >= FLW
  ) {
    return slowLoad(hart, word, lo, hi);
  }
  fastLoad(hart, kind, rdOf(word), place + (lo & 4095));
  return true;
}

function signed(x: Int32Array, rd: number, value: number): void {
  x[rd] = value;
  x[rd + 1] = value >> 31;
}

function fastLoad({ x, ram }: Hart, kind: number, rd: number, at: number): void {
  switch (kind) {
    case 3:
      x[rd] = ram.words[at >> 2]!;
      x[rd + 1] = ram.words[(at >> 2) + 1]!;
      return;
    case 2:
      signed(x, rd, ram.words[at >> 2]!);
      return;
    case 1:
      signed(x, rd, ram.halves[at >> 1]!);
      return;
    case 0:
      signed(x, rd, (ram.bytes[at]! << 24) >> 24);
      return;
    case 4:
      x[rd] = ram.bytes[at]!;
      break;
    case 5:
      x[rd] = ram.halves[at >> 1]! & 0xffff;
      break;
    default:
      x[rd] = ram.words[at >> 2]!;
  }
  x[rd + 1] = 0;
}

function slowLoad(hart: Hart, word: number, lo: number, hi: number): boolean {
  const kind = word & 15;
  if (kind >= FLW && hart.floatsOff()) return hart.raise(2, 0, 0);
  const size = 1 << (kind & 3);
  if (!readMemory(hart, lo, hi, size)) return false;
  const unused = size < 4 ? 32 - 8 * size : 0;
  const signed = (hart.lo << unused) >> unused;
  const rd = rdOf(word);
  if (kind >= FLW) {
    hart.c[MSTATUS]! |= FS;
    // A single in a double's register has all ones above it: manual I, section 14.2.
    hart.f[rd] = hart.lo;
    hart.f[rd + 1] = size === 4 ? -1 : hart.hi;
  } else {
    hart.x[rd] = kind < 4 ? signed : hart.lo;
    hart.x[rd + 1] = size === 8 ? hart.hi : kind < 4 ? signed >> 31 : 0;
  }
  return true;
}

/** Reads 1 to 8 bytes into `lo` and `hi` of the hart. */
function readMemory(hart: Hart, lo: number, hi: number, size: number): boolean {
  const place = resolve(hart, lo, hi, LOADING);
  if (place === undefined) return false;
  if (place < 0) return readDevice(hart, place, lo, hi, size);
  const { ram } = hart;
  let low = 0;
  let high = 0;
  for (let index = 0; index < size; index++) {
    const at = byteAt(hart, place, lo, hi, index, LOADING);
    if (at === undefined) return false;
    if (index < 4) low |= ram.bytes[at]! << (8 * index);
    else high |= ram.bytes[at]! << (8 * index - 32);
  }
  hart.lo = low;
  hart.hi = high;
  return true;
}

/** Where byte `index` of an access is whose first byte is at `place`: perhaps on the next page. */
function byteAt(
  hart: Hart,
  place: number,
  lo: number,
  hi: number,
  index: number,
  kind: number,
): number | undefined {
  if ((lo & 4095) + index < 4096) return place + index;
  const next = (lo + index) | 0;
  const nextHi = (hi + (below(next, lo) ? 1 : 0)) | 0;
  const at = resolve(hart, next, nextHi, kind);
  if (at === undefined || at >= 0) return at;
  accessFault(hart, next, nextHi, kind);
  return undefined;
}

function readDevice(hart: Hart, place: number, lo: number, hi: number, size: number): boolean {
  if (!hart.exact) {
    hart.stop = DEVICE_NEXT;
    return false;
  }
  const value = hart.bus.read((-1 - place) * 4096 + (lo & 4095), size);
  if (value === undefined) return accessFault(hart, lo, hi, LOADING);
  [hart.lo, hart.hi] = value;
  return true;
}

/**
 * sb sh sw sd fsw fsd. False when the hart has to stop; with {@link LOOK} the store is done, and the
 * instruction too.
 */
export function store(hart: Hart, word: number, imm: number): boolean {
  const { x, stores, ram } = hart;
  const rs1 = rs1Of(word);
  const base = x[rs1]!;
  const lo = (base + imm) | 0;
  const hi = (x[rs1 + 1]! + (imm >> 31) + (below(lo, base) ? 1 : 0)) | 0;
  const entry = (lo >>> 10) & 0x3fc;
  const place = stores[entry + 2]!;
  const kind = word & 15;
  if (
    place < 0 ||
    stores[entry] !== ((lo & -4096) | hart.dataContext) ||
    stores[entry + 1] !== hi ||
    (lo & ((1 << (kind & 3)) - 1)) !== 0 ||
    kind >= FLW ||
    ram.flags[place >>> PAGE_SHIFT] !== DIRTY
  ) {
    return slowStore(hart, word, lo, hi);
  }
  const at = place + (lo & 4095);
  const rs2 = rs2Of(word);
  switch (kind) {
    case 3:
      ram.words[at >> 2] = x[rs2]!;
      ram.words[(at >> 2) + 1] = x[rs2 + 1]!;
      break;
    case 2:
      ram.words[at >> 2] = x[rs2]!;
      break;
    case 1:
      ram.halves[at >> 1] = x[rs2]!;
      break;
    default:
      ram.bytes[at] = x[rs2]!;
  }
  return true;
}

function slowStore(hart: Hart, word: number, lo: number, hi: number): boolean {
  const kind = word & 15;
  if (kind >= FLW && hart.floatsOff()) return hart.raise(2, 0, 0);
  const from = kind >= FLW ? hart.f : hart.x;
  const rs2 = rs2Of(word);
  return writeMemory(hart, lo, hi, 1 << (kind & 3), from[rs2]!, from[rs2 + 1]!);
}

/** Writes 1 to 8 bytes, all or none. */
function writeMemory(
  hart: Hart,
  lo: number,
  hi: number,
  size: number,
  low: number,
  high: number,
): boolean {
  const place = resolve(hart, lo, hi, STORING);
  if (place === undefined) return false;
  if (place < 0) return writeDevice(hart, place, lo, hi, size, low, high);
  const last = byteAt(hart, place, lo, hi, size - 1, STORING);
  if (last === undefined) return false;
  const { ram } = hart;
  const dropped = ram.touch(place);
  const droppedNext = ram.touch(last);
  for (let index = 0; index < size; index++) {
    const at = byteAt(hart, place, lo, hi, index, STORING) as number;
    ram.bytes[at] = index < 4 ? low >>> (8 * index) : high >>> (8 * index - 32);
  }
  if (!dropped && !droppedNext) return true;
  hart.stop = LOOK;
  return false;
}

function writeDevice(
  hart: Hart,
  place: number,
  lo: number,
  hi: number,
  size: number,
  low: number,
  high: number,
): boolean {
  if (!hart.exact) {
    hart.stop = DEVICE_NEXT;
    return false;
  }
  const address = (-1 - place) * 4096 + (lo & 4095);
  if (!hart.bus.write(address, size, low, high)) return accessFault(hart, lo, hi, STORING);
  hart.stop = LOOK;
  return false;
}
