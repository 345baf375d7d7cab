import { describe, expect, test } from 'vitest';
import { onEveryMachine } from '../property-tests/executions.ts';
import {
  getuid,
  IPC_CREAT,
  IPC_EXCL,
  IPC_PRIVATE,
  SHM_DEST,
  SHM_RDONLY,
  SHM_RND,
  setuid,
  shm_rmid,
  shm_set,
  shm_stat,
  shmat,
  shmdt,
  shmget,
} from '../user/sysv.ts';
import {
  type Context,
  exec,
  exit,
  fork,
  getpid,
  kill,
  munmap,
  type Part,
  sbrk,
  sleep,
  waitStatus,
} from '../user/ulib.ts';
import { IPC_SET, IPC_STAT, SYS_shmctl } from './abi.ts';

// Each row of the table, on 1, 2 and 4 CPUs under two strategies.

const KEY = 7;
const PAGE = 4096;
const RW = 0o600;
const GUARD = 0x1000;

function* created(u: Context, key = KEY, size = PAGE, mode = RW): Part<number> {
  return shmget(u, key, size, IPC_CREAT | mode) ?? (yield);
}

/** Removes a segment, so that nothing is left when the execution ends. */
function* removed(u: Context, id: number): Part<void> {
  expect(shm_rmid(u, id) ?? (yield)).toBe(0);
}

/** What a child comes to; it runs as that user. */
function* as(u: Context, uid: number, child: () => Part<void>): Part<void> {
  const pid = fork(u) ?? (yield);
  if (pid === 0) {
    expect(setuid(u, uid) ?? (yield)).toBe(0);
    yield* child();
    exit(u, 0) ?? (yield);
  }
  expect(yield* waitStatus(u)).toEqual({ pid, status: 0 });
}

describe('shmget', () => {
  test('refuses a size below 0, and a right of execution that the mode does not give', () => {
    onEveryMachine(function* (u) {
      const id = yield* created(u);
      expect(shmget(u, KEY, -1, 0) ?? (yield)).toBe(-1);
      expect(shmget(u, KEY + 1, -4096, IPC_CREAT | RW) ?? (yield)).toBe(-1);
      expect(yield* shm_set(u, id, 5, RW)).toBe(0);
      yield* as(u, 5, function* () {
        expect(shmget(u, KEY, PAGE, 0o700) ?? (yield)).toBe(-1);
        expect(shmget(u, KEY, PAGE, 0o100) ?? (yield)).toBe(-1);
        expect(shmget(u, KEY, PAGE, 0o600) ?? (yield)).toBe(id);
      });
      yield* removed(u, id);
    });
  });

  test('makes a segment for a new key, and finds it again', () => {
    onEveryMachine(function* (u) {
      expect(shmget(u, KEY, PAGE, RW) ?? (yield)).toBe(-1);
      const id = yield* created(u);
      expect(id).toBeGreaterThanOrEqual(0);
      expect(shmget(u, KEY, PAGE, RW) ?? (yield)).toBe(id);
      expect(shmget(u, KEY, 0, 0) ?? (yield)).toBe(id);
      expect(yield* created(u)).toBe(id);
      expect(yield* created(u, KEY + 1)).not.toBe(id);
      yield* removed(u, id);
      yield* removed(u, shmget(u, KEY + 1, 0, 0) ?? (yield));
    });
  });

  test('with IPC_EXCL refuses a key that has a segment', () => {
    onEveryMachine(function* (u) {
      const flags = IPC_CREAT | IPC_EXCL | RW;
      const id = shmget(u, KEY, PAGE, flags) ?? (yield);
      expect(id).toBeGreaterThanOrEqual(0);
      expect(shmget(u, KEY, PAGE, flags) ?? (yield)).toBe(-1);
      yield* removed(u, id);
    });
  });

  test('with IPC_PRIVATE makes a new one each time, until all are in use', () => {
    onEveryMachine(function* (u) {
      const ids: number[] = [];
      for (let i = 0; i < 3; i++) ids.push(shmget(u, IPC_PRIVATE, 1, RW) ?? (yield));
      expect(new Set(ids).size).toBe(3);
      expect(Math.min(...ids)).toBeGreaterThanOrEqual(0);
      expect(shmget(u, IPC_PRIVATE, 1, RW) ?? (yield)).toBe(-1);
      yield* removed(u, ids[1] as number);
      const again = shmget(u, IPC_PRIVATE, 1, RW) ?? (yield);
      expect(again).toBeGreaterThanOrEqual(0);
      // Never the identifier of one that is gone.
      expect(ids).not.toContain(again);
      for (const id of [ids[0] as number, again, ids[2] as number]) yield* removed(u, id);
    });
  });

  test('refuses a size of nothing, one that is too large, and one above that of what is there', () => {
    onEveryMachine(function* (u) {
      for (const size of [0, -1, -0x8000_0000, 1024 * PAGE + 1, 0x7fff_ffff]) {
        expect(shmget(u, KEY, size, IPC_CREAT | RW) ?? (yield)).toBe(-1);
        expect(shmget(u, IPC_PRIVATE, size, RW) ?? (yield)).toBe(-1);
      }
      const id = yield* created(u, KEY, 100);
      expect(shmget(u, KEY, 100, RW) ?? (yield)).toBe(id);
      expect(shmget(u, KEY, 101, RW) ?? (yield)).toBe(-1);
      yield* removed(u, id);
    });
  });

  test('refuses flags that it does not know', () => {
    onEveryMachine(function* (u) {
      expect(shmget(u, KEY, PAGE, IPC_CREAT | RW | 0o4000) ?? (yield)).toBe(-1);
    });
  });

  test('asks for the rights that its flags name', () => {
    onEveryMachine(function* (u) {
      const id = yield* created(u, KEY, PAGE, 0o604);
      yield* as(u, 5, function* () {
        expect(shmget(u, KEY, 0, 0) ?? (yield)).toBe(id);
        expect(shmget(u, KEY, 0, 0o400) ?? (yield)).toBe(id);
        expect(shmget(u, KEY, 0, 0o600) ?? (yield)).toBe(-1);
        expect(shmget(u, KEY, 0, 0o006) ?? (yield)).toBe(-1);
      });
      yield* removed(u, id);
    });
  });
});

describe('shmat', () => {
  test('attaches pages of zeros, which all attachments share', () => {
    onEveryMachine(function* (u) {
      const id = yield* created(u, KEY, PAGE + 1);
      const a = shmat(u, id, 0, 0) ?? (yield);
      const b = shmat(u, id, 0, 0) ?? (yield);
      expect(a).toBeGreaterThan(0);
      expect(b).not.toBe(a);
      expect(u.load(a + PAGE) ?? (yield)).toBe(0);
      u.store(a + PAGE, 5) ?? (yield);
      expect(u.load(b + PAGE) ?? (yield)).toBe(5);
      yield* removed(u, id);
    });
  });

  test('goes to the address it is given, rounded down with SHM_RND, if nothing is there', () => {
    onEveryMachine(function* (u) {
      const id = yield* created(u);
      const va = 0x10_0000;
      expect(shmat(u, id, va + 4, 0) ?? (yield)).toBe(-1);
      expect(shmat(u, id, va, 0) ?? (yield)).toBe(va);
      expect(shmat(u, id, va, 0) ?? (yield)).toBe(-1);
      expect(shmat(u, id, va + PAGE + 100, SHM_RND) ?? (yield)).toBe(va + PAGE);
      // The program, below a page, the window of xv6's shared memory, and beyond.
      for (const bad of [0x1000, 0x2000, 0x4000_0000, 0x7fff_f000, -PAGE]) {
        expect(shmat(u, id, bad, 0) ?? (yield)).toBe(-1);
      }
      expect(shmat(u, id, 100, SHM_RND) ?? (yield)).toBe(-1);
      expect((yield* shm_stat(u, id))?.nattch).toBe(2);
      yield* removed(u, id);
    });
  });

  test('with SHM_RDONLY can be read, and kills who writes', () => {
    onEveryMachine(function* (u) {
      const id = yield* created(u);
      const pid = fork(u) ?? (yield);
      if (pid === 0) {
        const va = shmat(u, id, 0, SHM_RDONLY) ?? (yield);
        expect(u.load(va) ?? (yield)).toBe(0);
        u.store(va, 1) ?? (yield);
        exit(u, 5) ?? (yield);
      }
      expect((yield* waitStatus(u)).status).toBe(-1);
      expect((yield* shm_stat(u, id))?.nattch).toBe(0);
      yield* removed(u, id);
    });
  });

  test('refuses what is no identifier, and flags that it does not know', () => {
    onEveryMachine(function* (u) {
      const id = yield* created(u);
      for (const bad of [-1, id + 1, id + 3, 1000, 0x7fff_ffff]) {
        expect(shmat(u, bad, 0, 0) ?? (yield)).toBe(-1);
      }
      expect(shmat(u, id, 0, 0o40000) ?? (yield)).toBe(-1);
      yield* removed(u, id);
      expect(shmat(u, id, 0, 0) ?? (yield)).toBe(-1);
    });
  });

  test('needs the right to read, and without SHM_RDONLY that to write', () => {
    onEveryMachine(function* (u) {
      const secret = yield* created(u, 1, PAGE, 0o600);
      const open = yield* created(u, 2, PAGE, 0o604);
      yield* as(u, 5, function* () {
        expect(shmat(u, secret, 0, SHM_RDONLY) ?? (yield)).toBe(-1);
        expect(shmat(u, open, 0, 0) ?? (yield)).toBe(-1);
        expect(shmat(u, open, 0, SHM_RDONLY) ?? (yield)).toBeGreaterThan(0);
      });
      yield* removed(u, secret);
      yield* removed(u, open);
    });
  });

  test('finds no entry when a process has too many mappings', () => {
    onEveryMachine(
      function* (u) {
        const id = yield* created(u);
        for (let i = 0; i < 2; i++) expect(shmat(u, id, 0, 0) ?? (yield)).toBeGreaterThan(0);
        expect(shmat(u, id, 0, 0) ?? (yield)).toBe(-1);
        expect((yield* shm_stat(u, id))?.nattch).toBe(2);
        yield* removed(u, id);
      },
      undefined,
      { nvma: 2 },
    );
  });
});

describe('shmdt', () => {
  test('detaches what is attached there: an access kills', () => {
    onEveryMachine(function* (u) {
      const id = yield* created(u);
      const va = shmat(u, id, 0, 0) ?? (yield);
      const pid = fork(u) ?? (yield);
      if (pid === 0) {
        u.store(va, 1) ?? (yield);
        expect(shmdt(u, va) ?? (yield)).toBe(0);
        u.load(va) ?? (yield);
        exit(u, 5) ?? (yield);
      }
      expect((yield* waitStatus(u)).status).toBe(-1);
      expect(u.load(va) ?? (yield)).toBe(1);
      yield* removed(u, id);
    });
  });

  test('answers -1 where no segment begins', () => {
    onEveryMachine(function* (u) {
      const id = yield* created(u, KEY, 2 * PAGE);
      const va = shmat(u, id, 0, 0) ?? (yield);
      for (const bad of [0, -PAGE, va + 4, va + PAGE, va - PAGE, 0x7fff_f000]) {
        expect(shmdt(u, bad) ?? (yield)).toBe(-1);
      }
      expect(shmdt(u, va) ?? (yield)).toBe(0);
      expect(shmdt(u, va) ?? (yield)).toBe(-1);
      yield* removed(u, id);
    });
  });

  test('detaches what munmap has left of an attachment', () => {
    onEveryMachine(function* (u) {
      const id = yield* created(u, KEY, 3 * PAGE);
      const va = shmat(u, id, 0, 0) ?? (yield);
      expect(munmap(u, va + PAGE, PAGE) ?? (yield)).toBe(0);
      expect((yield* shm_stat(u, id))?.nattch).toBe(2);
      expect(shmdt(u, va) ?? (yield)).toBe(0);
      expect((yield* shm_stat(u, id))?.nattch).toBe(0);
      yield* removed(u, id);
    });
  });
});

describe('a segment', () => {
  test('keeps its contents while nothing is attached, also with no process left', () => {
    onEveryMachine(function* (u) {
      const pid = fork(u) ?? (yield);
      if (pid === 0) {
        const id = yield* created(u);
        const va = shmat(u, id, 0, 0) ?? (yield);
        u.store(va, 42) ?? (yield);
        exit(u, 0) ?? (yield);
      }
      yield* waitStatus(u);
      const id = shmget(u, KEY, 0, 0) ?? (yield);
      expect(yield* shm_stat(u, id)).toMatchObject({ nattch: 0, cpid: pid, lpid: pid });
      const va = shmat(u, id, 0, SHM_RDONLY) ?? (yield);
      expect(u.load(va) ?? (yield)).toBe(42);
      yield* removed(u, id);
    });
  });

  test('that is removed goes with its last attachment; its key is free at once', () => {
    onEveryMachine(function* (u) {
      const id = yield* created(u);
      const va = shmat(u, id, 0, 0) ?? (yield);
      u.store(va, 42) ?? (yield);
      expect(shm_rmid(u, id) ?? (yield)).toBe(0);
      expect(shmget(u, KEY, 0, 0) ?? (yield)).toBe(-1);
      expect(shmat(u, id, 0, 0) ?? (yield)).toBe(-1);
      expect((yield* shm_stat(u, id))?.mode).toBe(RW | SHM_DEST);
      expect(u.load(va) ?? (yield)).toBe(42);
      const next = yield* created(u);
      expect(next).not.toBe(id);
      const other = shmat(u, next, 0, 0) ?? (yield);
      expect(u.load(other) ?? (yield)).toBe(0);
      expect(shmdt(u, va) ?? (yield)).toBe(0);
      expect(yield* shm_stat(u, id)).toBeUndefined();
      expect(shm_rmid(u, id) ?? (yield)).toBe(-1);
      yield* removed(u, next);
    });
  });

  test('that is marked still passes to children by fork', () => {
    onEveryMachine(function* (u) {
      const id = yield* created(u);
      const va = shmat(u, id, 0, 0) ?? (yield);
      yield* removed(u, id);
      const pid = fork(u) ?? (yield);
      if (pid === 0) {
        u.store(va, 3) ?? (yield);
        exit(u, 0) ?? (yield);
      }
      yield* waitStatus(u);
      expect(u.load(va) ?? (yield)).toBe(3);
    });
  });
});

describe('attachments', () => {
  test('pass to children by fork, at the same address', () => {
    onEveryMachine(function* (u) {
      const id = yield* created(u);
      const va = shmat(u, id, 0, 0) ?? (yield);
      const pid = fork(u) ?? (yield);
      if (pid === 0) {
        const stat = yield* shm_stat(u, id);
        expect(stat?.nattch).toBe(2);
        u.store(va, 9) ?? (yield);
        exit(u, 0) ?? (yield);
      }
      yield* waitStatus(u);
      expect(u.load(va) ?? (yield)).toBe(9);
      expect(yield* shm_stat(u, id)).toMatchObject({ nattch: 1, lpid: pid });
      yield* removed(u, id);
    });
  });

  test('go with exec, and with a kill', () => {
    onEveryMachine(
      function* (u) {
        const id = yield* created(u);
        const pid = fork(u) ?? (yield);
        if (pid === 0) {
          shmat(u, id, 0, 0) ?? (yield);
          yield* exec(u, 'after', ['after', String(id)]);
        }
        expect((yield* waitStatus(u)).status).toBe(0);
        const victim = fork(u) ?? (yield);
        if (victim === 0) {
          shmat(u, id, 0, 0) ?? (yield);
          for (;;) sleep(u, 100) ?? (yield);
        }
        kill(u, victim) ?? (yield);
        yield* waitStatus(u);
        expect((yield* shm_stat(u, id))?.nattch).toBe(0);
        yield* removed(u, id);
      },
      undefined,
      {},
      {
        *after(u, argv) {
          expect((yield* shm_stat(u, Number(argv[1])))?.nattch).toBe(0);
        },
      },
    );
  });
});

describe('shmctl', () => {
  test('IPC_STAT tells key, owner, rights, size, attachments, creator and who came last', () => {
    onEveryMachine(function* (u) {
      const self = getpid(u) ?? (yield);
      const id = yield* created(u, KEY, 5000, 0o640);
      const fresh = { key: KEY, uid: 0, cuid: 0, mode: 0o640, size: 5000, nattch: 0 };
      expect(yield* shm_stat(u, id)).toEqual({ ...fresh, cpid: self, lpid: 0 });
      const va = shmat(u, id, 0, 0) ?? (yield);
      expect(yield* shm_stat(u, id)).toEqual({ ...fresh, nattch: 1, cpid: self, lpid: self });
      shmdt(u, va) ?? (yield);
      yield* removed(u, id);
    });
  });

  test('refuses a bad identifier, command or pointer', () => {
    onEveryMachine(function* (u) {
      const id = yield* created(u);
      expect(yield* shm_stat(u, id + 1)).toBeUndefined();
      expect(yield* shm_set(u, -1, 0, RW)).toBe(-1);
      expect(shm_rmid(u, id + 1) ?? (yield)).toBe(-1);
      for (const command of [-1, 3, 100]) {
        expect(u.ecall(SYS_shmctl, id, command, 0x100) ?? (yield)).toBe(-1);
      }
      for (const command of [IPC_STAT, IPC_SET]) {
        for (const bad of [GUARD, -4, 0x7fff_fffc]) {
          expect(u.ecall(SYS_shmctl, id, command, bad) ?? (yield)).toBe(-1);
        }
      }
      yield* removed(u, id);
    });
  });

  test('IPC_SET gives it another owner and other rights', () => {
    onEveryMachine(function* (u) {
      const id = yield* created(u);
      expect(yield* shm_set(u, id, 5, 0o7644)).toBe(0);
      expect(yield* shm_stat(u, id)).toMatchObject({ uid: 5, cuid: 0, mode: 0o644 });
      expect(yield* shm_set(u, id, -1, RW)).toBe(-1);
      yield* as(u, 6, function* () {
        expect(yield* shm_set(u, id, 6, 0o666)).toBe(-1);
        expect(shm_rmid(u, id) ?? (yield)).toBe(-1);
        expect((yield* shm_stat(u, id))?.uid).toBe(5);
      });
      yield* as(u, 5, function* () {
        expect(yield* shm_set(u, id, 5, 0o600)).toBe(0);
      });
      yield* as(u, 6, function* () {
        expect(yield* shm_stat(u, id)).toBeUndefined();
      });
      yield* as(u, 5, () => removed(u, id));
    });
  });
});

test('only user 0 becomes another, and children are their parents’ users', () => {
  onEveryMachine(function* (u) {
    expect(getuid(u) ?? (yield)).toBe(0);
    expect(setuid(u, -1) ?? (yield)).toBe(-1);
    yield* as(u, 5, function* () {
      expect(setuid(u, 5) ?? (yield)).toBe(0);
      expect(setuid(u, 0) ?? (yield)).toBe(-1);
      expect(fork(u) ?? (yield)).toBeGreaterThanOrEqual(0);
      expect(getuid(u) ?? (yield)).toBe(5);
    });
    expect(getuid(u) ?? (yield)).toBe(0);
  });
});

test('the heap does not grow into an attachment', () => {
  onEveryMachine(function* (u) {
    const id = yield* created(u);
    const end = sbrk(u, 0) ?? (yield);
    expect(shmat(u, id, end + PAGE, 0) ?? (yield)).toBe(end + PAGE);
    expect(sbrk(u, PAGE) ?? (yield)).toBe(end);
    expect(sbrk(u, 1) ?? (yield)).toBe(-1);
    yield* removed(u, id);
  });
});
