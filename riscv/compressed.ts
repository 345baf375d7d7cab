/**
 * Compressed instructions (The RISC-V Instruction Set Manual I, chapter 16, "C"), each turned into
 * the 32-bit instruction that it stands for, so that the rest of the machine knows one format.
 */

/** Of a 32-bit instruction that is never legal. */
const ILLEGAL = 0;

/** Bits `from`..`to` of an instruction, moved down to 0. */
function bits(half: number, to: number, from: number): number {
  return (half >>> from) & ((1 << (to - from + 1)) - 1);
}

function itype(op: number, f3: number, rd: number, rs1: number, imm: number): number {
  return (imm << 20) | (rs1 << 15) | (f3 << 12) | (rd << 7) | op;
}

function rtype(op: number, f3: number, f7: number, rd: number, rs1: number, rs2: number): number {
  return (f7 << 25) | (rs2 << 20) | (rs1 << 15) | (f3 << 12) | (rd << 7) | op;
}

function stype(op: number, f3: number, rs1: number, rs2: number, imm: number): number {
  return ((imm >> 5) << 25) | (rs2 << 20) | (rs1 << 15) | (f3 << 12) | ((imm & 31) << 7) | op;
}

function btype(f3: number, rs1: number, imm: number): number {
  const high = (((imm >> 12) & 1) << 31) | (((imm >> 5) & 63) << 25);
  return (
    high | (rs1 << 15) | (f3 << 12) | (((imm >> 1) & 15) << 8) | (((imm >> 11) & 1) << 7) | 0x63
  );
}

function jtype(rd: number, imm: number): number {
  const low = (((imm >> 1) & 0x3ff) << 21) | (((imm >> 11) & 1) << 20) | (imm & 0xff000);
  return (((imm >> 20) & 1) << 31) | low | (rd << 7) | 0x6f;
}

/** The 32-bit instruction for a compressed one; {@link ILLEGAL} if there is none. */
export function expand(half: number): number {
  const f3 = half >>> 13;
  switch (half & 3) {
    case 0:
      return quadrant0(half, f3);
    case 1:
      return quadrant1(half, f3);
    default:
      return quadrant2(half, f3);
  }
}

function quadrant0(half: number, f3: number): number {
  const rs1 = 8 + bits(half, 9, 7);
  const rd = 8 + bits(half, 4, 2);
  const by8 = (bits(half, 12, 10) << 3) | (bits(half, 6, 5) << 6);
  const by4 = (bits(half, 12, 10) << 3) | (bits(half, 6, 6) << 2) | (bits(half, 5, 5) << 6);
  const stack =
    (bits(half, 12, 11) << 4) |
    (bits(half, 10, 7) << 6) |
    (bits(half, 6, 6) << 2) |
    (bits(half, 5, 5) << 3);
  switch (f3) {
    case 0:
      return stack === 0 ? ILLEGAL : itype(0x13, 0, rd, 2, stack);
    case 1:
      return itype(0x07, 3, rd, rs1, by8);
    case 2:
      return itype(0x03, 2, rd, rs1, by4);
    case 3:
      return itype(0x03, 3, rd, rs1, by8);
    case 5:
      return stype(0x27, 3, rs1, rd, by8);
    case 6:
      return stype(0x23, 2, rs1, rd, by4);
    case 7:
      return stype(0x23, 3, rs1, rd, by8);
    default:
      return ILLEGAL;
  }
}

function quadrant1(half: number, f3: number): number {
  const rd = bits(half, 11, 7);
  const imm = (((half << 19) >> 31) << 5) | bits(half, 6, 2);
  switch (f3) {
    case 0:
      return itype(0x13, 0, rd, rd, imm);
    case 1:
      return rd === 0 ? ILLEGAL : itype(0x1b, 0, rd, rd, imm);
    case 2:
      return itype(0x13, 0, rd, 0, imm);
    case 3:
      return rd === 2 ? addStack(half) : imm === 0 ? ILLEGAL : (imm << 12) | (rd << 7) | 0x37;
    case 4:
      return arithmetic(half, imm);
    case 5:
      return jtype(0, jumpOffset(half));
    default:
      return btype(f3 - 6, 8 + bits(half, 9, 7), branchOffset(half));
  }
}

function addStack(half: number): number {
  const low = (bits(half, 6, 6) << 4) | (bits(half, 5, 5) << 6) | (bits(half, 4, 3) << 7);
  const imm = (((half << 19) >> 31) << 9) | low | (bits(half, 2, 2) << 5);
  return imm === 0 ? ILLEGAL : itype(0x13, 0, 2, 2, imm);
}

function jumpOffset(half: number): number {
  const high = (((half << 19) >> 31) << 11) | (bits(half, 8, 8) << 10) | (bits(half, 10, 9) << 8);
  const middle = (bits(half, 6, 6) << 7) | (bits(half, 7, 7) << 6) | (bits(half, 2, 2) << 5);
  return high | middle | (bits(half, 11, 11) << 4) | (bits(half, 5, 3) << 1);
}

function branchOffset(half: number): number {
  const high = (((half << 19) >> 31) << 8) | (bits(half, 6, 5) << 6) | (bits(half, 2, 2) << 5);
  return high | (bits(half, 11, 10) << 3) | (bits(half, 4, 3) << 1);
}

function arithmetic(half: number, imm: number): number {
  const rd = 8 + bits(half, 9, 7);
  const rs2 = 8 + bits(half, 4, 2);
  const shift = imm & 63;
  switch (bits(half, 11, 10)) {
    case 0:
      return itype(0x13, 5, rd, rd, shift);
    case 1:
      return itype(0x13, 5, rd, rd, shift | 0x400);
    case 2:
      return itype(0x13, 7, rd, rd, imm);
  }
  switch (bits(half, 6, 5) | (bits(half, 12, 12) << 2)) {
    case 0:
      return rtype(0x33, 0, 32, rd, rd, rs2);
    case 1:
      return rtype(0x33, 4, 0, rd, rd, rs2);
    case 2:
      return rtype(0x33, 6, 0, rd, rd, rs2);
    case 3:
      return rtype(0x33, 7, 0, rd, rd, rs2);
    case 4:
      return rtype(0x3b, 0, 32, rd, rd, rs2);
    case 5:
      return rtype(0x3b, 0, 0, rd, rd, rs2);
    default:
      return ILLEGAL;
  }
}

function quadrant2(half: number, f3: number): number {
  const rd = bits(half, 11, 7);
  const rs2 = bits(half, 6, 2);
  const high = bits(half, 12, 12) << 5;
  const load8 = high | (bits(half, 6, 5) << 3) | (bits(half, 4, 2) << 6);
  const load4 = high | (bits(half, 6, 4) << 2) | (bits(half, 3, 2) << 6);
  const store8 = (bits(half, 12, 10) << 3) | (bits(half, 9, 7) << 6);
  const store4 = (bits(half, 12, 9) << 2) | (bits(half, 8, 7) << 6);
  switch (f3) {
    case 0:
      return itype(0x13, 1, rd, rd, high | rs2);
    case 1:
      return itype(0x07, 3, rd, 2, load8);
    case 2:
      return rd === 0 ? ILLEGAL : itype(0x03, 2, rd, 2, load4);
    case 3:
      return rd === 0 ? ILLEGAL : itype(0x03, 3, rd, 2, load8);
    case 4:
      return jumpOrMove(high !== 0, rd, rs2);
    case 5:
      return stype(0x27, 3, 2, rs2, store8);
    case 6:
      return stype(0x23, 2, 2, rs2, store4);
    default:
      return stype(0x23, 3, 2, rs2, store8);
  }
}

function jumpOrMove(links: boolean, rd: number, rs2: number): number {
  if (rs2 !== 0) return rtype(0x33, 0, 0, rd, links ? rd : 0, rs2);
  if (rd !== 0) return itype(0x67, 0, links ? 1 : 0, rd, 0);
  return links ? 0x00100073 : ILLEGAL;
}
