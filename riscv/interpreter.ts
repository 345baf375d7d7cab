/**
 * The reference interpreter. Straight-line code of one page is executed in {@link straight}, over
 * instructions decoded once; it stops where something else has to look: at a page's end, at an
 * instruction of system.ts, an exception, a device. {@link run} does what is due there.
 */

import { load, store } from './access.ts';
import { atomic } from './atomic.ts';
import {
  AMO_D,
  AMO_W,
  AUIPC,
  BRANCH,
  decode,
  FLOAT,
  GROUP,
  IMMEDIATE,
  JAL,
  JUMP,
  LOAD,
  lengthOf,
  MULTIPLY,
  REGISTER,
  rdOf,
  rs1Of,
  STORE,
  WORD,
} from './decode.ts';
import { float } from './float.ts';
import { DEVICE_NEXT, EXCEPTION, GOES_ON, type Hart, LOOK, MIE, MIP, SYSTEM_NEXT } from './hart.ts';
import { below, immediate, register, taken, word32 } from './integer.ts';
import { PAGE_SHIFT } from './memory.ts';
import { accessFault, FETCH, resolve } from './mmu.ts';
import { multiply } from './multiply.ts';
import { system } from './system.ts';
import { refreshTimers } from './timer.ts';
import { enterException, takeInterrupt } from './trap.ts';

/** What was decoded last. */
const fetched = new Int32Array(2);
/** Where a jump went that left its page; no offset of a jump reaches as far. */
const OUTSIDE = 1 << 30;

/**
 * Executes instructions of one hart.
 *
 * @param most how many at most. Entering a handler takes none.
 * @returns how many were executed: fewer when the hart waits for an interrupt.
 */
export function run(hart: Hart, most: number): number {
  hart.done = 0;
  refreshTimers(hart);
  if (hart.waiting && (hart.c[MIP]! & hart.c[MIE]!) !== 0) hart.waiting = false;
  while (hart.done < most && !hart.waiting) {
    if (hart.turnBegan + hart.done >= hart.deadline) refreshTimers(hart);
    takeInterrupt(hart);
    const place = resolve(hart, hart.pcLo, hart.pcHi, FETCH);
    if (place === undefined || place < 0) {
      if (place !== undefined) accessFault(hart, hart.pcLo, hart.pcHi, FETCH);
      hart.done++;
      enterException(hart);
      continue;
    }
    const tillTimer = Math.ceil(hart.deadline - hart.turnBegan - hart.done);
    const left = hart.exact ? 1 : Math.min(most - hart.done, tillTimer);
    hart.done += straight(hart, hart.ram.codeOf(place >>> PAGE_SHIFT), place, left);
    hart.exact = hart.stop === DEVICE_NEXT;
    if (hart.stop === SYSTEM_NEXT) {
      hart.stop = GOES_ON;
      system(hart);
      hart.done++;
    }
    if (hart.stop === EXCEPTION) enterException(hart);
  }
  const { done } = hart;
  hart.retired += done;
  hart.turnBegan += done;
  hart.done = 0;
  return done;
}

/**
 * Executes up to `most` instructions that follow one another within a page, branches included.
 * Answers how many; pc is at the next one, and `stop` says why there is no other.
 */
function straight(hart: Hart, code: Int32Array, place: number, most: number): number {
  const { x } = hart;
  const start = hart.pcLo & -4096;
  let at = hart.pcLo & 4095;
  let count = 0;
  hart.stop = GOES_ON;
  while (count < most && at >>> PAGE_SHIFT === 0) {
    let word = code[at]!;
    let imm = code[at + 1]!;
    if (word === 0) {
      if (!fetch(hart, code, start, at, (place & -4096) + at)) {
        count++;
        break;
      }
      word = fetched[0]!;
      imm = fetched[1]!;
    }
    const group = word & GROUP;
    let goesOn = true;
    count++;
    if (group === IMMEDIATE) immediate(x, word, imm);
    else if (group === LOAD) goesOn = load(hart, word, imm);
    else if (group === STORE) goesOn = store(hart, word, imm);
    else if (group === BRANCH) {
      at += taken(x, word) ? imm : lengthOf(word);
      continue;
    } else if (group === REGISTER) register(x, word);
    else if (group === WORD) word32(x, word, imm);
    else if (group === JUMP) {
      at = jump(hart, word, imm, start, at);
      continue;
    } else if (group === MULTIPLY) multiply(x, word);
    else goesOn = seldom(hart, word, imm);
    if (goesOn) at += lengthOf(word);
    else {
      if (hart.stop === LOOK) at += lengthOf(word);
      else if (hart.stop !== EXCEPTION) count--;
      break;
    }
  }
  if (at !== OUTSIDE) moveTo(hart, start, at);
  return count;
}

/**
 * Decodes the instruction at `at` of a page. One that lies on two pages is decoded anew each time, as
 * either page may change. False for an exception: the rest of it cannot be fetched.
 */
function fetch(hart: Hart, code: Int32Array, start: number, at: number, offset: number): boolean {
  const { halves } = hart.ram;
  const low = halves[offset >> 1]! & 0xffff;
  if ((low & 3) === 3 && at === 4094) {
    const lo = (start + 4096) | 0;
    const hi = (hart.pcHi + (below(lo, start) ? 1 : 0)) | 0;
    const place = resolve(hart, lo, hi, FETCH);
    if (place === undefined) return false;
    if (place < 0) return accessFault(hart, lo, hi, FETCH);
    decode(low | (halves[place >> 1]! << 16), fetched, 0);
    return true;
  }
  decode((low & 3) === 3 ? low | (halves[(offset >> 1) + 1]! << 16) : low, fetched, 0);
  code[at] = fetched[0]!;
  code[at + 1] = fetched[1]!;
  return true;
}

function seldom(hart: Hart, word: number, imm: number): boolean {
  switch (word & GROUP) {
    case AMO_W:
    case AMO_D:
      return atomic(hart, word);
    case FLOAT:
      return float(hart, word, imm);
    default:
      hart.systemWord = word;
      hart.systemBits = imm;
      hart.stop = SYSTEM_NEXT;
      return false;
  }
}

/** Sets pc to a place that may be outside the page that begins at `start`. */
function moveTo(hart: Hart, start: number, at: number): void {
  const lo = (start + at) | 0;
  const carry = at < 0 ? (below(start, lo) ? -1 : 0) : below(lo, start) ? 1 : 0;
  hart.pcHi = (hart.pcHi + carry) | 0;
  hart.pcLo = lo;
}

/** jal, jalr, auipc. Answers where it goes on, counted from the start of the page. */
function jump(hart: Hart, word: number, imm: number, start: number, at: number): number {
  const { x } = hart;
  const kind = word & 15;
  const rs1 = rs1Of(word);
  const base = x[rs1]!;
  const baseHi = x[rs1 + 1]!;
  const rd = rdOf(word);
  const next = at + lengthOf(word);
  const offset = kind === AUIPC ? at : next;
  const lo = (start + offset) | 0;
  if (kind === AUIPC) {
    x[rd] = lo + imm;
    x[rd + 1] = hart.pcHi + (imm >> 31) + (below(x[rd]!, lo) ? 1 : 0);
    return next;
  }
  x[rd] = lo;
  x[rd + 1] = hart.pcHi + (below(lo, start) ? 1 : 0);
  if (kind === JAL) return at + imm;
  const target = (base + imm) & ~1;
  const targetHi = (baseHi + (imm >> 31) + (below((base + imm) | 0, base) ? 1 : 0)) | 0;
  if (targetHi === hart.pcHi && (target ^ start) >>> PAGE_SHIFT === 0) return target & 4095;
  hart.pcLo = target;
  hart.pcHi = targetHi;
  return OUTSIDE;
}
