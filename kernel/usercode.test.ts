import { expect, test } from 'vitest';
import { onEveryMachine, Situation } from '../property-tests/executions.ts';
import { fork, type Part, type Program, waitStatus } from '../user/ulib.ts';
import { DATA } from './abi.ts';

test('atomic instructions answer the value before', () => {
  onEveryMachine(function* (u) {
    expect(u.fetchAdd(DATA, 5) ?? (yield)).toBe(0);
    expect(u.exchange(DATA, 9) ?? (yield)).toBe(5);
    expect(u.compareExchange(DATA, 8, 1) ?? (yield)).toBe(9);
    expect(u.load(DATA) ?? (yield)).toBe(9);
    expect(u.compareExchange(DATA, 9, 1) ?? (yield)).toBe(9);
    expect(u.load(DATA) ?? (yield)).toBe(1);
  });
});

test('words are signed and lie in memory with the lowest byte first', () => {
  onEveryMachine(function* (u) {
    u.store(DATA, 0x01020380) ?? (yield);
    expect(u.loadByte(DATA) ?? (yield)).toBe(0x80);
    expect(u.loadByte(DATA + 3) ?? (yield)).toBe(1);
    u.storeByte(DATA + 3, 0x1ff) ?? (yield);
    expect(u.load(DATA) ?? (yield)).toBe(0xff020380 | 0);
    u.store(DATA, 0xffff_ffff) ?? (yield);
    expect(u.load(DATA) ?? (yield)).toBe(-1);
  });
});

test('a child has its own view of local variables, however deep in the program the fork is', () => {
  function* deep(u: Parameters<Program>[0], depth: number): Part<number> {
    if (depth > 0) return (yield* deep(u, depth - 1)) + 1;
    return (fork(u) ?? (yield)) === 0 ? 100 : 0;
  }
  onEveryMachine(function* (u) {
    const sum = yield* deep(u, 5);
    if (sum === 105) return 6;
    expect(sum).toBe(5);
    expect((yield* waitStatus(u)).status).toBe(6);
    return 0;
  });
});

test('a program that depends on more than its answers is named when fork runs it again', () => {
  let runs = 0;
  const program: Program = function* (u): Part<number> {
    runs++;
    if (runs > 1) u.load(DATA) ?? (yield);
    return fork(u) ?? (yield);
  };
  const situation = new Situation({ program }, [['program']], { ncpu: 1 });
  expect(() => situation.execute('round-robin', 1)).toThrow(
    /program program did something else when fork ran it again/,
  );
});
