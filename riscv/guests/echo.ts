/**
 * A guest that is a shell of one word: it prints "$ ", and everything that is typed, until the end of
 * the line; then again. It polls the UART. Harts other than 0 wait for ever.
 */

import { a0, addi, b, csrr, i, jal, lui, sb, t0, t1, t2, WFI, zero } from './assembler.ts';

const MHARTID = 0xf14;
const LSR = 5;
const lbu = (rd: number, rs1: number, imm: number): number => i(0x03, 4, rd, rs1, imm);
const andi = (rd: number, rs1: number, imm: number): number => i(0x13, 7, rd, rs1, imm);

export const ECHO: readonly number[] = [
  csrr(a0, MHARTID),
  b(1, a0, zero, 60),
  lui(t0, 0x10000),
  addi(t1, zero, 0x24),
  sb(t1, t0, 0),
  addi(t1, zero, 0x20),
  sb(t1, t0, 0),
  lbu(t1, t0, LSR),
  andi(t1, t1, 1),
  b(0, t1, zero, -8),
  lbu(t1, t0, 0),
  sb(t1, t0, 0),
  addi(t2, zero, 10),
  b(1, t1, t2, -24),
  jal(zero, -44),
  0x13,
  WFI,
  jal(zero, -4),
];
