import { expect, test } from 'vitest';
import {
  a0,
  a1,
  a2,
  addi,
  amo,
  auipc,
  csrr,
  csrw,
  i,
  jal,
  ld,
  li,
  lw,
  s,
  sd,
  sw,
  t0,
  t1,
} from './guests/assembler.ts';
import { boot, executed, registerOf } from './guests/boot.ts';

const DATA = 0x80100000n;
const PATTERN = 0x8182838485868788n;
const stored = [...li(t0, DATA), ...li(t1, PATTERN), sd(t1, t0, 0)];

test.each<[string, number, bigint]>([
  ['lb', 0, 0xffffffffffffff88n],
  ['lh', 1, 0xffffffffffff8788n],
  ['lw', 2, 0xffffffff85868788n],
  ['ld', 3, PATTERN],
  ['lbu', 4, 0x88n],
  ['lhu', 5, 0x8788n],
  ['lwu', 6, 0x85868788n],
])('%s reads its size and extends it (manual I, 2.6 and 4.3)', (_, f3, value) => {
  expect(registerOf(executed([...stored, i(0x03, f3, a0, t0, 0)]), a0)).toBe(value);
});

test.each<[string, number, bigint]>([
  ['sb', 0, 0x8182838485868711n],
  ['sh', 1, 0x8182838485862211n],
  ['sw', 2, 0x8182838444332211n],
  ['sd', 3, 0x8877665544332211n],
])('%s writes its size and nothing else', (_, f3, value) => {
  const code = [...stored, ...li(a1, 0x8877665544332211n), s(f3, t0, a1, 0), ld(a0, t0, 0)];
  expect(registerOf(executed(code), a0)).toBe(value);
});

test('a misaligned access succeeds, over the end of a page too (manual I, 2.6 leaves it open)', () => {
  for (const at of [1n, 0xff9n, 0xffdn]) {
    const code = [...li(t0, DATA + at), ...li(t1, PATTERN), sd(t1, t0, 0), ld(a0, t0, 0)];
    expect(registerOf(executed(code), a0)).toBe(PATTERN);
  }
});

test.each<[string, number, bigint]>([
  ['lbu', 4, 0xffn],
  ['lhu', 5, 0xffffn],
  ['lwu', 6, 0xffffffffn],
  ['ld', 3, 0xffffffffffffffffn],
])('%s of PCI configuration space finds no card: all ones (PCI 3.0, 6.1)', (_, f3, ones) => {
  for (const at of [0x30000000n, 0x30008000n, 0x3ffffff8n]) {
    const code = [...li(t0, at), sd(t0, t0, 0), i(0x03, f3, a0, t0, 0)];
    const board = executed(code);
    expect([registerOf(board, a0), board.harts[0]?.c[14]]).toEqual([ones, 0]);
  }
});

test('a load where nothing is: cause 5, and the address in mtval (manual II, 3.1.16)', () => {
  const code = [...li(t0, 0x40000000n), lw(a0, t0, 4)];
  const board = executed(code);
  expect(board.harts[0]?.c[14]).toBe(5);
  expect(board.harts[0]?.c[16]).toBe(0x40000004);
});

test('a store above 4 GiB: cause 7', () => {
  const board = executed([...li(t0, 0x180000000n), sw(a0, t0, 0)]);
  expect(board.harts[0]?.c[14]).toBe(7);
});

const wide = (value: bigint): bigint => BigInt.asUintN(64, value);

test.each<[string, number, bigint, bigint]>([
  ['amoswap', 1, 5n, 3n],
  ['amoadd', 0, 5n, 8n],
  ['amoxor', 4, 5n, 6n],
  ['amoand', 12, 5n, 1n],
  ['amoor', 8, 5n, 7n],
  ['amomin', 16, -5n, -5n],
  ['amomax', 20, -5n, 3n],
  ['amominu', 24, -5n, 3n],
  ['amomaxu', 28, -5n, -5n],
])(
  '%s of both sizes answers the old value and leaves the new (manual I, 8.4)',
  (_, f5, old, left) => {
    for (const f3 of [2, 3]) {
      const code = [...li(t0, DATA), ...li(t1, old), sd(t1, t0, 0), addi(a1, 0, 3)];
      const load = f3 === 2 ? lw(a2, t0, 0) : ld(a2, t0, 0);
      const board = executed([...code, amo(f5, f3, a0, t0, a1), load]);
      expect([registerOf(board, a0), registerOf(board, a2)]).toEqual([wide(old), wide(left)]);
    }
  },
);

test('a misaligned amo has cause 6, a misaligned lr cause 4', () => {
  for (const [f5, cause] of [
    [0, 6],
    [2, 4],
  ] as const) {
    const board = executed([...li(t0, DATA + 4n), amo(f5, 3, a0, t0, 0)]);
    expect(board.harts[0]?.c[14]).toBe(cause);
  }
});

test('sc succeeds after lr, once, and not without (manual I, 8.3)', () => {
  const lr = amo(2, 3, a0, t0, 0);
  const sc = amo(3, 3, a1, t0, t1);
  expect(registerOf(executed([...stored, lr, sc]), a1)).toBe(0n);
  expect(registerOf(executed([...stored, lr, sc, sc]), a1)).toBe(1n);
  expect(registerOf(executed([...stored, sc]), a1)).toBe(1n);
});

test('another hart storing the same value between lr and sc makes sc fail', () => {
  const code = [...stored, amo(2, 3, a0, t0, 0), amo(3, 3, a1, t0, t1)];
  const board = boot(code, { harts: 2 });
  board.turn(0, code.length - 1);
  board.turn(1, stored.length);
  board.turn(0, 1);
  expect(registerOf(board, a1)).toBe(1n);
});

test('a store into code that was executed is executed from then on', () => {
  const code = [...li(t0, 0x80000000n), ...li(t1, BigInt(addi(a0, 0, 9))), addi(a0, 0, 1), 0x13];
  const at = 4 * (code.length - 2);
  const program = [...code.slice(0, -1), sw(t1, t0, at), jal(0, -8)];
  const board = boot(program);
  board.turn(0, program.length);
  expect(registerOf(board, a0)).toBe(1n);
  board.turn(0, 1);
  expect(registerOf(board, a0)).toBe(9n);
});

test.each<[string, number]>([
  ['flw', 2],
  ['fld', 3],
])('%s makes the float registers dirty, so that a kernel that saves them does', (_, f3) => {
  const initial = 0x2000n;
  const code = [
    ...li(t0, initial),
    csrw(0x300, t0),
    auipc(a1, 0),
    i(0x07, f3, 0, a1, 0),
    csrr(a0, 0x300),
  ];
  expect(registerOf(executed(code), a0) & 0x6000n).toBe(0x6000n);
});
