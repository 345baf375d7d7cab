import { describe, expect, test } from 'vitest';
import { onEveryMachine } from '../property-tests/executions.ts';
import {
  exit,
  fork,
  O_RDONLY,
  O_RDWR,
  O_WRONLY,
  print,
  putString,
  sbrk,
  shm_close,
  shm_map,
  shm_open,
  shm_trunc,
  waitStatus,
} from '../user/ulib.ts';
import { DATAEND, SYS_shm_map, SYS_shm_open } from './abi.ts';

// Each row of the table, on 1, 2 and 4 CPUs under two strategies. A program's own expectations end
// the execution, and the test, where they fail.

const INT_MAX = 0x7fff_ffff;
const INT_MIN = -0x8000_0000;

describe('shm_open', () => {
  test('answers the lowest free descriptor', () => {
    onEveryMachine(function* (u) {
      for (let i = 0; i < 4; i++) expect(yield* shm_open(u, `n${i}`)).toBe(i);
      expect(shm_close(u, 2) ?? (yield)).toBe(0);
      expect(shm_close(u, 0) ?? (yield)).toBe(0);
      expect(yield* shm_open(u, 'again')).toBe(0);
      expect(yield* shm_open(u, 'again')).toBe(2);
    });
  });

  test('every open of one name has a descriptor and a reference of its own', () => {
    onEveryMachine(function* (u) {
      expect(yield* shm_open(u, 'a')).toBe(0);
      expect(yield* shm_open(u, 'a')).toBe(1);
      expect(shm_trunc(u, 0, 4096) ?? (yield)).toBe(4096);
      expect(shm_close(u, 0) ?? (yield)).toBe(0);
      // The same object still: it has its size.
      expect(shm_trunc(u, 1, 4096) ?? (yield)).toBe(-1);
      expect(shm_close(u, 1) ?? (yield)).toBe(0);
      expect(yield* shm_open(u, 'a')).toBe(0);
      expect(shm_trunc(u, 0, 4096) ?? (yield)).toBe(4096);
    });
  });

  test('takes names of 1 to 15 bytes', () => {
    onEveryMachine(function* (u) {
      expect(yield* shm_open(u, '')).toBe(-1);
      expect(yield* shm_open(u, 'sixteen bytes...')).toBe(-1);
      expect(yield* shm_open(u, 'x')).toBe(0);
      expect(yield* shm_open(u, 'fifteen bytes..')).toBe(1);
      // Differs in the last byte only.
      expect(yield* shm_open(u, 'fifteen bytes.!')).toBe(2);
      expect(shm_trunc(u, 1, 1) ?? (yield)).toBe(4096);
      expect(shm_trunc(u, 2, 1) ?? (yield)).toBe(4096);
    });
  });

  test.each([
    ['null page of another size', 0x3000],
    ['an address below 0', -4096],
    ['the last address', INT_MAX],
    ['the guard page', 0x1000],
    ['the empty window', 0x4000_0000],
  ])('fails for a pointer to %s', (_, pointer) => {
    onEveryMachine(function* (u) {
      expect(u.ecall(SYS_shm_open, pointer) ?? (yield)).toBe(-1);
      expect(yield* shm_open(u, 'a')).toBe(0);
    });
  });

  test('fails for a name that runs into a page that is not there', () => {
    onEveryMachine(function* (u) {
      const end = sbrk(u, 4096) ?? (yield);
      yield* putString(u, end + 4090, 'abcde');
      expect(u.ecall(SYS_shm_open, end + 4090) ?? (yield)).toBe(0);
      u.storeByte(end + 4095, 0x66) ?? (yield);
      expect(u.ecall(SYS_shm_open, end + 4090) ?? (yield)).toBe(-1);
    });
  });

  test('reads a name across a page border, and from shared memory', () => {
    onEveryMachine(function* (u) {
      yield* shm_open(u, 'a');
      shm_trunc(u, 0, 8192) ?? (yield);
      const va = yield* shm_map(u, 0, O_RDWR);
      yield* putString(u, va + 4093, 'border');
      expect(u.ecall(SYS_shm_open, va + 4093) ?? (yield)).toBe(1);
      shm_trunc(u, 1, 4096) ?? (yield);
      expect(yield* shm_open(u, 'border')).toBe(2);
      expect(shm_trunc(u, 2, 4096) ?? (yield)).toBe(-1);
    });
  });

  test('fails when the descriptors have run out, and takes no reference', () => {
    onEveryMachine(function* (u) {
      for (let i = 0; i < 4; i++) yield* shm_open(u, 'a');
      expect(yield* shm_open(u, 'a')).toBe(-1);
      expect(yield* shm_open(u, 'new')).toBe(-1);
      for (let i = 0; i < 4; i++) expect(shm_close(u, i) ?? (yield)).toBe(0);
      yield* shm_open(u, 'a');
      expect(shm_trunc(u, 0, 1) ?? (yield)).toBe(4096);
    });
  });

  test('fails when the objects have run out, except for a name that exists', () => {
    onEveryMachine(
      function* (u) {
        expect(yield* shm_open(u, 'a')).toBe(0);
        expect(yield* shm_open(u, 'b')).toBe(1);
        expect(yield* shm_open(u, 'c')).toBe(-1);
        expect(yield* shm_open(u, 'b')).toBe(2);
        expect(shm_close(u, 0) ?? (yield)).toBe(0);
        expect(yield* shm_open(u, 'c')).toBe(0);
      },
      undefined,
      { nshm: 2 },
    );
  });
});

describe('shm_trunc', () => {
  test.each([
    [1, 4096],
    [4096, 4096],
    [4097, 8192],
    [4 * 4096, 4 * 4096],
  ])('of %i bytes answers %i', (size, actual) => {
    onEveryMachine(function* (u) {
      yield* shm_open(u, 'a');
      expect(shm_trunc(u, 0, size) ?? (yield)).toBe(actual);
      const va = yield* shm_map(u, 0, O_RDWR);
      expect(u.load(va + actual - 4) ?? (yield)).toBe(0);
    });
  });

  test.each([0, -1, 4 * 4096 + 1, INT_MAX, INT_MIN])('of %i bytes fails', (size) => {
    onEveryMachine(function* (u) {
      yield* shm_open(u, 'a');
      expect(shm_trunc(u, 0, size) ?? (yield)).toBe(-1);
      expect(shm_trunc(u, 0, 1) ?? (yield)).toBe(4096);
    });
  });

  test.each([-1, 1, 4, 1000, INT_MAX, INT_MIN])('of descriptor %i, not open, fails', (od) => {
    onEveryMachine(function* (u) {
      yield* shm_open(u, 'a');
      expect(shm_trunc(u, od, 1) ?? (yield)).toBe(-1);
    });
  });

  test('succeeds once in the life of an object, whoever asks', () => {
    onEveryMachine(function* (u) {
      yield* shm_open(u, 'a');
      const pid = fork(u) ?? (yield);
      const size = shm_trunc(u, 0, 4096) ?? (yield);
      if (pid === 0) exit(u, size) ?? (yield);
      const { status } = yield* waitStatus(u);
      expect([size, status].sort()).toEqual([-1, 4096]);
      expect(shm_trunc(u, 0, 8192) ?? (yield)).toBe(-1);
    });
  });
});

describe('shm_map', () => {
  test('stores the address of a free place in the window', () => {
    onEveryMachine(function* (u) {
      for (const [od, size] of [4096, 8192, 4096].entries()) {
        yield* shm_open(u, `n${od}`);
        shm_trunc(u, od, size) ?? (yield);
      }
      expect(yield* shm_map(u, 0, O_RDWR)).toBe(0x4000_0000);
      expect(yield* shm_map(u, 1, O_RDWR)).toBe(0x4000_1000);
      expect(yield* shm_map(u, 2, O_RDWR)).toBe(0x4000_3000);
      shm_close(u, 1) ?? (yield);
      yield* shm_open(u, 'large');
      shm_trunc(u, 1, 4 * 4096) ?? (yield);
      expect(yield* shm_map(u, 1, O_RDWR)).toBe(0x4000_4000);
      yield* shm_open(u, 'small');
      shm_trunc(u, 3, 4096) ?? (yield);
      expect(yield* shm_map(u, 3, O_RDWR)).toBe(0x4000_1000);
    });
  });

  test.each([O_WRONLY, 3, -1, 0x200])('with flags %i fails', (flags) => {
    onEveryMachine(function* (u) {
      yield* shm_open(u, 'a');
      shm_trunc(u, 0, 1) ?? (yield);
      expect(yield* shm_map(u, 0, flags)).toBe(-1);
      expect(yield* shm_map(u, 0, O_RDONLY)).toBe(0x4000_0000);
    });
  });

  test.each([-1, 1, 4, INT_MAX])('of descriptor %i, not open, fails', (od) => {
    onEveryMachine(function* (u) {
      yield* shm_open(u, 'a');
      shm_trunc(u, 0, 1) ?? (yield);
      expect(yield* shm_map(u, od, O_RDWR)).toBe(-1);
    });
  });

  test('of an object without a size fails', () => {
    onEveryMachine(function* (u) {
      yield* shm_open(u, 'a');
      expect(yield* shm_map(u, 0, O_RDWR)).toBe(-1);
    });
  });

  test('of a descriptor that is mapped fails, of another descriptor of the object does not', () => {
    onEveryMachine(function* (u) {
      yield* shm_open(u, 'a');
      yield* shm_open(u, 'a');
      shm_trunc(u, 0, 4096) ?? (yield);
      const first = yield* shm_map(u, 0, O_RDWR);
      expect(yield* shm_map(u, 0, O_RDWR)).toBe(-1);
      const second = yield* shm_map(u, 1, O_RDONLY);
      u.store(first + 8, 5) ?? (yield);
      expect(second).toBe(first + 4096);
      expect(u.load(second + 8) ?? (yield)).toBe(5);
      shm_close(u, 0) ?? (yield);
      expect(u.load(second + 8) ?? (yield)).toBe(5);
    });
  });

  test.each([
    ['below 0', -8],
    ['past the heap', 0x3000],
    ['across the end of the heap', 0x2ffc],
    ['the guard page', 0x1000],
    ['the last address', INT_MAX],
    ['the place where the mapping would be', 0x4000_0000],
  ])('with a pointer %s fails and keeps nothing', (_, pointer) => {
    onEveryMachine(function* (u) {
      yield* shm_open(u, 'a');
      shm_trunc(u, 0, 8192) ?? (yield);
      expect(u.ecall(SYS_shm_map, 0, pointer, O_RDWR) ?? (yield)).toBe(-1);
      expect(yield* shm_map(u, 0, O_RDWR)).toBe(0x4000_0000);
    });
  });

  test('with a pointer across the end of writable memory writes no part of it', () => {
    onEveryMachine(function* (u) {
      const end = sbrk(u, 0) ?? (yield);
      yield* shm_open(u, 'a');
      shm_trunc(u, 0, 4096) ?? (yield);
      u.store(end - 4, 7) ?? (yield);
      expect(u.ecall(SYS_shm_map, 0, end - 4, O_RDWR) ?? (yield)).toBe(-1);
      expect(u.load(end - 4) ?? (yield)).toBe(7);
    });
  });

  test('with a pointer to a read-only mapping fails, into another object succeeds', () => {
    onEveryMachine(function* (u) {
      yield* shm_open(u, 'a');
      yield* shm_open(u, 'b');
      yield* shm_open(u, 'a');
      shm_trunc(u, 0, 4096) ?? (yield);
      shm_trunc(u, 1, 4096) ?? (yield);
      const readonly = yield* shm_map(u, 0, O_RDONLY);
      expect(u.ecall(SYS_shm_map, 1, readonly, O_RDWR) ?? (yield)).toBe(-1);
      const writable = yield* shm_map(u, 2, O_RDWR);
      expect(u.ecall(SYS_shm_map, 1, writable + 8, O_RDWR) ?? (yield)).toBe(0);
      expect(u.load(readonly + 8) ?? (yield)).toBe(writable + 4096);
    });
  });

  test('takes an address that is not a multiple of 8', () => {
    onEveryMachine(function* (u) {
      yield* shm_open(u, 'a');
      shm_trunc(u, 0, 4096) ?? (yield);
      expect(u.ecall(SYS_shm_map, 0, DATAEND - 9, O_RDWR) ?? (yield)).toBe(0);
      expect(u.loadByte(DATAEND - 6) ?? (yield)).toBe(0x40);
    });
  });
});

describe('shm_close', () => {
  test.each([-1, 1, 4, INT_MAX, INT_MIN])('of descriptor %i, not open, fails', (od) => {
    onEveryMachine(function* (u) {
      yield* shm_open(u, 'a');
      expect(shm_close(u, od) ?? (yield)).toBe(-1);
    });
  });

  test('twice fails the second time and takes no other reference', () => {
    onEveryMachine(function* (u) {
      yield* shm_open(u, 'a');
      yield* shm_open(u, 'a');
      shm_trunc(u, 0, 4096) ?? (yield);
      expect(shm_close(u, 0) ?? (yield)).toBe(0);
      expect(shm_close(u, 0) ?? (yield)).toBe(-1);
      expect(yield* shm_map(u, 1, O_RDWR)).toBe(0x4000_0000);
    });
  });

  test('of an object that was never sized, or sized and never mapped, frees its name', () => {
    onEveryMachine(function* (u) {
      for (const size of [0, 8192, 4096]) {
        expect(yield* shm_open(u, 'a')).toBe(0);
        if (size > 0) expect(shm_trunc(u, 0, size) ?? (yield)).toBe(size);
        expect(shm_close(u, 0) ?? (yield)).toBe(0);
      }
      yield* print(u, 'done\n');
    });
  });
});
