import { describe, expect, test } from 'vitest';
import { onEveryMachine } from '../property-tests/executions.ts';
import {
  close,
  dup,
  exec,
  exit,
  fork,
  fstat,
  HEAP,
  kill,
  O_CREATE,
  O_RDONLY,
  O_RDWR,
  O_TRUNC,
  O_WRONLY,
  open,
  pipe,
  read,
  readString,
  sbrk,
  T_DEVICE,
  T_DIR,
  T_FILE,
  unlink,
  wait,
  waitStatus,
  write,
  writeString,
} from '../user/ulib.ts';
import { SYS_fstat, SYS_open, SYS_pipe, SYS_unlink } from './abi.ts';

// Each row of the table, on 1, 2 and 4 CPUs under two strategies. A program's own expectations end
// the execution, and the test, where they fail.

const BSIZE = 4096;

describe('open', () => {
  test('answers the lowest free descriptor after those of the console', () => {
    onEveryMachine(function* (u) {
      expect(yield* open(u, 'README', O_RDONLY)).toBe(3);
      expect(yield* open(u, 'README', O_RDONLY)).toBe(4);
      expect(close(u, 3) ?? (yield)).toBe(0);
      expect(yield* open(u, '/README', O_RDWR)).toBe(3);
      expect(close(u, 0) ?? (yield)).toBe(0);
      expect(yield* open(u, '//tmp', O_RDONLY)).toBe(0);
    });
  });

  test('fails without the file, past a file, and for modes that are none', () => {
    onEveryMachine(function* (u) {
      for (const path of ['', 'no', 'README/x', 'tmp/no', 'no/x', 'fifteen bytes..']) {
        expect(yield* open(u, path, O_RDONLY), path).toBe(-1);
      }
      for (const path of ['', '/', 'README/x', 'no/x', 'tmp', '.', 'fifteen bytes..']) {
        expect(yield* open(u, path, O_CREATE | O_RDWR), path).toBe(-1);
      }
      for (const mode of [3, 4, -1, 0x1000]) expect(yield* open(u, 'README', mode)).toBe(-1);
      expect(yield* open(u, 'tmp', O_RDWR)).toBe(-1);
      for (const address of [-1, 0x3000, 0x1000]) {
        expect(u.ecall(SYS_open, address, 0) ?? (yield)).toBe(-1);
        expect(u.ecall(SYS_unlink, address) ?? (yield)).toBe(-1);
      }
      expect(yield* open(u, 'README', O_RDONLY)).toBe(3);
    });
  });

  test('creates a file once, also in a directory', () => {
    onEveryMachine(function* (u) {
      for (const path of ['fourteen bytes', 'tmp/f']) {
        const fd = yield* open(u, path, O_CREATE | O_WRONLY);
        expect(yield* writeString(u, fd, 'abc')).toBe(3);
        expect(close(u, fd) ?? (yield)).toBe(0);
        const again = yield* open(u, path, O_CREATE | O_RDWR);
        expect(yield* readString(u, again, 9)).toBe('abc');
        expect(close(u, again) ?? (yield)).toBe(0);
        expect(yield* unlink(u, path)).toBe(0);
        expect(yield* open(u, path, O_RDONLY)).toBe(-1);
      }
    });
  });

  test('with O_TRUNC empties the file', () => {
    onEveryMachine(function* (u) {
      const fd = yield* open(u, 'f', O_CREATE | O_RDWR);
      expect(yield* writeString(u, fd, 'abc')).toBe(3);
      const again = yield* open(u, 'f', O_TRUNC | O_WRONLY);
      expect((yield* fstat(u, fd))?.size).toBe(0);
      expect(yield* writeString(u, again, 'x')).toBe(1);
      expect((yield* fstat(u, fd))?.size).toBe(1);
      // Past the end now: no holes.
      expect(yield* writeString(u, fd, 'def')).toBe(-1);
      expect(yield* readString(u, fd, 9)).toBe('');
    });
  });

  test('fails when descriptors, files or inodes have run out, and has created nothing', () => {
    onEveryMachine(
      function* (u) {
        expect(yield* open(u, 'a', O_CREATE)).toBe(3);
        // Four inodes, one of them new.
        expect(yield* open(u, 'b', O_CREATE)).toBe(-1);
        expect(yield* unlink(u, 'a')).toBe(0);
        expect(yield* open(u, 'b', O_CREATE)).toBe(-1);
        expect(close(u, 3) ?? (yield)).toBe(0);
        expect(yield* open(u, 'b', O_CREATE)).toBe(3);
        expect(yield* open(u, 'b', O_RDONLY)).toBe(4);
        // Two files.
        expect(yield* open(u, 'b', O_RDONLY)).toBe(-1);
        expect(yield* unlink(u, 'b')).toBe(0);
        expect(close(u, 3) ?? (yield)).toBe(0);
        expect(yield* open(u, 'c', O_CREATE)).toBe(-1);
        expect(yield* open(u, 'c', O_RDONLY)).toBe(-1);
        expect(close(u, 4) ?? (yield)).toBe(0);
        expect(yield* open(u, 'c', O_CREATE)).toBe(3);
      },
      ({ statuses }) => expect(statuses.get(2)).toBe(0),
      { nfile: 2, ninode: 4 },
    );
    onEveryMachine(
      function* (u) {
        expect(yield* open(u, 'README', O_RDONLY)).toBe(3);
        expect(yield* open(u, 'new', O_CREATE)).toBe(-1);
        expect(dup(u, 1) ?? (yield)).toBe(-1);
        expect(yield* pipe(u)).toBeUndefined();
        expect(close(u, 3) ?? (yield)).toBe(0);
        expect(yield* pipe(u)).toBeUndefined();
        expect(yield* open(u, 'new', O_RDONLY)).toBe(-1);
      },
      ({ statuses }) => expect(statuses.get(2)).toBe(0),
      { nofile: 4 },
    );
  });
});

describe('read and write', () => {
  test('go on where the last one ended, across blocks', () => {
    onEveryMachine(function* (u) {
      const end = sbrk(u, 3 * BSIZE) ?? (yield);
      const fd = yield* open(u, 'f', O_CREATE | O_RDWR);
      for (let i = 0; i < 3 * BSIZE; i += 256) u.store(end + i, i) ?? (yield);
      expect(write(u, fd, end, BSIZE + 256) ?? (yield)).toBe(BSIZE + 256);
      expect(write(u, fd, end + BSIZE + 256, BSIZE) ?? (yield)).toBe(BSIZE);
      const reader = yield* open(u, 'f', O_RDONLY);
      for (let i = 0; i < 2 * BSIZE; i += 2048) {
        expect(read(u, reader, end, 2048) ?? (yield)).toBe(2048);
        expect(u.load(end + 256) ?? (yield)).toBe(i + 256);
      }
      expect(read(u, reader, end, 3 * BSIZE) ?? (yield)).toBe(256);
      expect(u.load(end) ?? (yield)).toBe(2 * BSIZE);
      expect(read(u, reader, end, 1) ?? (yield)).toBe(0);
    });
  });

  test('need a descriptor with the right, and memory with the right', () => {
    onEveryMachine(function* (u) {
      const reads = yield* open(u, 'README', O_RDONLY);
      const writes = yield* open(u, 'f', O_CREATE | O_WRONLY);
      expect(yield* writeString(u, reads, 'x')).toBe(-1);
      expect(yield* readString(u, writes, 1)).toBeUndefined();
      for (const fd of [-1, 5, 99]) {
        expect(yield* writeString(u, fd, 'x')).toBe(-1);
        expect(yield* readString(u, fd, 1)).toBeUndefined();
      }
      for (const address of [-1, 0x1000, 0x2fff, 0x3000]) {
        expect(read(u, reads, address, 2) ?? (yield)).toBe(-1);
        expect(write(u, writes, address, 2) ?? (yield)).toBe(-1);
      }
      expect(read(u, reads, HEAP, -1) ?? (yield)).toBe(-1);
      expect(write(u, writes, HEAP, -1) ?? (yield)).toBe(-1);
      expect(write(u, writes, HEAP, 0x7fff_ffff) ?? (yield)).toBe(-1);
      expect(read(u, reads, HEAP, 0) ?? (yield)).toBe(0);
      expect(write(u, writes, HEAP, 0) ?? (yield)).toBe(0);
      // None of it moved the offsets.
      expect(yield* readString(u, reads, 4)).toBe('xv6 ');
      expect((yield* fstat(u, writes))?.size).toBe(0);
    });
  });

  test('a write that finds the disk full leaves the file as it was', () => {
    onEveryMachine(
      function* (u) {
        const end = sbrk(u, 3 * BSIZE) ?? (yield);
        const a = yield* open(u, 'a', O_CREATE | O_RDWR);
        expect(write(u, a, end, BSIZE) ?? (yield)).toBe(BSIZE);
        expect(write(u, a, end, 2 * BSIZE) ?? (yield)).toBe(-1);
        expect((yield* fstat(u, a))?.size).toBe(BSIZE);
        const b = yield* open(u, 'b', O_CREATE | O_RDWR);
        expect(write(u, b, end, 1) ?? (yield)).toBe(1);
        expect(write(u, b, end, BSIZE) ?? (yield)).toBe(-1);
        expect(yield* unlink(u, 'a')).toBe(0);
        expect(write(u, b, end, BSIZE) ?? (yield)).toBe(-1);
        expect(close(u, a) ?? (yield)).toBe(0);
        expect(write(u, b, end, BSIZE) ?? (yield)).toBe(BSIZE);
      },
      ({ statuses }) => expect(statuses.get(2)).toBe(0),
      { fssize: 6 },
    );
  });

  test('a file has a longest size', () => {
    onEveryMachine(function* (u) {
      const end = sbrk(u, 12 * BSIZE + 1) ?? (yield);
      const fd = yield* open(u, 'f', O_CREATE | O_RDWR);
      expect(write(u, fd, end, 12 * BSIZE + 1) ?? (yield)).toBe(-1);
      expect(write(u, fd, end, 12 * BSIZE) ?? (yield)).toBe(12 * BSIZE);
      expect(write(u, fd, end, 1) ?? (yield)).toBe(-1);
    });
  });
});

describe('descriptors', () => {
  test('that dup makes share an offset, those of another open do not', () => {
    onEveryMachine(function* (u) {
      const a = yield* open(u, 'README', O_RDONLY);
      const b = dup(u, a) ?? (yield);
      const c = yield* open(u, 'README', O_RDONLY);
      expect([a, b, c]).toEqual([3, 4, 5]);
      expect(yield* readString(u, a, 2)).toBe('xv');
      expect(yield* readString(u, b, 2)).toBe('6 ');
      expect(yield* readString(u, c, 2)).toBe('xv');
      expect(close(u, a) ?? (yield)).toBe(0);
      expect(yield* readString(u, b, 2)).toBe('is');
      expect(close(u, a) ?? (yield)).toBe(-1);
      expect(dup(u, a) ?? (yield)).toBe(-1);
    });
  });

  test('of parent and child share an offset, and each closes its own', () => {
    onEveryMachine(function* (u) {
      const fd = yield* open(u, 'README', O_RDONLY);
      const pid = fork(u) ?? (yield);
      if (pid === 0) {
        expect(yield* readString(u, fd, 4)).toBe('xv6 ');
        expect(close(u, fd) ?? (yield)).toBe(0);
        exit(u, 0) ?? (yield);
      }
      wait(u) ?? (yield);
      expect(yield* readString(u, fd, 2)).toBe('is');
    });
  });

  test('are kept by exec', () => {
    onEveryMachine(
      function* (u) {
        expect(yield* open(u, 'README', O_RDONLY)).toBe(3);
        expect(yield* readString(u, 3, 4)).toBe('xv6 ');
        yield* exec(u, 'after', ['after']);
      },
      ({ statuses }) => expect(statuses.get(2)).toBe(0),
      {},
      {
        *after(u) {
          expect(yield* readString(u, 3, 2)).toBe('is');
        },
      },
    );
  });

  test('of the console write what is printed, read nothing, and can be replaced', () => {
    onEveryMachine(
      function* (u) {
        expect(yield* fstat(u, 1)).toEqual({ ino: 0, type: T_DEVICE, nlink: 0, size: 0 });
        expect(yield* readString(u, 0, 9)).toBe('');
        expect(yield* readString(u, 1, 9)).toBeUndefined();
        expect(dup(u, 1) ?? (yield)).toBe(3);
        expect(yield* writeString(u, 3, 'a')).toBe(1);
        expect(close(u, 1) ?? (yield)).toBe(0);
        expect(yield* writeString(u, 1, 'b')).toBe(-1);
        expect(yield* open(u, 'out', O_CREATE | O_RDWR)).toBe(1);
        expect(yield* writeString(u, 1, 'c')).toBe(1);
        expect((yield* fstat(u, 1))?.size).toBe(1);
      },
      ({ output }) => expect(output).toBe('a'),
    );
  });
});

describe('fstat', () => {
  test('tells kind, size, and how many names there are', () => {
    onEveryMachine(function* (u) {
      const root = yield* open(u, '/', O_RDONLY);
      expect(yield* fstat(u, root)).toEqual({ ino: 1, type: T_DIR, nlink: 1, size: 4 * 16 });
      const readme = yield* open(u, 'README', O_RDONLY);
      expect(yield* fstat(u, readme)).toEqual({ ino: 3, type: T_FILE, nlink: 1, size: 78 });
      expect(yield* unlink(u, 'README')).toBe(0);
      expect((yield* fstat(u, readme))?.nlink).toBe(0);
      expect(yield* fstat(u, 9)).toBeUndefined();
      for (const address of [-1, 0x1000, 0x3000]) {
        expect(u.ecall(SYS_fstat, readme, address) ?? (yield)).toBe(-1);
      }
      yield* pipe(u);
      expect(yield* fstat(u, 5)).toBeUndefined();
    });
  });
});

describe('unlink', () => {
  test('takes the name at once and the file with its last descriptor', () => {
    onEveryMachine(
      function* (u) {
        const a = yield* open(u, 'a', O_CREATE | O_RDWR);
        const b = yield* open(u, 'a', O_RDONLY);
        expect(yield* writeString(u, a, 'abc')).toBe(3);
        expect(yield* unlink(u, 'a')).toBe(0);
        expect(yield* unlink(u, 'a')).toBe(-1);
        expect(yield* open(u, 'a', O_RDONLY)).toBe(-1);
        expect(close(u, a) ?? (yield)).toBe(0);
        expect(yield* readString(u, b, 9)).toBe('abc');
        // The only free inode is still in use.
        expect(yield* open(u, 'b', O_CREATE)).toBe(-1);
        expect(close(u, b) ?? (yield)).toBe(0);
        const c = yield* open(u, 'b', O_CREATE | O_RDWR);
        expect(yield* readString(u, c, 9)).toBe('');
      },
      ({ statuses }) => expect(statuses.get(2)).toBe(0),
      { ninode: 4 },
    );
  });

  test('refuses what is not there, directories, and those that each directory has', () => {
    onEveryMachine(function* (u) {
      for (const path of ['', '/', 'no', 'tmp', '.', '..', 'tmp/.', 'tmp/..', 'README/x']) {
        expect(yield* unlink(u, path), path).toBe(-1);
      }
    });
  });
});

describe('pipe', () => {
  test('carries bytes from one end to the other, and ends when the write end closes', () => {
    onEveryMachine(function* (u) {
      const ends = yield* pipe(u);
      expect(ends).toEqual({ reads: 3, writes: 4 });
      expect(yield* writeString(u, 4, 'abcdefg')).toBe(7);
      expect(yield* readString(u, 3, 3)).toBe('abc');
      expect(yield* readString(u, 3, 9)).toBe('defg');
      expect(yield* writeString(u, 3, 'x')).toBe(-1);
      expect(yield* readString(u, 4, 1)).toBeUndefined();
      expect(yield* writeString(u, 4, 'h')).toBe(1);
      expect(close(u, 4) ?? (yield)).toBe(0);
      expect(yield* readString(u, 3, 9)).toBe('h');
      expect(yield* readString(u, 3, 9)).toBe('');
    });
  });

  test('refuses to be written when nobody can read it', () => {
    onEveryMachine(function* (u) {
      yield* pipe(u);
      expect(close(u, 3) ?? (yield)).toBe(0);
      expect(yield* writeString(u, 4, 'x')).toBe(-1);
    });
  });

  test('fails for a bad pointer, and when files, pipes or memory have run out', () => {
    for (const limits of [{ nfile: 2 }, { npipe: 1 }]) {
      onEveryMachine(
        function* (u) {
          for (const address of [-1, 0x1000, 0x3000]) {
            expect(u.ecall(SYS_pipe, address) ?? (yield)).toBe(-1);
          }
          expect(yield* pipe(u)).toEqual({ reads: 3, writes: 4 });
          expect(yield* pipe(u)).toBeUndefined();
          expect(close(u, 3) ?? (yield)).toBe(0);
          expect(yield* pipe(u)).toBeUndefined();
          expect(close(u, 4) ?? (yield)).toBe(0);
          expect(yield* pipe(u)).toEqual({ reads: 3, writes: 4 });
        },
        ({ statuses }) => expect(statuses.get(2)).toBe(0),
        limits,
      );
    }
    onEveryMachine(
      function* (u) {
        expect(yield* pipe(u)).toBeUndefined();
        expect(yield* pipe(u)).toEqual({ reads: 3, writes: 4 });
      },
      ({ statuses }) => expect(statuses.get(2)).toBe(0),
      { kallocFailsAt: 1 },
    );
  });

  test('lets go of a process that is killed while it waits at either end', () => {
    onEveryMachine(
      function* (u) {
        yield* pipe(u);
        const reader = fork(u) ?? (yield);
        if (reader === 0) {
          yield* readString(u, 3, 1);
          exit(u, 0) ?? (yield);
        }
        yield* pipe(u);
        const writer = fork(u) ?? (yield);
        if (writer === 0) {
          yield* writeString(u, 6, 'more than fits');
          exit(u, 0) ?? (yield);
        }
        for (const pid of [reader, writer]) kill(u, pid) ?? (yield);
        // As in xv6, a kill between the look at p->killed and the sleep is noticed at the next wakeup.
        yield* writeString(u, 4, 'x');
        close(u, 6) ?? (yield);
        yield* readString(u, 5, 1);
        for (const _ of [reader, writer]) expect((yield* waitStatus(u)).status).toBe(-1);
      },
      ({ statuses }) => expect(statuses.get(2)).toBe(0),
      { pipesize: 8 },
    );
  });

  test('of any size carries everything between processes, in order', () => {
    for (const pipesize of [1, 3, 8, 13]) {
      onEveryMachine(
        function* (u) {
          yield* pipe(u);
          const pid = fork(u) ?? (yield);
          if (pid === 0) {
            close(u, 3) ?? (yield);
            const done = yield* writeString(u, 4, 'abcdefghijklmnopqrstuvwxyz');
            exit(u, done === 26 ? 0 : 1) ?? (yield);
          }
          close(u, 4) ?? (yield);
          let text = '';
          for (;;) {
            const part = yield* readString(u, 3, 5);
            if (part === '' || part === undefined) break;
            text += part;
          }
          expect(text).toBe('abcdefghijklmnopqrstuvwxyz');
        },
        ({ statuses }) => expect(statuses.get(2)).toBe(0),
        { pipesize },
      );
    }
  });
});
