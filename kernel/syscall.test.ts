import { describe, expect, test } from 'vitest';
import { onEveryMachine } from '../property-tests/executions.ts';
import {
  exec,
  fork,
  getpid,
  halt,
  kill,
  print,
  putString,
  sbrk,
  sleep,
  uptime,
  waitStatus,
} from '../user/ulib.ts';
import { DATA, SYS_write } from './abi.ts';

test('an unknown call answers -1 and is reported', () => {
  onEveryMachine(
    function* (u) {
      for (const call of [0, 9, 99, -1, 1000]) expect(u.ecall(call) ?? (yield)).toBe(-1);
    },
    ({ output }) => {
      expect(output.split('\n')).toEqual([
        '2 main: unknown sys call 0',
        '2 main: unknown sys call 9',
        '2 main: unknown sys call 99',
        '2 main: unknown sys call -1',
        '2 main: unknown sys call 1000',
        '',
      ]);
    },
  );
});

describe('sbrk', () => {
  test('answers the old end, and moves it by any number of bytes', () => {
    onEveryMachine(function* (u) {
      expect(sbrk(u, 0) ?? (yield)).toBe(0x3000);
      expect(sbrk(u, 1) ?? (yield)).toBe(0x3000);
      u.store(0x3ffc, 5) ?? (yield);
      expect(sbrk(u, 4095) ?? (yield)).toBe(0x3001);
      expect(u.load(0x3ffc) ?? (yield)).toBe(5);
      expect(sbrk(u, 4097) ?? (yield)).toBe(0x4000);
      expect(u.load(0x5ffc) ?? (yield)).toBe(0);
      expect(sbrk(u, -1) ?? (yield)).toBe(0x5001);
      expect(u.load(0x4ffc) ?? (yield)).toBe(0);
    });
  });

  test('takes away what it gave: an access there kills', () => {
    onEveryMachine(function* (u) {
      const pid = fork(u) ?? (yield);
      if (pid === 0) {
        sbrk(u, 4096) ?? (yield);
        u.store(0x3000, 5) ?? (yield);
        sbrk(u, -4096) ?? (yield);
        u.load(0x3000) ?? (yield);
        return 5;
      }
      expect(yield* waitStatus(u)).toEqual({ pid, status: -1 });
      return 0;
    });
  });

  test('answers -1 below 0, in the window and when memory is out, and then changes nothing', () => {
    onEveryMachine(function* (u) {
      for (const n of [-0x3001, 0x4000_0000 - 0x2fff, 0x7fff_ffff, -0x8000_0000, 4096 * 500]) {
        expect(sbrk(u, n) ?? (yield)).toBe(-1);
      }
      expect(sbrk(u, 0) ?? (yield)).toBe(0x3000);
      expect(sbrk(u, 4096) ?? (yield)).toBe(0x3000);
    });
  });

  test('can take all memory away, and the process still exits and is still forked', () => {
    onEveryMachine(
      function* (u) {
        sbrk(u, -0x3000) ?? (yield);
        const pid = fork(u) ?? (yield);
        return pid === 0 ? 4 : 5;
      },
      ({ statuses }) =>
        expect([...statuses].sort()).toEqual([
          [2, 5],
          [3, 4],
        ]),
    );
  });
});

describe('write', () => {
  test('prints to descriptors 1 and 2, and answers the bytes', () => {
    onEveryMachine(
      function* (u) {
        yield* putString(u, DATA, 'hello\n');
        expect(u.ecall(SYS_write, 1, DATA, 3) ?? (yield)).toBe(3);
        expect(u.ecall(SYS_write, 2, DATA + 3, 3) ?? (yield)).toBe(3);
        expect(u.ecall(SYS_write, 1, DATA, 0) ?? (yield)).toBe(0);
      },
      ({ output }) => expect(output).toBe('hello\n'),
    );
  });

  test('answers -1 for other descriptors, sizes below 0 and bad pointers', () => {
    onEveryMachine(function* (u) {
      expect(u.ecall(SYS_write, 0, DATA, 1) ?? (yield)).toBe(-1);
      expect(u.ecall(SYS_write, 3, DATA, 1) ?? (yield)).toBe(-1);
      expect(u.ecall(SYS_write, 1, DATA, -1) ?? (yield)).toBe(-1);
      expect(u.ecall(SYS_write, 1, -1, 1) ?? (yield)).toBe(-1);
      expect(u.ecall(SYS_write, 1, 0x3000, 1) ?? (yield)).toBe(-1);
      // All of it in pieces until it runs off the end.
      expect(u.ecall(SYS_write, 1, 0x2f00, 300) ?? (yield)).toBe(256);
    });
  });

  test('lines of several processes do not mix', () => {
    onEveryMachine(
      function* (u) {
        for (let i = 0; i < 3; i++) {
          if ((fork(u) ?? (yield)) !== 0) continue;
          yield* print(u, `${`${i}`.repeat(100)}\n`);
          return 0;
        }
        for (let i = 0; i < 3; i++) yield* waitStatus(u);
        return 0;
      },
      ({ output }) => {
        const lines = [0, 1, 2].map((i) => `${i}`.repeat(100));
        expect(output.split('\n').sort()).toEqual(['', ...lines]);
      },
    );
  });
});

test('time goes forward, and sleep of a killed process answers by its end', () => {
  onEveryMachine(function* (u) {
    const before = uptime(u) ?? (yield);
    const pid = fork(u) ?? (yield);
    if (pid === 0) {
      sleep(u, 1_000_000) ?? (yield);
      return 5;
    }
    sleep(u, 3) ?? (yield);
    kill(u, pid) ?? (yield);
    expect((yield* waitStatus(u)).status).toBe(-1);
    const after = uptime(u) ?? (yield);
    expect(after - before).toBeGreaterThanOrEqual(3);
    expect(after).toBeLessThan(1_000_000);
    return 0;
  });
});

test('only init can power the machine off', () => {
  onEveryMachine(function* (u) {
    expect(halt(u) ?? (yield)).toBe(-1);
  });
});

test('getpid survives exec and fork', () => {
  onEveryMachine(
    function* (u) {
      yield* exec(u, 'second', ['second']);
    },
    ({ statuses }) => expect(statuses.get(2)).toBe(2),
    {},
    {
      *second(u) {
        return getpid(u) ?? (yield);
      },
    },
  );
});
