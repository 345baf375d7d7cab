import { describe, expect, test } from 'vitest';
import { type Code, Thread } from '../machine/index.ts';
import { auditFiles } from '../property-tests/file-audit.ts';
import { PROGRAMS } from '../user/programs/index.ts';
import { T_FILE } from './abi.ts';
import { BSIZE, balloc, bfree } from './disk.ts';
import {
  type Inode,
  ialloc,
  iget,
  ilock,
  iput,
  iunlock,
  readi,
  readpage,
  writei,
  writepage,
} from './fs.ts';
import { kalloc } from './kalloc.ts';
import { Kernel } from './kernel.ts';
import { MKFSBLOCKS, MKFSINODES } from './mkfs.ts';
import { namei } from './namei.ts';
import { PARAM, type Param } from './param.ts';

const programs = new Map(Object.entries(PROGRAMS).map(([name, { program }]) => [name, program]));

/** A kernel that has booted and of which nothing runs. */
function booted(param: Partial<Param> = {}): Kernel {
  return new Kernel({ ...PARAM, nproc: 4, frames: 64, ...param }, programs, []);
}

/** Runs kernel code to its end, alone. */
function alone<Result>(k: Kernel, code: Code<Result>): Result {
  let result: Result | undefined;
  function* main(): Code<void> {
    result = yield* code;
  }
  k.m.drain(new Thread(-1000, 'test'), main());
  return result as Result;
}

function* readme(k: Kernel): Code<Inode> {
  return (yield* namei(k, '/README')) as Inode;
}

const bytes = (text: string): Uint8Array => Uint8Array.from(text, (c) => c.charCodeAt(0));

describe('a fresh disk', () => {
  test.each([{}, { fssize: MKFSBLOCKS, ninode: MKFSINODES }, { fssize: 33 }])(
    'is whole',
    (param) => {
      expect(auditFiles(booted(param))).toEqual([]);
    },
  );

  test('gives out each free block once, zeroed, and then none', () => {
    const k = booted({ fssize: 70 });
    const taken = new Set<number>();
    for (let i = MKFSBLOCKS; i < 70; i++) taken.add(alone(k, balloc(k)));
    expect([...taken].sort((a, b) => a - b)).toEqual(
      Array.from({ length: 70 - MKFSBLOCKS }, (_, i) => MKFSBLOCKS + i),
    );
    expect(alone(k, balloc(k))).toBe(0);
    k.m.memory.fill(k.m.memory.block(64), 3);
    alone(k, bfree(k, 64));
    expect(alone(k, balloc(k))).toBe(64);
    expect(k.m.words[k.m.memory.frame(k.m.memory.block(64))]).toBe(0);
  });
});

describe('an inode', () => {
  test('is allocated while it has a reference or a name', () => {
    const k = booted({ ninode: MKFSINODES + 1 });
    const ip = alone(k, ialloc(k, T_FILE)) as Inode;
    expect(ip.inum).toBe(MKFSINODES + 1);
    expect(alone(k, ialloc(k, T_FILE))).toBeUndefined();
    alone(k, iput(k, ip));
    expect(alone(k, ialloc(k, T_FILE))).toBe(ip);
    k.m.words[ip.nlink] = 1;
    alone(k, iput(k, ip));
    expect(alone(k, ialloc(k, T_FILE))).toBeUndefined();
  });

  test('that loses its last reference and has no name gives its blocks back', () => {
    const k = booted();
    const ip = alone(k, ialloc(k, T_FILE)) as Inode;
    alone(k, ilock(k, ip));
    expect(alone(k, writei(k, ip, new Uint8Array(3 * BSIZE), 0))).toBe(3 * BSIZE);
    alone(k, iunlock(k, ip));
    expect(k.m.words[k.disk.bitmap]).toBe(2 ** (MKFSBLOCKS + 3) - 1);
    alone(k, iput(k, ip));
    expect(auditFiles(k)).toEqual([]);
  });
});

describe('the kernel gives up', () => {
  test.each<[string, (k: Kernel) => Code]>([
    ['ilock', (k) => ilock(k, k.itable.inodes[0] as Inode)],
    ['iunlock', (k) => iunlock(k, k.itable.inodes[0] as Inode)],
    ['iget', (k) => iget(k, 99)],
    ['freeing free block', (k) => bfree(k, MKFSBLOCKS)],
    [
      'ilock: no type',
      function* (k) {
        yield* ilock(k, yield* iget(k, MKFSINODES + 1));
      },
    ],
  ])('with "%s"', (message, code) => {
    const k = booted();
    expect(() => alone(k, code(k))).toThrow(message);
  });
});

describe('a page of a file', () => {
  test('is filled from it, with 0 past its end', () => {
    const k = booted();
    const ip = alone(k, readme(k));
    const ppn = alone(k, kalloc(k));
    const first = k.m.memory.frame(ppn) * 4;
    alone(k, ilock(k, ip));
    expect(alone(k, readpage(k, ip, 0, ppn))).toBe(true);
    const size = k.m.words[ip.size] as number;
    expect(String.fromCharCode(...k.m.memory.bytes.subarray(first, first + 6))).toBe('xv6 is');
    expect(k.m.memory.bytes[first + size - 1]).toBe(10);
    expect(k.m.memory.bytes.subarray(first + size, first + BSIZE).every((b) => b === 0)).toBe(true);
    expect(alone(k, readpage(k, ip, BSIZE, ppn))).toBe(false);
  });

  test('is written back as far as the file goes', () => {
    const k = booted();
    const ip = alone(k, readme(k));
    const ppn = alone(k, kalloc(k));
    const size = k.m.words[ip.size] as number;
    alone(k, ilock(k, ip));
    alone(k, readpage(k, ip, 0, ppn));
    alone(k, iunlock(k, ip));
    const first = k.m.memory.frame(ppn) * 4;
    k.m.memory.bytes.set(bytes('abc'), first);
    k.m.memory.bytes[first + size] = 7;
    alone(k, writepage(k, ip, 0, ppn));
    alone(k, writepage(k, ip, BSIZE, ppn));
    const contents = new Uint8Array(size + 1);
    alone(k, ilock(k, ip));
    expect(alone(k, readi(k, ip, contents, 0))).toBe(size);
    expect(String.fromCharCode(...contents.subarray(0, 6))).toBe('abc is');
    expect(k.m.memory.bytes[(k.m.memory.frame(k.m.memory.block(3)) << 2) + size]).toBe(0);
  });
});
