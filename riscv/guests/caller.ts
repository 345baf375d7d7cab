/**
 * A kernel of one process, pid 9, that makes one system call, `frob(5)`, which answers −2; then it
 * stands still. It has what xv6 has: `cpus`, `syscalls`, and a `sys_getpid` that reads a pid.
 */

import {
  a0,
  addi,
  auipc,
  csrr,
  csrw,
  ECALL,
  elf,
  jal,
  lw,
  MRET,
  t0,
  t1,
  zero,
} from './assembler.ts';
import { withSymbols } from './symbols.ts';

const BASE = 0x80000000;
const MTVEC = 0x305;
const MEPC = 0x341;
const PMPCFG0 = 0x3a0;
const PMPADDR0 = 0x3b0;
const a7 = 17;
const HANDLER = 40;
const USER = 60;
const GETPID = 76;
const FROB = 80;
const SYSCALLS = 88;
const CPUS = 104;
const PROC = 168;

const CODE = [
  auipc(t0, 0),
  addi(t1, t0, HANDLER),
  csrw(MTVEC, t1),
  addi(t1, t0, USER),
  csrw(MEPC, t1),
  addi(t1, zero, -1),
  csrw(PMPADDR0, t1),
  addi(t1, zero, 15),
  csrw(PMPCFG0, t1),
  MRET,
  csrr(t1, MEPC),
  addi(t1, t1, 4),
  csrw(MEPC, t1),
  addi(a0, zero, -2),
  MRET,
  addi(a7, zero, 1),
  addi(a0, zero, 5),
  ECALL,
  jal(zero, 0),
  lw(a0, a0, 8),
  0x13,
  0x13,
];
const SYSCALLS_WORDS = [0, 0, BASE + FROB, 0];
const CPUS_WORDS = [BASE + PROC, ...new Array<number>(15).fill(0)];
const PROC_WORDS = [0, 0, 9, 0];

export const CALLER = elf([...CODE, ...SYSCALLS_WORDS, ...CPUS_WORDS, ...PROC_WORDS]);

const symbol = (name: string, offset: number, size: number, kind: number) => ({
  name,
  address: BASE + offset,
  size,
  kind,
});

/** The same with its symbols. */
export const NAMED_CALLER = withSymbols(CALLER, [
  symbol('sys_frob', FROB, 4, 2),
  symbol('_entry', 0, 0, 0),
  symbol('sys_getpid', GETPID, 4, 2),
  symbol('syscalls', SYSCALLS, 16, 1),
  symbol('cpus', CPUS, 64, 1),
]);
