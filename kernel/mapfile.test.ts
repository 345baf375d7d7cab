import { describe, expect, test } from 'vitest';
import { onEveryMachine, onOneCpu, Situation } from '../property-tests/executions.ts';
import { makeFile, PGSIZE, RW, readFile } from '../user/programs/mapped-file.ts';
import {
  type Context,
  close,
  exec,
  exit,
  fork,
  getpid,
  kill,
  MAP_PRIVATE,
  MAP_SHARED,
  mmap,
  munmap,
  O_CREATE,
  O_RDONLY,
  O_RDWR,
  O_TRUNC,
  O_WRONLY,
  open,
  type Part,
  PROT_READ,
  PROT_WRITE,
  read,
  unlink,
  waitStatus,
  write,
} from '../user/ulib.ts';

/** Makes a file of two pages and maps all of it; answers the address. */
function* mapped(u: Context, flags: number): Part<number> {
  const fd = yield* makeFile(u, 'f');
  const va = mmap(u, 0, 2 * PGSIZE, RW, flags, fd, 0) ?? (yield);
  expect(va).toBeGreaterThan(0);
  close(u, fd) ?? (yield);
  return va;
}

/** Runs `part` in a child; answers its exit status, -1 when it was killed. */
function* inChild(u: Context, part: () => Part<void>): Part<number> {
  const pid = fork(u) ?? (yield);
  if (pid === 0) {
    yield* part();
    exit(u, 0) ?? (yield);
  }
  return (yield* waitStatus(u)).status;
}

describe('mmap of a descriptor', () => {
  test('is refused without the rights for it, and changes nothing', () => {
    onOneCpu(
      function* (u) {
        const both = yield* makeFile(u, 'f');
        const reads = yield* open(u, 'f', O_RDONLY);
        const writes = yield* open(u, 'f', O_WRONLY);
        const root = yield* open(u, '/', O_RDONLY);
        const map = (fd: number, prot: number, flags: number, offset = 0): number | undefined =>
          mmap(u, 0, PGSIZE, prot, flags, fd, offset);
        expect(map(reads, RW, MAP_SHARED) ?? (yield)).toBe(-1);
        expect(map(writes, PROT_WRITE, MAP_SHARED) ?? (yield)).toBe(-1);
        expect(map(writes, PROT_READ, MAP_PRIVATE) ?? (yield)).toBe(-1);
        expect(map(root, PROT_READ, MAP_PRIVATE) ?? (yield)).toBe(-1);
        expect(map(1, PROT_READ, MAP_PRIVATE) ?? (yield)).toBe(-1);
        expect(map(5, PROT_READ, MAP_PRIVATE) ?? (yield)).toBe(-1);
        expect(map(-1, PROT_READ, MAP_PRIVATE) ?? (yield)).toBe(-1);
        expect(map(both, RW, MAP_SHARED, 100) ?? (yield)).toBe(-1);
        expect(map(both, RW, MAP_SHARED, -4096) ?? (yield)).toBe(-1);
        // To copies of what may only be read, writing is allowed.
        expect(map(reads, RW, MAP_PRIVATE) ?? (yield)).toBeGreaterThan(0);
        expect(map(reads, PROT_READ, MAP_SHARED) ?? (yield)).toBeGreaterThan(0);
        yield* unlink(u, 'f');
      },
      { nofile: 8 },
    );
  });

  test('keeps a file that is closed and has no name', () => {
    onEveryMachine(function* (u) {
      const va = yield* mapped(u, MAP_SHARED);
      expect(yield* unlink(u, 'f')).toBe(0);
      expect(u.load(va) ?? (yield)).toBe(100);
      u.store(va, 1) ?? (yield);
      // A file of the same name is another.
      const other = yield* makeFile(u, 'f');
      expect(yield* readFile(u, 'f')).toEqual([100, 101]);
      close(u, other) ?? (yield);
      yield* unlink(u, 'f');
      expect(u.load(va + PGSIZE) ?? (yield)).toBe(101);
    });
  });
});

describe('processes that map one file', () => {
  test('share its pages, forked or not', () => {
    onEveryMachine(function* (u) {
      const va = yield* mapped(u, MAP_SHARED);
      u.store(va, 1) ?? (yield);
      const status = yield* inChild(u, function* () {
        const fd = yield* open(u, 'f', O_RDWR);
        const own = mmap(u, 0, 2 * PGSIZE, RW, MAP_SHARED, fd, 0) ?? (yield);
        expect(own).not.toBe(va);
        expect(u.fetchAdd(own, 2) ?? (yield)).toBe(1);
        expect(u.fetchAdd(own + PGSIZE, 2) ?? (yield)).toBe(101);
        expect(u.load(va) ?? (yield)).toBe(3);
      });
      expect(status).toBe(0);
      expect(u.load(va) ?? (yield)).toBe(3);
      expect(u.load(va + PGSIZE) ?? (yield)).toBe(103);
      yield* unlink(u, 'f');
    });
  });

  test('have copies of their own where they map it privately', () => {
    onEveryMachine(function* (u) {
      const va = yield* mapped(u, MAP_PRIVATE);
      u.store(va, 1) ?? (yield);
      const status = yield* inChild(u, function* () {
        expect(u.fetchAdd(va, 2) ?? (yield)).toBe(1);
        expect(u.fetchAdd(va + PGSIZE, 2) ?? (yield)).toBe(101);
      });
      expect(status).toBe(0);
      expect(u.load(va) ?? (yield)).toBe(1);
      expect(u.load(va + PGSIZE) ?? (yield)).toBe(101);
      munmap(u, va, 2 * PGSIZE) ?? (yield);
      expect(yield* readFile(u, 'f')).toEqual([100, 101]);
      yield* unlink(u, 'f');
    });
  });
});

describe('what was stored to a shared mapping is in the file', () => {
  const ends: readonly [string, (u: Context, va: number) => Part<void>][] = [
    [
      'munmap',
      function* (u, va) {
        munmap(u, va, 2 * PGSIZE) ?? (yield);
      },
    ],
    ['exit', function* () {}],
    [
      'exec',
      function* (u) {
        yield* exec(u, 'script', ['script']);
      },
    ],
    [
      'a fault that kills',
      function* (u) {
        u.load(0x3000_0000) ?? (yield);
      },
    ],
    [
      'kill',
      function* (u) {
        kill(u, getpid(u) ?? (yield)) ?? (yield);
      },
    ],
  ];
  test.each(ends)('after %s', (_, end) => {
    onEveryMachine(function* (u) {
      const fd = yield* makeFile(u, 'f');
      yield* inChild(u, function* () {
        const va = mmap(u, 0, 2 * PGSIZE, RW, MAP_SHARED, fd, 0) ?? (yield);
        u.store(va + PGSIZE, 9) ?? (yield);
        yield* end(u, va);
      });
      expect(yield* readFile(u, 'f')).toEqual([100, 9]);
      close(u, fd) ?? (yield);
      yield* unlink(u, 'f');
    });
  });

  test('page by page: one that was only read does not overwrite what was written to the file', () => {
    onEveryMachine(function* (u) {
      const va = yield* mapped(u, MAP_SHARED);
      u.load(va) ?? (yield);
      u.store(va + PGSIZE, 9) ?? (yield);
      const fd = yield* open(u, 'f', O_WRONLY);
      u.store(0x800, 7) ?? (yield);
      expect(write(u, fd, 0x800, 4) ?? (yield)).toBe(4);
      munmap(u, va, 2 * PGSIZE) ?? (yield);
      expect(yield* readFile(u, 'f')).toEqual([7, 9]);
      yield* unlink(u, 'f');
    });
  });

  test('also when the kernel stored it', () => {
    onEveryMachine(function* (u) {
      const va = yield* mapped(u, MAP_SHARED);
      const readme = yield* open(u, 'README', O_RDONLY);
      expect(read(u, readme, va, 4) ?? (yield)).toBe(4);
      munmap(u, va, 2 * PGSIZE) ?? (yield);
      expect(yield* readFile(u, 'f')).toEqual([0x2036_7678, 101]);
      yield* unlink(u, 'f');
    });
  });
});

describe('an access past the end of the file kills', () => {
  test('also of the page where it ended when it was mapped', () => {
    onEveryMachine(function* (u) {
      const va = yield* mapped(u, MAP_SHARED);
      expect(u.load(va) ?? (yield)).toBe(100);
      const cut = yield* open(u, 'f', O_TRUNC | O_RDWR);
      const status = yield* inChild(u, function* () {
        u.load(va) ?? (yield);
      });
      expect(status).toBe(-1);
      // It grows again: what was there is gone.
      u.store(0x800, 7) ?? (yield);
      write(u, cut, 0x800, 4) ?? (yield);
      expect(u.load(va) ?? (yield)).toBe(7);
      expect(u.load(va + 4) ?? (yield)).toBe(0);
      close(u, cut) ?? (yield);
      yield* unlink(u, 'f');
    });
  });

  test('whoever uses the page on another CPU at that moment', () => {
    onEveryMachine(function* (u) {
      const va = yield* mapped(u, MAP_SHARED);
      const pid = fork(u) ?? (yield);
      if (pid === 0) {
        for (;;) u.load(va) ?? (yield);
      }
      yield* open(u, 'f', O_TRUNC | O_RDWR);
      expect((yield* waitStatus(u)).status).toBe(-1);
      yield* unlink(u, 'f');
    });
  });
});

test('memory that runs out for a page of a file kills, and leaves nothing', () => {
  for (let at = 1; at <= 14; at++) {
    const situation = new Situation(
      {
        *main(u) {
          const fd = yield* open(u, 'f', O_CREATE | O_RDWR);
          u.store(0x800, 7) ?? (yield);
          write(u, fd, 0x800, 4) ?? (yield);
          const va = mmap(u, 0, PGSIZE, RW, MAP_SHARED, fd, 0) ?? (yield);
          const copy = mmap(u, 0, PGSIZE, RW, MAP_PRIVATE, fd, 0) ?? (yield);
          yield* unlink(u, 'f');
          u.store(copy, 1) ?? (yield);
          u.store(va, 1) ?? (yield);
          return 0;
        },
      },
      [['main']],
      { ncpu: 1, kallocFailsAt: at },
    );
    const outcome = situation.execute('round-robin', 1);
    expect(outcome.problems, `allocation ${at}`).toEqual([]);
    expect(outcome.statuses.get(2), `allocation ${at}`).toBe(at <= 4 ? -1 : 0);
  }
});
