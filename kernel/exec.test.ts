import { describe, expect, test } from 'vitest';
import { onEveryMachine } from '../property-tests/executions.ts';
import {
  exec,
  fork,
  O_RDWR,
  type Part,
  type Program,
  print,
  putString,
  sbrk,
  shm_map,
  shm_open,
  shm_trunc,
  waitStatus,
} from '../user/ulib.ts';
import { DATA, SYS_exec } from './abi.ts';

/** Prints its arguments and what a fresh image must have: zeros, three pages. */
const echo: Program = function* (u, argv): Part<number> {
  const old = u.load(DATA + 0x600) ?? (yield);
  const end = sbrk(u, 0) ?? (yield);
  yield* print(u, `${argv.join(' ')} ${old} ${end}\n`);
  return argv.length;
};

describe('exec', () => {
  test('replaces the program: same pid, its arguments, fresh memory', () => {
    onEveryMachine(
      function* (u) {
        sbrk(u, 8192) ?? (yield);
        u.store(DATA + 0x600, 7) ?? (yield);
        yield* exec(u, 'echo', ['echo', 'two', 'words']);
        return 99;
      },
      ({ statuses, output }) => {
        expect(output).toBe('echo two words 0 12288\n');
        expect(statuses.get(2)).toBe(3);
      },
      {},
      { echo },
    );
  });

  test('in a child leaves the parent as it was', () => {
    onEveryMachine(
      function* (u) {
        u.store(DATA + 0x600, 7) ?? (yield);
        const pid = fork(u) ?? (yield);
        if (pid === 0) yield* exec(u, 'echo', ['echo', 'child']);
        expect(yield* waitStatus(u)).toEqual({ pid, status: 2 });
        expect(u.load(DATA + 0x600) ?? (yield)).toBe(7);
      },
      undefined,
      {},
      { echo },
    );
  });

  test('can be followed by a fork and another exec', () => {
    const again: Program = function* (u): Part<number> {
      const pid = fork(u) ?? (yield);
      if (pid === 0) yield* exec(u, 'echo', ['echo']);
      return (yield* waitStatus(u)).status;
    };
    onEveryMachine(
      function* (u) {
        yield* exec(u, 'again', ['again']);
      },
      ({ statuses }) => expect(statuses.get(2)).toBe(1),
      {},
      { echo, again },
    );
  });

  test('of an unknown program or with bad pointers answers -1 and changes nothing', () => {
    onEveryMachine(
      function* (u) {
        yield* shm_open(u, 'a');
        shm_trunc(u, 0, 4096) ?? (yield);
        const va = yield* shm_map(u, 0, O_RDWR);
        u.store(va, 7) ?? (yield);
        expect(yield* exec(u, 'nothing', ['nothing'])).toBe(-1);
        expect(yield* exec(u, '', [])).toBe(-1);
        yield* putString(u, DATA, 'echo');
        // argv: nowhere, in the guard page, with a bad pointer in it.
        for (const argv of [-8, 0x1000, 0x3000]) {
          expect(u.ecall(SYS_exec, DATA, argv) ?? (yield)).toBe(-1);
        }
        u.store(DATA + 0x90, 0x3000) ?? (yield);
        expect(u.ecall(SYS_exec, DATA, DATA + 0x90) ?? (yield)).toBe(-1);
        expect(u.ecall(SYS_exec, -1, DATA + 0x90) ?? (yield)).toBe(-1);
        expect(u.load(va) ?? (yield)).toBe(7);
      },
      undefined,
      {},
      { echo },
    );
  });

  test('takes up to 31 arguments, in strings of up to 127 bytes', () => {
    onEveryMachine(
      function* (u) {
        const many = (n: number): string[] => Array.from({ length: n }, (_, i) => `${i % 10}`);
        expect(yield* exec(u, 'echo', many(32))).toBe(-1);
        expect(yield* exec(u, 'echo', ['x'.repeat(128)])).toBe(-1);
        const pid = fork(u) ?? (yield);
        if (pid === 0) yield* exec(u, 'echo', many(31));
        expect(yield* waitStatus(u)).toEqual({ pid, status: 31 });
        const other = fork(u) ?? (yield);
        if (other === 0) yield* exec(u, 'echo', ['x'.repeat(127)]);
        expect(yield* waitStatus(u)).toEqual({ pid: other, status: 1 });
      },
      undefined,
      {},
      { echo },
    );
  });
});
