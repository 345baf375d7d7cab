import { describe, expect, test } from 'vitest';
import { onEveryMachine } from '../property-tests/executions.ts';
import { setuid } from '../user/sysv.ts';
import {
  type Context,
  close,
  dup,
  exec,
  exit,
  fork,
  fstat,
  ftruncate,
  MAP_PRIVATE,
  MAP_SHARED,
  mmap,
  munmap,
  O_CREATE,
  O_EXCL,
  O_RDONLY,
  O_RDWR,
  O_TRUNC,
  O_WRONLY,
  open,
  type Part,
  PROT_READ,
  PROT_WRITE,
  pipe,
  read,
  shm_open,
  shm_unlink,
  sleep,
  T_SHM,
  waitStatus,
  write,
} from '../user/ulib.ts';
import { SYS_posix_shm_open, SYS_shm_unlink } from './abi.ts';

// Each row of the table, on 1, 2 and 4 CPUs under two strategies.

const PAGE = 4096;
const NEW = O_CREATE | O_RDWR;
const RW = PROT_READ | PROT_WRITE;

/** A new object of so many bytes; its descriptor. */
function* made(u: Context, name: string, size: number): Part<number> {
  const fd = yield* shm_open(u, name, NEW);
  expect(ftruncate(u, fd, size) ?? (yield)).toBe(0);
  return fd;
}

function* mapped(u: Context, fd: number, size: number, prot = RW, offset = 0): Part<number> {
  return mmap(u, 0, size, prot, MAP_SHARED, fd, offset) ?? (yield);
}

/** What a child does must kill it. */
function* kills(u: Context, child: () => Part<unknown>): Part<void> {
  const pid = fork(u) ?? (yield);
  if (pid === 0) {
    yield* child();
    exit(u, 5) ?? (yield);
  }
  expect((yield* waitStatus(u)).status).toBe(-1);
}

/** What a child does as that user. */
function* as(u: Context, uid: number, child: () => Part<void>): Part<void> {
  const pid = fork(u) ?? (yield);
  if (pid === 0) {
    setuid(u, uid) ?? (yield);
    yield* child();
    exit(u, 0) ?? (yield);
  }
  expect((yield* waitStatus(u)).status).toBe(0);
}

describe('shm_open', () => {
  test('with O_CREATE makes an object of size 0, which the name finds from then on', () => {
    onEveryMachine(
      function* (u) {
        expect(yield* shm_open(u, '/a', O_RDWR)).toBe(-1);
        expect(yield* shm_open(u, '/a', NEW)).toBe(3);
        expect(yield* fstat(u, 3)).toMatchObject({ type: T_SHM, nlink: 1, size: 0 });
        expect(ftruncate(u, 3, 100) ?? (yield)).toBe(0);
        expect(yield* shm_open(u, '/a', O_RDONLY)).toBe(4);
        expect(yield* shm_open(u, '/a', NEW)).toBe(5);
        for (const fd of [4, 5]) expect((yield* fstat(u, fd))?.size).toBe(100);
        expect(yield* shm_open(u, '/b', NEW)).toBe(-1);
        yield* shm_unlink(u, '/a');
      },
      undefined,
      { nofile: 6 },
    );
  });

  test('with O_EXCL refuses a name that is there', () => {
    onEveryMachine(function* (u) {
      expect(yield* shm_open(u, 'a', NEW | O_EXCL)).toBe(3);
      expect(yield* shm_open(u, 'a', NEW | O_EXCL)).toBe(-1);
      yield* shm_unlink(u, 'a');
    });
  });

  test('with O_TRUNC takes the contents away, and needs the right to write', () => {
    onEveryMachine(function* (u) {
      const fd = yield* made(u, 'a', PAGE);
      const va = yield* mapped(u, fd, PAGE);
      u.store(va, 1) ?? (yield);
      expect(yield* shm_open(u, 'a', O_RDONLY | O_TRUNC)).toBe(-1);
      expect((yield* fstat(u, fd))?.size).toBe(PAGE);
      expect(yield* shm_open(u, 'a', O_RDWR | O_TRUNC)).toBe(4);
      expect((yield* fstat(u, fd))?.size).toBe(0);
      yield* kills(u, function* () {
        u.load(va) ?? (yield);
      });
      expect(ftruncate(u, fd, PAGE) ?? (yield)).toBe(0);
      expect(u.load(va) ?? (yield)).toBe(0);
      yield* shm_unlink(u, 'a');
    });
  });

  test('refuses bad flags, names and pointers', () => {
    onEveryMachine(function* (u) {
      for (const oflag of [O_WRONLY, O_WRONLY | O_RDWR, O_CREATE | O_WRONLY, NEW | 0x4000, -1]) {
        expect(yield* shm_open(u, 'a', oflag)).toBe(-1);
      }
      for (const name of ['', 'sixteen bytes...']) {
        expect(yield* shm_open(u, name, NEW)).toBe(-1);
        expect(yield* shm_unlink(u, name)).toBe(-1);
      }
      for (const pointer of [0x1000, -4096, 0x7fff_ffff, 0x4000_0000]) {
        expect(u.ecall(SYS_posix_shm_open, pointer, NEW, 0o600) ?? (yield)).toBe(-1);
        expect(u.ecall(SYS_shm_unlink, pointer) ?? (yield)).toBe(-1);
      }
      expect(yield* shm_open(u, 'fifteen bytes..', NEW)).toBe(3);
      expect(yield* shm_unlink(u, 'fifteen bytes..')).toBe(0);
    });
  });

  test('answers -1 when objects, files or descriptors have run out, and keeps nothing', () => {
    onEveryMachine(
      function* (u) {
        for (const name of ['a', 'b']) expect(yield* shm_open(u, name, NEW)).toBeGreaterThan(0);
        expect(yield* shm_open(u, 'c', NEW)).toBe(-1);
        close(u, 4) ?? (yield);
        expect(yield* shm_unlink(u, 'b')).toBe(0);
        expect(yield* shm_open(u, 'c', NEW)).toBe(4);
        expect(yield* shm_open(u, 'c', NEW)).toBe(5);
        expect(yield* shm_open(u, 'c', NEW)).toBe(-1);
        for (const name of ['a', 'c']) expect(yield* shm_unlink(u, name)).toBe(0);
      },
      undefined,
      { nposix: 2, nofile: 8, nfile: 3 },
    );
  });

  test('asks for rights by user and mode', () => {
    onEveryMachine(function* (u) {
      yield* shm_open(u, 'mine', NEW, 0o600);
      yield* shm_open(u, 'ours', NEW, 0o604);
      yield* as(u, 5, function* () {
        expect(yield* shm_open(u, 'mine', O_RDONLY)).toBe(-1);
        expect(yield* shm_open(u, 'ours', O_RDWR)).toBe(-1);
        expect(yield* shm_open(u, 'ours', O_RDONLY)).toBeGreaterThan(0);
        expect(yield* shm_unlink(u, 'ours')).toBe(-1);
        expect(yield* shm_open(u, 'theirs', NEW, 0o400)).toBeGreaterThan(0);
        expect(yield* shm_open(u, 'theirs', O_RDWR)).toBe(-1);
        expect(yield* shm_unlink(u, 'theirs')).toBe(0);
      });
      for (const name of ['mine', 'ours']) expect(yield* shm_unlink(u, name)).toBe(0);
    });
  });

  test('without flags is xv6’s: another name space', () => {
    onEveryMachine(function* (u) {
      expect(yield* shm_open(u, 'a')).toBe(0);
      expect(yield* shm_open(u, 'a', O_RDWR)).toBe(-1);
    });
  });
});

describe('ftruncate', () => {
  test('grows: new pages are zeros', () => {
    onEveryMachine(function* (u) {
      const fd = yield* made(u, 'a', PAGE);
      const va = yield* mapped(u, fd, 2 * PAGE);
      u.store(va, 1) ?? (yield);
      yield* kills(u, function* () {
        u.load(va + PAGE) ?? (yield);
      });
      expect(ftruncate(u, fd, 2 * PAGE) ?? (yield)).toBe(0);
      expect(u.load(va + PAGE) ?? (yield)).toBe(0);
      expect(u.load(va) ?? (yield)).toBe(1);
      yield* shm_unlink(u, 'a');
    });
  });

  test('shrinks under mappings: an access to what is gone kills, and it comes back as zeros', () => {
    onEveryMachine(function* (u) {
      const fd = yield* made(u, 'a', 2 * PAGE);
      const va = yield* mapped(u, fd, 2 * PAGE);
      u.store(va, 1) ?? (yield);
      u.store(va + PAGE, 2) ?? (yield);
      expect(ftruncate(u, fd, PAGE) ?? (yield)).toBe(0);
      expect((yield* fstat(u, fd))?.size).toBe(PAGE);
      yield* kills(u, function* () {
        u.load(va + PAGE) ?? (yield);
      });
      expect(ftruncate(u, fd, 2 * PAGE) ?? (yield)).toBe(0);
      expect(u.load(va + PAGE) ?? (yield)).toBe(0);
      expect(u.load(va) ?? (yield)).toBe(1);
      yield* shm_unlink(u, 'a');
    });
  });

  test('shrinks under the mapping of a process on another CPU', () => {
    onEveryMachine(function* (u) {
      const fd = yield* made(u, 'a', 2 * PAGE);
      const va = yield* mapped(u, fd, 2 * PAGE);
      const pid = fork(u) ?? (yield);
      if (pid === 0) {
        // The page is there, or killed it.
        for (;;) u.fetchAdd(va + PAGE, 1) ?? (yield);
      }
      while ((u.fetchAdd(va + PAGE, 0) ?? (yield)) === 0) sleep(u, 1) ?? (yield);
      expect(ftruncate(u, fd, PAGE) ?? (yield)).toBe(0);
      expect((yield* waitStatus(u)).status).toBe(-1);
      yield* shm_unlink(u, 'a');
    });
  });

  test('within a page leaves zeros behind the end', () => {
    onEveryMachine(function* (u) {
      const fd = yield* made(u, 'a', PAGE);
      const va = yield* mapped(u, fd, PAGE);
      for (let i = 0; i < 16; i += 4) u.store(va + i, -1) ?? (yield);
      expect(ftruncate(u, fd, 6) ?? (yield)).toBe(0);
      expect(ftruncate(u, fd, PAGE) ?? (yield)).toBe(0);
      const words = [u.load(va) ?? (yield), u.load(va + 4) ?? (yield), u.load(va + 8) ?? (yield)];
      expect(words).toEqual([-1, 0xffff, 0]);
      yield* shm_unlink(u, 'a');
    });
  });

  test('refuses sizes below 0 and above the largest, other files, and read-only descriptors', () => {
    onEveryMachine(function* (u) {
      const fd = yield* made(u, 'a', 7);
      for (const size of [-1, -0x8000_0000, 1024 * PAGE + 1, 0x7fff_ffff]) {
        expect(ftruncate(u, fd, size) ?? (yield)).toBe(-1);
      }
      expect((yield* fstat(u, fd))?.size).toBe(7);
      expect(ftruncate(u, fd, 1024 * PAGE) ?? (yield)).toBe(0);
      const reader = yield* shm_open(u, 'a', O_RDONLY);
      const file = yield* open(u, 'f', O_CREATE | O_RDWR);
      yield* pipe(u);
      for (const bad of [reader, file, file + 1, 0, 15, 16, -1]) {
        expect(ftruncate(u, bad, 1) ?? (yield)).toBe(-1);
      }
      yield* shm_unlink(u, 'a');
    });
  });
});

describe('mmap of a descriptor', () => {
  test('shares the object’s pages, from an offset', () => {
    onEveryMachine(function* (u) {
      const fd = yield* made(u, 'a', 3 * PAGE);
      const all = yield* mapped(u, fd, 3 * PAGE);
      const last = yield* mapped(u, fd, PAGE, PROT_READ, 2 * PAGE);
      u.store(all + 2 * PAGE, 9) ?? (yield);
      expect(u.load(last) ?? (yield)).toBe(9);
      yield* kills(u, function* () {
        u.store(last, 1) ?? (yield);
      });
      yield* shm_unlink(u, 'a');
    });
  });

  test('needs O_RDWR to write, unless it is private: then what is written stays its own', () => {
    onEveryMachine(function* (u) {
      const fd = yield* made(u, 'a', PAGE);
      const va = yield* mapped(u, fd, PAGE);
      u.store(va, 1) ?? (yield);
      const reader = yield* shm_open(u, 'a', O_RDONLY);
      expect(yield* mapped(u, reader, PAGE)).toBe(-1);
      expect(yield* mapped(u, reader, PAGE, PROT_READ)).toBeGreaterThan(0);
      const own = mmap(u, 0, PAGE, RW, MAP_PRIVATE, reader, 0) ?? (yield);
      expect(u.load(own) ?? (yield)).toBe(1);
      u.store(own, 2) ?? (yield);
      expect(u.load(va) ?? (yield)).toBe(1);
      expect(u.load(own) ?? (yield)).toBe(2);
      yield* shm_unlink(u, 'a');
    });
  });

  test('refuses what is no descriptor', () => {
    onEveryMachine(function* (u) {
      yield* pipe(u);
      for (const fd of [-1, 0, 1, 3, 5, 100]) expect(yield* mapped(u, fd, PAGE)).toBe(-1);
    });
  });
});

describe('an object', () => {
  test('lasts with its name, with no process left', () => {
    onEveryMachine(function* (u) {
      const pid = fork(u) ?? (yield);
      if (pid === 0) {
        const va = yield* mapped(u, yield* made(u, 'a', PAGE), PAGE);
        u.store(va, 42) ?? (yield);
        exit(u, 0) ?? (yield);
      }
      yield* waitStatus(u);
      const fd = yield* shm_open(u, 'a', O_RDONLY);
      const va = yield* mapped(u, fd, PAGE, PROT_READ);
      expect(u.load(va) ?? (yield)).toBe(42);
      yield* shm_unlink(u, 'a');
    });
  });

  test('that is unlinked lasts as long as a descriptor or a mapping', () => {
    onEveryMachine(
      function* (u) {
        const fd = yield* made(u, 'a', PAGE);
        expect(yield* shm_unlink(u, 'a')).toBe(0);
        expect(yield* shm_unlink(u, 'a')).toBe(-1);
        expect(yield* shm_open(u, 'a', O_RDWR)).toBe(-1);
        expect((yield* fstat(u, fd))?.nlink).toBe(0);
        const va = yield* mapped(u, fd, PAGE);
        close(u, fd) ?? (yield);
        u.store(va, 5) ?? (yield);
        expect(u.load(va) ?? (yield)).toBe(5);
        // The name is free, and finds another object.
        const other = yield* made(u, 'a', PAGE);
        const there = yield* mapped(u, other, PAGE);
        expect(u.load(there) ?? (yield)).toBe(0);
        yield* shm_unlink(u, 'a');
        expect(yield* shm_open(u, 'b', NEW)).toBe(-1);
        expect(munmap(u, va, PAGE) ?? (yield)).toBe(0);
        expect(yield* shm_open(u, 'b', NEW)).toBeGreaterThan(0);
        yield* shm_unlink(u, 'b');
      },
      undefined,
      { nposix: 2 },
    );
  });
});

describe('descriptors of shared memory', () => {
  test('are ordinary: dup, fork, close, exec, but neither read nor written', () => {
    onEveryMachine(
      function* (u) {
        const fd = yield* made(u, 'a', PAGE);
        const copy = dup(u, fd) ?? (yield);
        expect(close(u, fd) ?? (yield)).toBe(0);
        expect((yield* fstat(u, copy))?.size).toBe(PAGE);
        expect(read(u, copy, 0x400, 1) ?? (yield)).toBe(-1);
        expect(write(u, copy, 0x400, 1) ?? (yield)).toBe(-1);
        const pid = fork(u) ?? (yield);
        if (pid === 0) {
          expect(ftruncate(u, copy, 3) ?? (yield)).toBe(0);
          yield* exec(u, 'after', ['after', String(copy)]);
        }
        expect((yield* waitStatus(u)).status).toBe(0);
        expect((yield* fstat(u, copy))?.size).toBe(3);
        yield* shm_unlink(u, 'a');
      },
      undefined,
      {},
      {
        *after(u, argv) {
          expect((yield* fstat(u, Number(argv[1])))?.size).toBe(3);
        },
      },
    );
  });

  test('pass mappings to children by fork', () => {
    onEveryMachine(function* (u) {
      const fd = yield* made(u, 'a', PAGE);
      const va = yield* mapped(u, fd, PAGE);
      yield* shm_unlink(u, 'a');
      const pid = fork(u) ?? (yield);
      if (pid === 0) {
        close(u, fd) ?? (yield);
        u.store(va, 3) ?? (yield);
        exit(u, 0) ?? (yield);
      }
      yield* waitStatus(u);
      expect(u.load(va) ?? (yield)).toBe(3);
    });
  });
});
