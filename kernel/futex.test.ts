import { describe, expect, test } from 'vitest';
import { onEveryMachine } from '../property-tests/executions.ts';
import { sharedPage } from '../user/programs/shared-page.ts';
import { futex_wait, futex_wake } from '../user/sync.ts';
import {
  type Context,
  exit,
  fork,
  ftruncate,
  kill,
  MAP_ANONYMOUS,
  MAP_PRIVATE,
  MAP_SHARED,
  mmap,
  O_CREATE,
  O_RDONLY,
  O_RDWR,
  type Part,
  PROT_READ,
  PROT_WRITE,
  sbrk,
  shm_map,
  shm_open,
  sleep,
  waitStatus,
} from '../user/ulib.ts';

/** Until that many of the caller's children sleep, as far as one can know: all else has run. */
function* settle(u: Context): Part<void> {
  for (let i = 0; i < 3; i++) sleep(u, 1) ?? (yield);
}

/** Starts so many children that wait for a word to be no longer 0; each exits with its number. */
function* waiters(u: Context, va: number, count: number): Part<number[]> {
  const pids: number[] = [];
  for (let i = 0; i < count; i++) {
    const pid = fork(u) ?? (yield);
    if (pid === 0) exit(u, (futex_wait(u, va, 0) ?? (yield)) === 0 ? i : 100) ?? (yield);
    pids.push(pid);
    yield* settle(u);
  }
  return pids;
}

describe('futex_wait', () => {
  test('answers -1 at once when the word holds something else', () => {
    onEveryMachine(function* (u) {
      const va = yield* sharedPage(u, 'a');
      u.store(va, 7) ?? (yield);
      for (const value of [0, 6, 8, -1]) expect(futex_wait(u, va, value) ?? (yield)).toBe(-1);
    });
  });

  test.each([
    ['a misaligned address', 0x102],
    ['an address below 0', -4],
    ['an address that nothing is mapped at', 0x4000_0000],
    ['the last address', 0x7fff_fffc],
    ['the guard page', 0x1000],
  ])('and futex_wake answer -1 for %s', (_, va) => {
    onEveryMachine(function* (u) {
      expect(futex_wait(u, va, 0) ?? (yield)).toBe(-1);
      expect(futex_wake(u, va, 1) ?? (yield)).toBe(-1);
    });
  });

  test('is woken through another address, also one that can only be read', () => {
    onEveryMachine(function* (u) {
      const va = yield* sharedPage(u, 'a');
      const pid = fork(u) ?? (yield);
      if (pid === 0) {
        const od = yield* shm_open(u, 'a');
        const other = yield* shm_map(u, od, O_RDONLY);
        expect(other).not.toBe(va);
        futex_wait(u, other + 8, 0) ?? (yield);
        exit(u, u.fetchAdd(va + 8, 0) ?? (yield)) ?? (yield);
      }
      u.fetchAdd(va + 8, 5) ?? (yield);
      // Before the child waits it wakes nobody, and then the child does not wait.
      futex_wake(u, va + 8, 1) ?? (yield);
      expect((yield* waitStatus(u)).status).toBe(5);
    });
  });

  test('leaves when the process is killed, whenever that is', () => {
    onEveryMachine(function* (u) {
      const va = yield* sharedPage(u, 'a');
      for (let i = 0; i < 3; i++) {
        const pid = fork(u) ?? (yield);
        if (pid === 0) exit(u, futex_wait(u, va, 0) ?? (yield)) ?? (yield);
        kill(u, pid) ?? (yield);
        expect((yield* waitStatus(u)).status).toBe(-1);
        expect(futex_wake(u, va, 1) ?? (yield)).toBe(0);
      }
    });
  });
});

describe('futex_wake', () => {
  test('wakes as many as it is told, who waits longest first', () => {
    onEveryMachine(
      function* (u) {
        const va = yield* sharedPage(u, 'a');
        yield* waiters(u, va, 3);
        expect(futex_wake(u, va, 0) ?? (yield)).toBe(0);
        expect(futex_wake(u, va, -1) ?? (yield)).toBe(0);
        expect(futex_wake(u, va, 1) ?? (yield)).toBe(1);
        expect((yield* waitStatus(u)).status).toBe(0);
        expect(futex_wake(u, va, 9) ?? (yield)).toBe(2);
        const rest = [(yield* waitStatus(u)).status, (yield* waitStatus(u)).status];
        expect(rest.sort()).toEqual([1, 2]);
        expect(futex_wake(u, va, 9) ?? (yield)).toBe(0);
      },
      undefined,
      { tickInterval: 0 },
    );
  });

  test('wakes nobody who waits for another word', () => {
    onEveryMachine(
      function* (u) {
        const va = yield* sharedPage(u, 'a');
        const other = yield* sharedPage(u, 'b');
        yield* waiters(u, va, 1);
        for (const word of [va + 4, va + 4092, other]) {
          expect(futex_wake(u, word, 9) ?? (yield)).toBe(0);
        }
        expect(futex_wake(u, va, 9) ?? (yield)).toBe(1);
        expect((yield* waitStatus(u)).status).toBe(0);
      },
      undefined,
      { tickInterval: 0 },
    );
  });
});

describe('a word of private memory', () => {
  test.each<[string, boolean, (u: Context) => Part<number>]>([
    ['of the heap', true, heapWord],
    ['of a private mapping', true, (u) => anonymousWord(u, MAP_PRIVATE)],
    ['of a shared mapping, which is none,', false, (u) => anonymousWord(u, MAP_SHARED)],
  ])('%s is another word in a child: %s', (_, apart, place) => {
    onEveryMachine(
      function* (u) {
        const va = yield* place(u);
        u.store(va, 0) ?? (yield);
        const [pid = 0] = yield* waiters(u, va, 1);
        expect(futex_wake(u, va, 9) ?? (yield)).toBe(apart ? 0 : 1);
        kill(u, pid) ?? (yield);
        yield* waitStatus(u);
      },
      undefined,
      { tickInterval: 0 },
    );
  });

  test('is the same word for its own process', () => {
    onEveryMachine(function* (u) {
      const va = yield* heapWord(u);
      u.store(va, 1) ?? (yield);
      expect(futex_wait(u, va, 0) ?? (yield)).toBe(-1);
      expect(futex_wake(u, va, 1) ?? (yield)).toBe(0);
    });
  });
});

test('a wait for a word of an object that is cut and grows again is found', () => {
  onEveryMachine(
    function* (u) {
      const fd = yield* shm_open(u, 'p', O_CREATE | O_RDWR, 0o600);
      ftruncate(u, fd, 4096) ?? (yield);
      const va = mmap(u, 0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) ?? (yield);
      yield* waiters(u, va, 1);
      ftruncate(u, fd, 0) ?? (yield);
      ftruncate(u, fd, 4096) ?? (yield);
      expect(futex_wake(u, va, 1) ?? (yield)).toBe(1);
      expect((yield* waitStatus(u)).status).toBe(0);
    },
    undefined,
    { tickInterval: 0 },
  );
});

function* heapWord(u: Context): Part<number> {
  return ((sbrk(u, 4096) ?? (yield)) + 3) & ~3;
}

function* anonymousWord(u: Context, flags: number): Part<number> {
  return mmap(u, 0, 4096, PROT_READ | PROT_WRITE, flags | MAP_ANONYMOUS, -1, 0) ?? (yield);
}
