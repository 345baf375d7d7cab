/**
 * A small assembler for the guests of the tests: one function an instruction format, labels by
 * number of instructions. It knows nothing of decode.ts, so that one checks the other.
 */

/** Numbers of registers by their names in the calling convention. */
export const zero = 0;
export const t0 = 5;
export const t1 = 6;
export const t2 = 7;
export const a0 = 10;
export const a1 = 11;
export const a2 = 12;

export const r = (op: number, f3: number, f7: number, rd: number, rs1: number, rs2: number) =>
  (op | (rd << 7) | (f3 << 12) | (rs1 << 15) | (rs2 << 20) | (f7 << 25)) >>> 0;

export const i = (op: number, f3: number, rd: number, rs1: number, imm: number) =>
  (op | (rd << 7) | (f3 << 12) | (rs1 << 15) | ((imm & 0xfff) << 20)) >>> 0;

export const s = (f3: number, rs1: number, rs2: number, imm: number, op = 0x23) =>
  (op | ((imm & 31) << 7) | (f3 << 12) | (rs1 << 15) | (rs2 << 20) | ((imm >> 5) << 25)) >>> 0;

export function b(f3: number, rs1: number, rs2: number, imm: number): number {
  const low = (((imm >> 1) & 15) << 8) | (((imm >> 11) & 1) << 7);
  const high = (((imm >> 5) & 63) << 25) | (((imm >> 12) & 1) << 31);
  return (0x63 | low | (f3 << 12) | (rs1 << 15) | (rs2 << 20) | high) >>> 0;
}

export function jal(rd: number, imm: number): number {
  const high = (((imm >> 1) & 0x3ff) << 21) | (((imm >> 20) & 1) << 31);
  return (0x6f | (rd << 7) | (imm & 0xff000) | (((imm >> 11) & 1) << 20) | high) >>> 0;
}

export const addi = (rd: number, rs1: number, imm: number) => i(0x13, 0, rd, rs1, imm);
export const lui = (rd: number, imm: number) => (0x37 | (rd << 7) | (imm << 12)) >>> 0;
export const auipc = (rd: number, imm: number) => (0x17 | (rd << 7) | (imm << 12)) >>> 0;
export const jalr = (rd: number, rs1: number, imm: number) => i(0x67, 0, rd, rs1, imm);
export const lw = (rd: number, rs1: number, imm: number) => i(0x03, 2, rd, rs1, imm);
export const ld = (rd: number, rs1: number, imm: number) => i(0x03, 3, rd, rs1, imm);
export const sb = (rs2: number, rs1: number, imm: number) => s(0, rs1, rs2, imm);
export const sw = (rs2: number, rs1: number, imm: number) => s(2, rs1, rs2, imm);
export const sd = (rs2: number, rs1: number, imm: number) => s(3, rs1, rs2, imm);
const csrrw = (rd: number, csr: number, rs1: number) => i(0x73, 1, rd, rs1, csr);
export const csrrs = (rd: number, csr: number, rs1: number) => i(0x73, 2, rd, rs1, csr);
export const csrr = (rd: number, csr: number) => csrrs(rd, csr, zero);
export const csrw = (csr: number, rs1: number) => csrrw(zero, csr, rs1);
const slli = (rd: number, rs1: number, by: number) => i(0x13, 1, rd, rs1, by);
/** @param f5 the operation; f3 is 2 for 4 bytes, 3 for 8. */
export const amo = (f5: number, f3: number, rd: number, rs1: number, rs2: number) =>
  r(0x2f, f3, f5 << 2, rd, rs1, rs2);
export const ECALL = 0x73;
export const EBREAK = 0x100073;
export const MRET = 0x30200073;
export const WFI = 0x10500073;
export const SFENCE_VMA = 0x12000073;

/** Any 64 bits into a register, by way of a number of shifts: 16 instructions at most. */
export function li(rd: number, value: bigint): number[] {
  const bits = BigInt.asIntN(64, value);
  if (bits >= -2048n && bits < 2048n) return [addi(rd, zero, Number(bits))];
  const low = Number(BigInt.asIntN(11, bits & 0x7ffn));
  const rest = (bits - BigInt(low)) >> 11n;
  const low11 = addi(rd, rd, low);
  return [...li(rd, rest), slli(rd, rd, 11), low11];
}

/** An ELF64 file for RISC-V that loads these instructions, or these bytes, at an address. */
export function elf(code: readonly number[] | Uint8Array, at = 0x80000000): Uint8Array {
  const bytes = code instanceof Uint8Array ? code : new Uint8Array(Uint32Array.from(code).buffer);
  const file = new Uint8Array(120 + bytes.length);
  const view = new DataView(file.buffer);
  file.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  view.setUint16(16, 2, true);
  view.setUint16(18, 243, true);
  view.setUint32(24, at, true);
  view.setUint32(32, 64, true);
  view.setUint16(54, 56, true);
  view.setUint16(56, 1, true);
  view.setUint32(64, 1, true);
  view.setUint32(72, 120, true);
  view.setUint32(88, at, true);
  view.setUint32(96, bytes.length, true);
  view.setUint32(104, bytes.length, true);
  file.set(bytes, 120);
  return file;
}
