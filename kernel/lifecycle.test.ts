import { describe, expect, test } from 'vitest';
import { onEveryMachine, onOneCpu } from '../property-tests/executions.ts';
import { RoundRobin } from '../scheduler/strategies/round-robin.ts';
import {
  exit,
  fork,
  getpid,
  kill,
  O_RDWR,
  print,
  shm_map,
  shm_open,
  shm_trunc,
  sleep,
  uptime,
  wait,
  waitStatus,
} from '../user/ulib.ts';
import { DATA, SYS_wait } from './abi.ts';
import { Kernel } from './kernel.ts';
import { PARAM } from './param.ts';

const FOREVER = 1_000_000;

describe('fork', () => {
  test("returns the child's pid in the parent and 0 in the child", () => {
    onEveryMachine(function* (u) {
      const self = getpid(u) ?? (yield);
      const pid = fork(u) ?? (yield);
      const now = getpid(u) ?? (yield);
      if (pid === 0) return now > self ? 3 : 4;
      expect(now).toBe(self);
      expect(yield* waitStatus(u)).toEqual({ pid, status: 3 });
      return 0;
    });
  });

  test('copies memory, which then is private to each', () => {
    onEveryMachine(function* (u) {
      u.store(DATA + 1024, 1) ?? (yield);
      const pid = fork(u) ?? (yield);
      const before = u.load(DATA + 1024) ?? (yield);
      u.store(DATA + 1024, pid === 0 ? 2 : 3) ?? (yield);
      sleep(u, 1) ?? (yield);
      const after = u.load(DATA + 1024) ?? (yield);
      expect([before, after]).toEqual([1, pid === 0 ? 2 : 3]);
      if (pid > 0) expect((yield* waitStatus(u)).status).toBe(0);
    });
  });

  test('in a child, and in a loop, goes on where the program is', () => {
    onEveryMachine(
      function* (u) {
        let line = 0;
        for (let i = 0; i < 2; i++) {
          const pid = fork(u) ?? (yield);
          line = 2 * line + (pid === 0 ? 1 : 0);
        }
        yield* print(u, `${line}\n`);
        while ((wait(u) ?? (yield)) > 0);
        return 0;
      },
      ({ output, statuses }) => {
        expect(output.split('\n').sort()).toEqual(['', '0', '1', '2', '3']);
        expect(statuses.get(2)).toBe(0);
      },
    );
  });

  test('answers -1 when the process table is full', () => {
    onEveryMachine(function* (u) {
      for (let i = 0; i < 4; i++) {
        if ((fork(u) ?? (yield)) !== 0) continue;
        sleep(u, FOREVER) ?? (yield);
      }
      expect(fork(u) ?? (yield)).toBe(-1);
      for (let pid = 3; pid <= 6; pid++) expect(kill(u, pid) ?? (yield)).toBe(0);
      for (let i = 0; i < 4; i++) expect((yield* waitStatus(u)).status).toBe(-1);
      expect(fork(u) ?? (yield)).toBeGreaterThanOrEqual(0);
    });
  });
});

describe('wait', () => {
  test('answers -1 at once without children', () => {
    onEveryMachine(function* (u) {
      expect(wait(u) ?? (yield)).toBe(-1);
    });
  });

  test.each([0, 1, 255, -1, 0x7fff_ffff])('hands over exit status %i', (status) => {
    onEveryMachine(function* (u) {
      const pid = fork(u) ?? (yield);
      if (pid === 0) exit(u, status) ?? (yield);
      expect(yield* waitStatus(u)).toEqual({ pid, status });
      expect(wait(u) ?? (yield)).toBe(-1);
    });
  });

  test.each([-4, 0x1000, 0x3000, 0x4000_0000])(
    'with status address %i answers -1 and the child can still be waited for',
    (address) => {
      onEveryMachine(function* (u) {
        const pid = fork(u) ?? (yield);
        if (pid === 0) exit(u, 9) ?? (yield);
        expect(u.ecall(SYS_wait, address) ?? (yield)).toBe(-1);
        expect(yield* waitStatus(u)).toEqual({ pid, status: 9 });
      });
    },
  );

  test('hears of each of many children once', () => {
    onEveryMachine(function* (u) {
      const started: number[] = [];
      for (let i = 0; i < 4; i++) {
        const pid = fork(u) ?? (yield);
        if (pid === 0) return i;
        started.push(pid);
      }
      const heard: number[] = [];
      for (let i = 0; i < 4; i++) {
        const { pid, status } = yield* waitStatus(u);
        expect(status).toBe(started.indexOf(pid));
        heard.push(pid);
      }
      expect(heard.sort()).toEqual(started.sort());
      return 0;
    });
  });

  test('of a parent that is killed answers, and the parent exits with -1', () => {
    onEveryMachine(function* (u) {
      const pid = fork(u) ?? (yield);
      if (pid === 0) {
        const child = fork(u) ?? (yield);
        if (child === 0) sleep(u, 20) ?? (yield);
        else wait(u) ?? (yield);
        return 5;
      }
      sleep(u, 1) ?? (yield);
      kill(u, pid) ?? (yield);
      expect(yield* waitStatus(u)).toEqual({ pid, status: -1 });
      return 0;
    });
  });
});

describe('exit', () => {
  test('passes children, the living and the dead, to init', () => {
    onEveryMachine(
      function* (u) {
        for (const ticks of [0, 5]) {
          if ((fork(u) ?? (yield)) !== 0) continue;
          sleep(u, ticks) ?? (yield);
          return 7;
        }
        sleep(u, 2) ?? (yield);
        return 6;
      },
      ({ statuses }) =>
        expect([...statuses].sort()).toEqual([
          [2, 6],
          [3, 7],
          [4, 7],
        ]),
    );
  });

  test('happens when a program returns, with the number that it returns or else 0', () => {
    expect(onOneCpu(function* () {}).statuses.get(2)).toBe(0);
    onEveryMachine(
      function* () {
        return 12;
      },
      ({ statuses }) => expect(statuses.get(2)).toBe(12),
    );
  });

  test('of init is a panic', () => {
    const dies = (): unknown =>
      new Kernel({ ...PARAM, frames: 64 }, new Map([['init', function* () {}]]), []).run(
        new RoundRobin(),
      );
    expect(dies).toThrow(
      expect.objectContaining({ name: 'KernelPanic', message: 'init exiting', pid: 1 }),
    );
  });
});

describe('kill', () => {
  test.each([0, -1, 99])('of pid %i, which does not exist, answers -1', (pid) => {
    onEveryMachine(function* (u) {
      expect(kill(u, pid) ?? (yield)).toBe(-1);
    });
  });

  test('of a zombie answers 0 and changes nothing, of one that was waited for answers -1', () => {
    onEveryMachine(function* (u) {
      const pid = fork(u) ?? (yield);
      if (pid === 0) return 4;
      sleep(u, 10) ?? (yield);
      expect(kill(u, pid) ?? (yield)).toBe(0);
      expect(yield* waitStatus(u)).toEqual({ pid, status: 4 });
      expect(kill(u, pid) ?? (yield)).toBe(-1);
      return 0;
    });
  });

  test('of oneself takes effect before the call returns', () => {
    onEveryMachine(
      function* (u) {
        kill(u, getpid(u) ?? (yield)) ?? (yield);
        return 5;
      },
      ({ statuses }) => expect(statuses.get(2)).toBe(-1),
    );
  });

  test('wakes a sleeper', () => {
    onEveryMachine(function* (u) {
      const pid = fork(u) ?? (yield);
      if (pid === 0) {
        sleep(u, FOREVER) ?? (yield);
        return 5;
      }
      sleep(u, 2) ?? (yield);
      expect(kill(u, pid) ?? (yield)).toBe(0);
      expect(yield* waitStatus(u)).toEqual({ pid, status: -1 });
      expect(uptime(u) ?? (yield)).toBeLessThan(FOREVER);
      return 0;
    });
  });

  test('ends a process that never calls the kernel, at its next timer interrupt', () => {
    onEveryMachine(function* (u) {
      yield* shm_open(u, 'a');
      shm_trunc(u, 0, 4096) ?? (yield);
      const va = yield* shm_map(u, 0, O_RDWR);
      const pid = fork(u) ?? (yield);
      if (pid === 0) for (;;) u.load(va) ?? (yield);
      sleep(u, 1) ?? (yield);
      expect(kill(u, pid) ?? (yield)).toBe(0);
      expect(yield* waitStatus(u)).toEqual({ pid, status: -1 });
      return 0;
    });
  });
});
