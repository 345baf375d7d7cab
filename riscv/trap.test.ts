import { expect, test } from 'vitest';
import type { Board } from './board.ts';
import {
  a0,
  a1,
  addi,
  csrr,
  csrrs,
  csrw,
  EBREAK,
  ECALL,
  ld,
  li,
  MRET,
  SFENCE_VMA,
  sd,
  t0,
  t1,
  t2,
  WFI,
} from './guests/assembler.ts';
import { boot, executed, registerOf } from './guests/boot.ts';
import { MCAUSE, MEPC, MTVAL, SCAUSE, SUPERVISOR } from './hart.ts';

const set = (csr: number, value: bigint): number[] => [...li(t0, value), csrw(csr, t0)];
const HANDLER = 0x80010000n;
const TABLES = 0x80200000n;
const HERE = 0x80000000n;

const csrOf = (board: Board, at: number): number | undefined => board.harts[0]?.c[at];

/** Enters S or U at the next instruction, with a handler in M, and memory mapped if `satp` says so. */
function enter(mode: 0 | 1, before: readonly number[], satp = 0n): number[] {
  const code = [...before, ...set(0x305, HANDLER), ...set(0x300, BigInt(mode) << 11n)];
  const tail = [...set(0x180, satp), csrw(0x341, t2), MRET];
  // t2 is the place behind mret: 4 bytes an instruction, and 3 instructions make t2.
  const length = code.length + tail.length;
  const place = li(t2, HERE + 4n * BigInt(length + li(t2, HERE + 1024n).length));
  return [...code, ...place, ...tail];
}

test.each<[string, number, number, number]>([
  ['ebreak', EBREAK, 3, 0],
  ['ecall from M', ECALL, 11, 0],
  ['an instruction of all ones', 0xffffffff, 2, -1],
  ['a CSR that is not there', csrr(a0, 0x123), 2, csrr(a0, 0x123) | 0],
  ['a write to a CSR that is only read', csrw(0xf14, t0), 2, csrw(0xf14, t0) | 0],
])(
  '%s traps with its cause, pc and value (manual II, 3.1.14 to 3.1.16)',
  (_, word, cause, value) => {
    const board = executed([...set(0x305, HANDLER), word]);
    const at = 4 * set(0x305, HANDLER).length;
    expect(csrOf(board, MCAUSE)).toBe(cause);
    expect(csrOf(board, MEPC)).toBe((0x80000000 + at) | 0);
    expect(csrOf(board, MTVAL)).toBe(value);
    expect(board.harts[0]?.pcLo).toBe(Number(HANDLER) | 0);
  },
);

test('ecall from U goes to S when it is delegated, with cause 8 (manual II, 3.1.8)', () => {
  const before = [...set(0x302, 0x100n), ...set(0x105, HANDLER + 64n)];
  const board = executed([...enter(0, before), ECALL]);
  expect(csrOf(board, SCAUSE)).toBe(8);
  expect(board.harts[0]?.privilege).toBe(SUPERVISOR);
  expect(board.harts[0]?.pcLo).toBe(Number(HANDLER + 64n) | 0);
});

test('S cannot reach a CSR of M', () => {
  const board = executed([...enter(1, []), csrr(a0, 0x300)]);
  expect(csrOf(board, MCAUSE)).toBe(2);
});

test.each<[string, number, bigint, bigint]>([
  ['mideleg keeps what S can be given', 0x303, 0xffffn, 0x222n],
  ['medeleg never has ecall from M', 0x302, 0xffffn, 0xb3ffn],
  ['mepc has no bit 0', 0x341, 0x80000003n, 0x80000002n],
  ['a satp of unknown mode is not written', 0x180, 5n << 60n, 0n],
  ['a trap vector of unknown mode is not written', 0x305, 0x80000002n, 0n],
  ['misa does not change', 0x301, 0n, 0x800000000014112dn],
  ['pmpaddr has 54 bits', 0x3b0, -1n, 0x3fffffffffffffn],
])('%s', (_, csr, value, kept) => {
  expect(registerOf(executed([...set(csr, value), csrr(a0, csr)]), a0)).toBe(kept);
});

test('time is illegal in S until mcounteren lets it, and stimecmp until menvcfg does too', () => {
  expect(csrOf(executed([...enter(1, []), csrr(a0, 0xc01)]), MCAUSE)).toBe(2);
  const counters = set(0x306, 2n);
  expect(csrOf(executed([...enter(1, counters), csrr(a0, 0xc01)]), MCAUSE)).toBe(0);
  expect(csrOf(executed([...enter(1, counters), csrr(a0, 0x14d)]), MCAUSE)).toBe(2);
  const sstc = [...counters, ...set(0x30a, 1n << 63n)];
  expect(csrOf(executed([...enter(1, sstc), csrr(a0, 0x14d)]), MCAUSE)).toBe(0);
});

test('the time is the number of instructions, whatever the turns', () => {
  const code = [...Array.from({ length: 20 }, () => addi(a1, a1, 1)), csrr(a0, 0xc01)];
  for (const lease of [1, 7, 100]) {
    const board = boot(code);
    while (board.clock < code.length) board.turn(0, Math.min(lease, code.length - board.clock));
    expect(registerOf(board, a0)).toBe(20n);
  }
});

test('a timer of Sstc interrupts S at its very instruction (manual II, chapter 17)', () => {
  const before = [
    ...set(0x306, 2n),
    ...set(0x30a, 1n << 63n),
    ...set(0x303, 0x222n),
    ...set(0x304, 0x20n),
    ...set(0x105, HANDLER),
    ...set(0x14d, 500n),
    ...li(t1, 2n),
  ];
  const code = [...enter(1, before), csrrs(0, 0x100, t1), ...Array(600).fill(addi(a1, a1, 1))];
  const board = boot(code);
  while (csrOf(board, SCAUSE) === 0 && board.clock < 700) board.turn(0, 1);
  expect(csrOf(board, SCAUSE)).toBe(5);
  expect(board.clock).toBe(501);
});

test('wfi waits until an enabled interrupt is pending, and the clock skips to its timer', () => {
  const clint = [...li(t0, 0x02004000n), ...li(t1, 10_000n), sd(t1, t0, 0)];
  const code = [...clint, ...set(0x304, 0x80n), WFI, addi(a0, a0, 5)];
  const board = boot(code);
  expect(board.turn(0, 1000)).toBe(code.length - 1);
  expect(board.canRun(0)).toBe(false);
  expect(board.skipToTimer()).toBe(true);
  expect(board.clock).toBe(10_000);
  expect(board.canRun(0)).toBe(true);
  board.turn(0, 1);
  expect(registerOf(board, a0)).toBe(5n);
});

const satp = (8n << 60n) | (TABLES >> 12n);
const LEAF = 0xcfn;

/** Maps 1 GiB at 0x80000000 to itself, and 0x40000000 by `pte` in the root. */
function tables(pte: bigint): number[] {
  const gigabyte = (HERE >> 2n) | LEAF;
  return [...li(t0, TABLES), ...li(t1, gigabyte), sd(t1, t0, 16), ...li(t1, pte), sd(t1, t0, 8)];
}

test('Sv39 translates, and sets A in the entry (manual II, 11.3.2)', () => {
  const entry = (HERE >> 2n) | 0x07n;
  const code = enter(1, tables(entry), satp);
  const board = executed([
    ...code,
    ...li(t0, 0x40000000n),
    ld(a0, t0, 0),
    ...li(t1, TABLES),
    ld(a1, t1, 8),
  ]);
  expect(registerOf(board, a0)).toBe((BigInt(code[1]!) << 32n) | BigInt(code[0]!));
  expect(registerOf(board, a1)).toBe(entry | 0x40n);
});

test.each<[string, bigint]>([
  ['not valid', 0n],
  ['writable but not readable', (HERE >> 2n) | 0xc5n],
  ['of a user, without SUM', (HERE >> 2n) | 0xdfn],
  ['with reserved bit 54', (HERE >> 2n) | LEAF | (1n << 54n)],
  ['a misaligned superpage', ((HERE + 4096n) >> 2n) | LEAF],
  ['a branch with A set', (TABLES >> 2n) | 0x41n],
])('a load through an entry that is %s: page fault 13', (_, pte) => {
  const code = [...enter(1, tables(pte), satp), ...li(t0, 0x40000000n), ld(a0, t0, 0)];
  const board = executed(code);
  expect(csrOf(board, MCAUSE)).toBe(13);
  expect(csrOf(board, MTVAL)).toBe(0x40000000);
});

test('an address with other bits above 38 is a page fault, also when its page is in the TLB', () => {
  const code = [
    ...enter(1, tables((HERE >> 2n) | LEAF), satp),
    ...li(t0, 0x40000000n),
    ld(a0, t0, 0),
  ];
  const board = executed([...code, ...li(t0, (1n << 39n) + 0x40000000n), ld(a0, t0, 0)]);
  expect(csrOf(board, MCAUSE)).toBe(13);
  expect(board.harts[0]?.c[MTVAL + 1]).toBe(1 << 7);
});

test('a TLB stays stale until sfence.vma: a changed entry is not seen before', () => {
  const code = [
    ...enter(1, tables((HERE >> 2n) | LEAF), satp),
    ...li(t0, 0x40000000n),
    ld(a0, t0, 0),
    ...li(t1, TABLES),
    sd(0, t1, 8),
    ld(a0, t0, 0),
  ];
  const board = boot([...code, SFENCE_VMA, ld(a0, t0, 0)]);
  board.turn(0, code.length);
  expect(csrOf(board, MCAUSE)).toBe(0);
  board.turn(0, 2);
  expect(csrOf(board, MCAUSE)).toBe(13);
});
