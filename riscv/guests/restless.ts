/**
 * A guest whose harts race, wait and are woken. Hart 0 is a shell as in echo.ts: it prompts "$ ", and
 * prints what is typed. All harts count in one word without a lock; the others sleep for 50 ticks of
 * their timer each time round.
 */

import {
  a0,
  a1,
  a2,
  addi,
  b,
  csrr,
  csrw,
  i,
  jal,
  ld,
  lui,
  lw,
  r,
  sb,
  sd,
  sw,
  t0,
  t1,
  t2,
  WFI,
  zero,
} from './assembler.ts';

const MHARTID = 0xf14;
const MIE = 0x304;
const MTIE = 1 << 7;
const LSR = 5;
const lbu = (rd: number, rs1: number, imm: number): number => i(0x03, 4, rd, rs1, imm);
const andi = (rd: number, rs1: number, imm: number): number => i(0x13, 7, rd, rs1, imm);
const slli = (rd: number, rs1: number, by: number): number => i(0x13, 1, rd, rs1, by);

/** Counts in the word that a1 points at. */
const COUNT = [lw(t1, a1, 0), addi(t1, t1, 1), sw(t1, a1, 0)];

const SHELL = [
  lui(t0, 0x10000),
  addi(t1, zero, 0x24),
  sb(t1, t0, 0),
  addi(t1, zero, 0x20),
  sb(t1, t0, 0),
  ...COUNT,
  lbu(t1, t0, LSR),
  andi(t1, t1, 1),
  b(0, t1, zero, -20),
  lbu(t1, t0, 0),
  sb(t1, t0, 0),
  addi(t2, zero, 10),
  b(1, t1, t2, -36),
  jal(zero, -56),
];

/** t0: mtime; a2: the hart's mtimecmp. */
const SLEEPER = [
  lui(t0, 0x200c),
  addi(t0, t0, -8),
  lui(a2, 0x2004),
  slli(a0, a0, 3),
  r(0x33, 0, 0, a2, a2, a0),
  addi(t1, zero, MTIE),
  csrw(MIE, t1),
  ...COUNT,
  ld(t2, t0, 0),
  addi(t2, t2, 50),
  sd(t2, a2, 0),
  WFI,
  jal(zero, -28),
];

export const RESTLESS: readonly number[] = [
  csrr(a0, MHARTID),
  lui(a1, 0x801),
  slli(a1, a1, 8),
  b(1, a0, zero, 4 * (SHELL.length + 1)),
  ...SHELL,
  ...SLEEPER,
];
