import { expect, test } from 'vitest';
import { expand } from './compressed.ts';
import {
  a0,
  a1,
  addi,
  b,
  EBREAK,
  i,
  jal,
  jalr,
  ld,
  lui,
  lw,
  r,
  s,
  sd,
  sw,
} from './guests/assembler.ts';

const signed = (word: number): number => word | 0;

// Encodings as riscv64-unknown-elf-as 2.40 gives them.
test.each<[string, number, number]>([
  ['c.nop', 0x0001, addi(0, 0, 0)],
  ['c.addi a0, -1', 0x157d, addi(a0, a0, -1)],
  ['c.li a0, 31', 0x457d, addi(a0, 0, 31)],
  ['c.lui a0, 0xfffe1', 0x7505, lui(a0, 0xfffe1)],
  ['c.addi16sp sp, -512', 0x7101, addi(2, 2, -512)],
  ['c.addi4spn a0, sp, 1020', 0x1fe8, addi(a0, 2, 1020)],
  ['c.mv a0, a1', 0x852e, r(0x33, 0, 0, a0, 0, a1)],
  ['c.add a0, a1', 0x952e, r(0x33, 0, 0, a0, a0, a1)],
  ['c.sub a0, a1', 0x8d0d, r(0x33, 0, 32, a0, a0, a1)],
  ['c.addw a0, a1', 0x9d2d, r(0x3b, 0, 0, a0, a0, a1)],
  ['c.slli a0, 63', 0x157e, i(0x13, 1, a0, a0, 63)],
  ['c.srai a0, 1', 0x8505, i(0x13, 5, a0, a0, 0x401)],
  ['c.lw a0, 124(a1)', 0x5de8, lw(a0, a1, 124)],
  ['c.ld a0, 248(a1)', 0x7de8, ld(a0, a1, 248)],
  ['c.sw a0, 4(a1)', 0xc1c8, sw(a0, a1, 4)],
  ['c.sd a0, 8(a1)', 0xe588, sd(a0, a1, 8)],
  ['c.ldsp a0, 504(sp)', 0x757e, ld(a0, 2, 504)],
  ['c.sdsp a0, 504(sp)', 0xffaa, sd(a0, 2, 504)],
  ['c.fld fa0, 8(a1)', 0x2588, i(0x07, 3, a0, a1, 8)],
  ['c.fsd fa0, 8(a1)', 0xa588, s(3, a1, a0, 8, 0x27)],
  ['c.j -2', 0xbffd, jal(0, -2)],
  ['c.beqz a0, -2', 0xdd7d, b(0, a0, 0, -2)],
  ['c.bnez a0, 4', 0xe111, b(1, a0, 0, 4)],
  ['c.jr ra', 0x8082, jalr(0, 1, 0)],
  ['c.jalr a0', 0x9502, jalr(1, a0, 0)],
  ['c.ebreak', 0x9002, EBREAK],
  ['all zeros', 0x0000, 0],
  ['c.addi4spn by 0', 0x0008, 0],
  ['c.lwsp into x0', 0x4002, 0],
])('%s stands for its long form, or is illegal (manual I, chapter 16)', (_, half, word) => {
  expect(signed(expand(half))).toBe(signed(word));
});
