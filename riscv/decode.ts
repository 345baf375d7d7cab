/**
 * Instructions as the interpreter wants them. A decoded instruction is two words: the first has the
 * operation, the registers and the length, the second the immediate. Register fields count halves,
 * as the register file has two words a register.
 */

import { expand } from './compressed.ts';

// Groups: bits 4 to 7 of a decoded instruction.
// What system.ts executes has group 0.
export const IMMEDIATE = 0x10;
export const REGISTER = 0x20;
export const WORD = 0x30;
export const BRANCH = 0x40;
export const JUMP = 0x50;
export const LOAD = 0x60;
export const STORE = 0x70;
export const MULTIPLY = 0x80;
export const AMO_W = 0x90;
export const AMO_D = 0xa0;
export const FLOAT = 0xb0;
export const GROUP = 0xf0;

// Within SYSTEM; 0 is what has not been decoded yet.
const BAD = 1;
export const FENCE = 2;
export const FENCE_I = 3;
export const ECALL = 4;
export const EBREAK = 5;
export const SRET = 6;
export const MRET = 7;
export const WFI = 8;
export const SFENCE_VMA = 9;
/** CSRRW, CSRRS, CSRRC and their immediate forms: this and funct3 1, 2, 3, 5, 6, 7 below. */
export const CSR = 10;

// Within IMMEDIATE, beyond funct3 (ADDI SLLI SLTI SLTIU XORI SRLI ORI ANDI).
export const SRAI = 8;
export const LUI = 9;
// Within REGISTER, beyond funct3 (ADD SLL SLT SLTU XOR SRL OR AND).
export const SUB = 8;
export const SRA = 9;
// Within WORD.
export const ADDIW = 0;
export const SLLIW = 1;
export const SRLIW = 2;
export const SRAIW = 3;
export const ADDW = 4;
export const SUBW = 5;
export const SLLW = 6;
export const SRLW = 7;
const SRAW = 8;
// Within JUMP.
export const JAL = 0;
const JALR = 1;
export const AUIPC = 2;
// Within LOAD and STORE, beyond funct3: the lower two bits of all tell the size.
export const FLW = 10;
const FLD = 11;
// Within MULTIPLY, beyond funct3 (MUL MULH MULHSU MULHU DIV DIVU REM REMU).
export const MULW = 8;
// Within AMO_W and AMO_D: funct5 has gaps, these have none.
const AMO_KINDS: ReadonlyMap<number, number> = new Map([
  [2, 0],
  [3, 1],
  [1, 2],
  [0, 3],
  [4, 4],
  [12, 5],
  [8, 6],
  [16, 7],
  [20, 8],
  [24, 9],
  [28, 10],
]);
// Within FLOAT.
export const FMV_X_W = 0;
export const FMV_X_D = 1;
export const FMV_W_X = 2;
export const FMV_D_X = 3;
export const FSGNJ_S = 4;
const FSGNJ_D = 5;

/** Where a result goes that nobody reads: x0 as a destination. */
export const SINK = 64;

export const rdOf = (word: number): number => (word >> 8) & 126;
export const rs1Of = (word: number): number => (word >> 15) & 62;
export const rs2Of = (word: number): number => (word >> 21) & 62;
/** In bytes: 2 or 4. */
export const lengthOf = (word: number): number => word >>> 28;

/**
 * Decodes one instruction.
 *
 * @param raw its bits; of a compressed one only the lower 16 count.
 * @param into gets the two words at `at`. The immediate of BAD is the bits themselves.
 */
export function decode(raw: number, into: Int32Array, at: number): void {
  const compressed = (raw & 3) !== 3;
  const bits = compressed ? expand(raw & 0xffff) : raw;
  const operation = operationOf(bits);
  const rd = ((bits >>> 7) & 31) << 1;
  const registers =
    ((rd || SINK) << 8) | (((bits >>> 15) & 31) << 16) | (((bits >>> 20) & 31) << 22);
  into[at] = operation | fieldsOf(operation, registers, rd) | ((compressed ? 2 : 4) << 28);
  into[at + 1] = operation === BAD ? (compressed ? raw & 0xffff : raw) : immediateOf(bits);
}

/** A float register 0 is a register like any other. */
function fieldsOf(operation: number, registers: number, rd: number): number {
  const group = operation & GROUP;
  const loadsFloat = group === LOAD && (operation & 15) >= FLW;
  const toFloat = group === FLOAT && (operation & 15) >= FMV_W_X;
  return (loadsFloat || toFloat) && rd === 0 ? registers & ~(SINK << 8) : registers;
}

function immediateOf(bits: number): number {
  switch (bits & 0x7f) {
    case 0x37:
    case 0x17:
      return bits & 0xfffff000;
    case 0x6f: {
      const low = ((bits >>> 20) & 0x7fe) | ((bits >>> 9) & 0x800) | (bits & 0xff000);
      return ((bits >> 31) << 20) | low;
    }
    case 0x63: {
      const low = ((bits >>> 20) & 0x7e0) | ((bits >>> 7) & 0x1e) | ((bits << 4) & 0x800);
      return ((bits >> 31) << 12) | low;
    }
    case 0x23:
    case 0x27:
      return ((bits >> 25) << 5) | ((bits >>> 7) & 31);
    case 0x73:
      return bits;
    case 0x53:
      return (bits >>> 12) & 7;
    default:
      return bits >> 20;
  }
}

function operationOf(bits: number): number {
  const f3 = (bits >>> 12) & 7;
  const f7 = bits >>> 25;
  switch (bits & 0x7f) {
    case 0x03:
      return f3 === 7 ? BAD : LOAD | f3;
    case 0x07:
      return f3 === 2 ? LOAD | FLW : f3 === 3 ? LOAD | FLD : BAD;
    case 0x0f:
      return f3 === 0 ? FENCE : f3 === 1 ? FENCE_I : BAD;
    case 0x13:
      return immediate(f3, f7 >>> 1);
    case 0x17:
      return JUMP | AUIPC;
    case 0x1b:
      return immediateWord(f3, f7);
    case 0x23:
      return f3 > 3 ? BAD : STORE | f3;
    case 0x27:
      return f3 === 2 ? STORE | FLW : f3 === 3 ? STORE | FLD : BAD;
    case 0x2f:
      return atomic(f3, f7 >>> 2, (bits >>> 20) & 31);
    case 0x33:
      return register(f3, f7);
    case 0x37:
      return IMMEDIATE | LUI;
    case 0x3b:
      return registerWord(f3, f7);
    case 0x53:
      return float(f3, f7, (bits >>> 20) & 31);
    case 0x63:
      return f3 === 2 || f3 === 3 ? BAD : BRANCH | f3;
    case 0x67:
      return f3 === 0 ? JUMP | JALR : BAD;
    case 0x6f:
      return JUMP | JAL;
    case 0x73:
      return f3 === 0 ? privileged(bits) : f3 === 4 ? BAD : CSR;
    default:
      return BAD;
  }
}

function immediate(f3: number, f6: number): number {
  if (f3 === 1) return f6 === 0 ? IMMEDIATE | 1 : BAD;
  if (f3 === 5) return f6 === 0 ? IMMEDIATE | 5 : f6 === 16 ? IMMEDIATE | SRAI : BAD;
  return IMMEDIATE | f3;
}

function immediateWord(f3: number, f7: number): number {
  if (f3 === 0) return WORD | ADDIW;
  if (f3 === 1 && f7 === 0) return WORD | SLLIW;
  if (f3 !== 5) return BAD;
  return f7 === 0 ? WORD | SRLIW : f7 === 32 ? WORD | SRAIW : BAD;
}

function register(f3: number, f7: number): number {
  if (f7 === 0) return REGISTER | f3;
  if (f7 === 1) return MULTIPLY | f3;
  if (f7 !== 32) return BAD;
  return f3 === 0 ? REGISTER | SUB : f3 === 5 ? REGISTER | SRA : BAD;
}

function registerWord(f3: number, f7: number): number {
  if (f7 === 0)
    return f3 === 0 ? WORD | ADDW : f3 === 1 ? WORD | SLLW : f3 === 5 ? WORD | SRLW : BAD;
  if (f7 === 32) return f3 === 0 ? WORD | SUBW : f3 === 5 ? WORD | SRAW : BAD;
  if (f7 !== 1 || (f3 > 0 && f3 < 4)) return BAD;
  return MULTIPLY | (f3 === 0 ? MULW : MULW + f3 - 3);
}

function atomic(f3: number, f5: number, rs2: number): number {
  const kind = AMO_KINDS.get(f5);
  if (kind === undefined || (f3 !== 2 && f3 !== 3) || (kind === 0 && rs2 !== 0)) return BAD;
  return (f3 === 2 ? AMO_W : AMO_D) | kind;
}

/** Moves and signs only; arithmetic on floats is missing, and such an instruction is illegal. */
function float(f3: number, f7: number, rs2: number): number {
  if ((f7 === 0x10 || f7 === 0x11) && f3 < 3) return FLOAT | (f7 === 0x10 ? FSGNJ_S : FSGNJ_D);
  if (f3 !== 0 || rs2 !== 0) return BAD;
  if (f7 === 0x70 || f7 === 0x71) return FLOAT | (f7 === 0x70 ? FMV_X_W : FMV_X_D);
  return f7 === 0x78 ? FLOAT | FMV_W_X : f7 === 0x79 ? FLOAT | FMV_D_X : BAD;
}

function privileged(bits: number): number {
  switch (bits) {
    case 0x00000073:
      return ECALL;
    case 0x00100073:
      return EBREAK;
    case 0x10200073:
      return SRET;
    case 0x30200073:
      return MRET;
    case 0x10500073:
      return WFI;
    default:
      return bits >>> 25 === 9 && ((bits >>> 7) & 31) === 0 ? SFENCE_VMA : BAD;
  }
}
