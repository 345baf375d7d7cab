import { describe, expect, test } from 'vitest';
import { CAUSE_LOAD_FAULT } from '../machine/index.ts';
import { inKernel, onEveryMachine } from '../property-tests/executions.ts';
import { fork, O_RDONLY, sbrk, shm_map, shm_open, shm_trunc, waitStatus } from '../user/ulib.ts';
import type { Context } from './abi.ts';

const LOAD = 13;
const STORE = 15;
const LOADMISALIGNED = 4;
const STOREMISALIGNED = 6;

type Access = (u: Context, va: number) => number | undefined;
const load: Access = (u, va) => u.load(va);
const loadByte: Access = (u, va) => u.loadByte(va);
const store: Access = (u, va) => u.store(va, 1);
const storeByte: Access = (u, va) => u.storeByte(va, 1);
const fetchAdd: Access = (u, va) => u.fetchAdd(va, 1);
const exchange: Access = (u, va) => u.exchange(va, 1);
const compareExchange: Access = (u, va) => u.compareExchange(va, 0, 1);

/** A page of its own, 0x3000, and a read-only mapping at 0x40000000. */
const FAULTS: readonly [string, Access, number, number][] = [
  ['a load past the heap', load, 0x4000, LOAD],
  ['a load of the guard page', load, 0x1000, LOAD],
  ['a load past the mapping', load, 0x4000_1000, LOAD],
  ['a load of the last word', load, 0x7fff_fffc, LOAD],
  ['a load below 0, whose sign the 64 bits extend', load, -4, LOAD],
  ['a byte past the heap', loadByte, 0x4003, LOAD],
  ['a store past the heap', store, 0x4000, STORE],
  ['a store to the guard page', store, 0x1ffc, STORE],
  ['a store to the mapping', store, 0x4000_0000, STORE],
  ['a byte to the mapping', storeByte, 0x4000_0001, STORE],
  ['a fetchAdd on the mapping', fetchAdd, 0x4000_0000, STORE],
  ['an exchange on the mapping', exchange, 0x4000_0000, STORE],
  ['a compareExchange on the mapping, though it would fail', compareExchange, 0x4000_0000, STORE],
  ['a load at an odd address', load, 0x3001, LOADMISALIGNED],
  ['a store at half a word', store, 0x3002, STOREMISALIGNED],
];

describe('a process dies, with the message of xv6, of', () => {
  test.each(FAULTS)('%s', (_, access, va, cause) => {
    onEveryMachine(
      function* (u) {
        const pid = fork(u) ?? (yield);
        if (pid === 0) {
          sbrk(u, 4096) ?? (yield);
          yield* shm_open(u, 'a');
          shm_trunc(u, 0, 4096) ?? (yield);
          yield* shm_map(u, 0, O_RDONLY);
          access(u, va) ?? (yield);
          return 5;
        }
        expect(yield* waitStatus(u)).toEqual({ pid, status: -1 });
        return 0;
      },
      ({ statuses, output }) => {
        const hex = (value: number): string =>
          BigInt.asUintN(64, BigInt(value)).toString(16).padStart(16, '0');
        expect(statuses.get(2)).toBe(0);
        expect(output).toBe(
          `usertrap(): unexpected scause 0x${hex(cause)} pid=3\n` +
            `            sepc=0x0 stval=0x${hex(va)}\n`,
        );
      },
    );
  });
});

test('an exception in kernel code is a panic', () => {
  const fault = (): unknown =>
    inKernel(function* (k) {
      const vector = k.m.trapVector;
      if (vector !== null) yield* vector(k.m.current, CAUSE_LOAD_FAULT, 0);
    });
  expect(fault).toThrow(expect.objectContaining({ name: 'KernelPanic', message: 'kerneltrap' }));
});
