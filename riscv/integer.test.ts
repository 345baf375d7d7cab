import { expect, test } from 'vitest';
import {
  a0,
  a1,
  a2,
  addi,
  auipc,
  b,
  i,
  jal,
  jalr,
  li,
  lui,
  r,
  t0,
  zero,
} from './guests/assembler.ts';
import { boot, executed, registerOf } from './guests/boot.ts';

const MIN = -(2n ** 63n);
const VALUES = [
  0n,
  1n,
  -1n,
  2n,
  63n,
  0x7fffffffn,
  0x80000000n,
  -0x80000000n,
  0xffffffffn,
  2n ** 32n,
];
const EDGES = [...VALUES, MIN, MIN + 1n, -MIN - 1n, 0x123456789abcdef0n, -0x123456789n];
const u64 = (value: bigint): bigint => BigInt.asUintN(64, value);
const s32 = (value: bigint): bigint => BigInt.asIntN(32, value);
const u32 = (value: bigint): bigint => BigInt.asUintN(32, value);

type Law = (a: bigint, b: bigint) => bigint;

/** Executes rd = rs1 op rs2 for all pairs of edges, one after another, and compares with the law. */
function agrees(op: number, f3: number, f7: number, law: Law): void {
  const pairs = EDGES.flatMap((a) => EDGES.map((other) => [a, other] as const));
  const code = pairs.map(([a, other]) => [
    ...li(a0, a),
    ...li(a1, other),
    r(op, f3, f7, a2, a0, a1),
  ]);
  const board = boot(code.flat());
  for (const [index, [a, other]] of pairs.entries()) {
    board.turn(0, code[index]!.length);
    expect([a, other, registerOf(board, a2)]).toEqual([a, other, u64(law(a, other))]);
  }
}

const shift = (by: bigint): bigint => by & 63n;

test.each<[string, number, number, Law]>([
  ['add', 0, 0, (a, c) => a + c],
  ['sub', 0, 32, (a, c) => a - c],
  ['sll', 1, 0, (a, c) => a << shift(c)],
  ['slt', 2, 0, (a, c) => (a < c ? 1n : 0n)],
  ['sltu', 3, 0, (a, c) => (u64(a) < u64(c) ? 1n : 0n)],
  ['xor', 4, 0, (a, c) => a ^ c],
  ['srl', 5, 0, (a, c) => u64(a) >> shift(c)],
  ['sra', 5, 32, (a, c) => a >> shift(c)],
  ['or', 6, 0, (a, c) => a | c],
  ['and', 7, 0, (a, c) => a & c],
])('%s is what 64-bit arithmetic says (manual I, 2.4)', (_, f3, f7, law) =>
  agrees(0x33, f3, f7, law),
);

test.each<[string, number, number, Law]>([
  ['addw', 0, 0, (a, c) => s32(a + c)],
  ['subw', 0, 32, (a, c) => s32(a - c)],
  ['sllw', 1, 0, (a, c) => s32(a << (c & 31n))],
  ['srlw', 5, 0, (a, c) => s32(u32(a) >> (c & 31n))],
  ['sraw', 5, 32, (a, c) => s32(a) >> (c & 31n)],
])('%s extends the sign of 32 bits (manual I, 4.2)', (_, f3, f7, law) => agrees(0x3b, f3, f7, law));

const quotient: Law = (a, c) => (c === 0n ? -1n : a / c);
const remainder: Law = (a, c) => (c === 0n ? a : a % c);

test.each<[string, number, number, Law]>([
  ['mul', 0x33, 0, (a, c) => a * c],
  ['mulh', 0x33, 1, (a, c) => (a * c) >> 64n],
  ['mulhsu', 0x33, 2, (a, c) => (a * u64(c)) >> 64n],
  ['mulhu', 0x33, 3, (a, c) => (u64(a) * u64(c)) >> 64n],
  ['div', 0x33, 4, quotient],
  ['divu', 0x33, 5, (a, c) => quotient(u64(a), u64(c))],
  ['rem', 0x33, 6, remainder],
  ['remu', 0x33, 7, (a, c) => remainder(u64(a), u64(c))],
  ['mulw', 0x3b, 0, (a, c) => s32(a * c)],
  ['divw', 0x3b, 4, (a, c) => s32(quotient(s32(a), s32(c)))],
  ['divuw', 0x3b, 5, (a, c) => s32(quotient(u32(a), u32(c)))],
  ['remw', 0x3b, 6, (a, c) => s32(remainder(s32(a), s32(c)))],
  ['remuw', 0x3b, 7, (a, c) => s32(remainder(u32(a), u32(c)))],
])('%s, also by zero and where it overflows (manual I, 7.2)', (_, op, f3, law) =>
  agrees(op, f3, 1, law),
);

test.each<[string, number, Law]>([
  ['addi', 0, (a, c) => a + c],
  ['slti', 2, (a, c) => (a < c ? 1n : 0n)],
  ['sltiu', 3, (a, c) => (u64(a) < u64(c) ? 1n : 0n)],
  ['xori', 4, (a, c) => a ^ c],
  ['ori', 6, (a, c) => a | c],
  ['andi', 7, (a, c) => a & c],
])('%s extends the sign of its 12 bits (manual I, 2.4)', (_, f3, law) => {
  for (const a of EDGES) {
    for (const imm of [0, 1, -1, 2047, -2048]) {
      const board = executed([...li(a0, a), i(0x13, f3, a2, a0, imm)], { memory: 4 });
      expect(registerOf(board, a2)).toBe(u64(law(a, BigInt(imm))));
    }
  }
});

test.each<[string, number, boolean, boolean, boolean]>([
  ['beq', 0, false, true, false],
  ['bne', 1, true, false, true],
  ['blt', 4, true, false, false],
  ['bge', 5, false, true, true],
  ['bltu', 6, false, false, true],
  ['bgeu', 7, true, true, false],
])('%s compares 64 bits: -1 with 1, 1 with 1, 1 with -1 (manual I, 2.5)', (_, f3, ...taken) => {
  const pairs = [
    [-1, 1],
    [1, 1],
    [1, -1],
  ] as const;
  for (const [index, [left, right]] of pairs.entries()) {
    const code = [
      addi(a0, zero, left),
      addi(a1, zero, right),
      b(f3, a0, a1, 8),
      addi(a2, zero, 7),
      0x13,
    ];
    const board = executed(code.slice(0, 4), { memory: 4 });
    expect(registerOf(board, a2)).toBe(taken[index] ? 0n : 7n);
  }
});

test('x0 stays 0', () => {
  expect(registerOf(executed([addi(zero, zero, 5), addi(a0, zero, 0)]), a0)).toBe(0n);
});

test('lui extends its sign, and auipc counts from itself (manual I, 4.2)', () => {
  const board = executed([lui(a0, 0x80000), auipc(a1, 1)]);
  expect(registerOf(board, a0)).toBe(0xffffffff80000000n);
  expect(registerOf(board, a1)).toBe(0x80001004n);
});

test('jal and jalr leave the address of the next instruction, and bit 0 is cleared (manual I, 2.5)', () => {
  const board = boot([jal(a0, 8), 0, auipc(t0, 0), jalr(a1, t0, 13)]);
  board.turn(0, 3);
  expect(registerOf(board, a0)).toBe(0x80000004n);
  expect(registerOf(board, a1)).toBe(0x80000010n);
  expect(board.harts[0]?.pcLo).toBe(0x80000014 | 0);
});
