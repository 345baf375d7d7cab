import { describe, expect, test } from 'vitest';
import { onEveryMachine } from '../property-tests/executions.ts';
import { sharedPage } from './programs/shared-page.ts';
import {
  cond_broadcast,
  cond_signal,
  cond_wait,
  mutex_lock,
  mutex_trylock,
  mutex_unlock,
  sem_destroy,
  sem_getvalue,
  sem_init,
  sem_post,
  sem_trywait,
  sem_wait,
  spin_lock,
  spin_unlock,
} from './sync.ts';
import {
  type Context,
  exit,
  fork,
  kill,
  type Part,
  type Program,
  wait,
  waitStatus,
} from './ulib.ts';

const DATA = 64;

/** A page, and so many children that run `child`. Answers the page when all have ended with 0. */
function* together(
  u: Context,
  count: number,
  begin: (va: number) => Part<unknown>,
  child: (va: number, i: number) => Part<unknown>,
): Part<number> {
  const va = yield* sharedPage(u, 'a');
  yield* begin(va);
  for (let i = 0; i < count; i++) {
    const pid = fork(u) ?? (yield);
    if (pid === 0) {
      yield* child(va, i);
      exit(u, 0) ?? (yield);
    }
    expect(pid).toBeGreaterThan(0);
  }
  for (let i = 0; i < count; i++) expect((yield* waitStatus(u)).status).toBe(0);
  return va;
}

function* nothing(): Part<void> {}

/** Three processes each add 1 four times, with a load and a store under a lock. */
function counts(
  lock: (u: Context, va: number) => Part<unknown>,
  unlock: (u: Context, va: number) => Part<unknown>,
  begin: (u: Context, va: number) => Part<unknown> = nothing,
): Program {
  return function* (u) {
    const va = yield* together(
      u,
      3,
      (page) => begin(u, page),
      function* (page) {
        for (let i = 0; i < 4; i++) {
          yield* lock(u, page);
          const value = u.load(page + DATA) ?? (yield);
          u.store(page + DATA, value + 1) ?? (yield);
          yield* unlock(u, page);
        }
      },
    );
    expect(u.load(va + DATA) ?? (yield)).toBe(12);
  };
}

describe('no increment is lost under', () => {
  test('a spin mutex', () => {
    onEveryMachine(
      counts(spin_lock, function* (u, va) {
        spin_unlock(u, va) ?? (yield);
      }),
    );
  });

  test('a mutex', () => {
    onEveryMachine(counts(mutex_lock, mutex_unlock));
  });

  test('a binary semaphore', () => {
    onEveryMachine(counts(sem_wait, sem_post, (u, va) => sem_init(u, va, 1, 1)));
  });
});

describe('a mutex', () => {
  test('that is held cannot be taken by trylock, one that is free can', () => {
    onEveryMachine(function* (u) {
      const va = yield* sharedPage(u, 'a');
      expect(yield* mutex_trylock(u, va)).toBe(0);
      expect(yield* mutex_trylock(u, va)).toBe(-1);
      yield* mutex_unlock(u, va);
      expect(yield* mutex_trylock(u, va)).toBe(0);
    });
  });
});

describe('a semaphore', () => {
  test('counts, up to its most', () => {
    onEveryMachine(function* (u) {
      const va = yield* sharedPage(u, 'a');
      expect(yield* sem_init(u, va, 1, 2)).toBe(0);
      expect(yield* sem_post(u, va)).toBe(0);
      expect(yield* sem_post(u, va)).toBe(-1);
      expect(yield* sem_getvalue(u, va)).toBe(2);
      expect(yield* sem_wait(u, va)).toBe(0);
      expect(yield* sem_trywait(u, va)).toBe(0);
      expect(yield* sem_trywait(u, va)).toBe(-1);
      expect(yield* sem_getvalue(u, va)).toBe(0);
    });
  });

  test('is none before sem_init and after sem_destroy', () => {
    onEveryMachine(function* (u) {
      const va = yield* sharedPage(u, 'a');
      function* refused(): Part<void> {
        for (const call of [sem_post, sem_wait, sem_trywait, sem_getvalue, sem_destroy]) {
          expect(yield* call(u, va)).toBe(-1);
        }
      }
      yield* refused();
      expect(yield* sem_init(u, va, 3)).toBe(0);
      expect(yield* sem_destroy(u, va)).toBe(0);
      yield* refused();
    });
  });

  test.each([
    [-1, 1],
    [2, 1],
    [0, 0],
  ])('cannot begin with %i of at most %i', (value, most) => {
    onEveryMachine(function* (u) {
      const va = yield* sharedPage(u, 'a');
      expect(yield* sem_init(u, va, value, most)).toBe(-1);
    });
  });

  test('lets as many in as it counts, and wakes the others one by one', () => {
    onEveryMachine(function* (u) {
      let most = 0;
      yield* together(
        u,
        4,
        (page) => sem_init(u, page, 2),
        function* (page) {
          yield* sem_wait(u, page);
          const inside = (u.fetchAdd(page + DATA, 1) ?? (yield)) + 1;
          most = Math.max(most, inside);
          u.fetchAdd(page + DATA, -1) ?? (yield);
          yield* sem_post(u, page);
        },
      );
      expect(most).toBeLessThanOrEqual(2);
    });
  });

  test('goes on to work when one who waits is killed', () => {
    onEveryMachine(function* (u) {
      const va = yield* sharedPage(u, 'a');
      yield* sem_init(u, va, 0);
      const victim = fork(u) ?? (yield);
      if (victim === 0) exit(u, yield* sem_wait(u, va)) ?? (yield);
      kill(u, victim) ?? (yield);
      expect((yield* waitStatus(u)).status).toBe(-1);
      const heir = fork(u) ?? (yield);
      if (heir === 0) exit(u, yield* sem_wait(u, va)) ?? (yield);
      expect(yield* sem_post(u, va)).toBe(0);
      expect((yield* waitStatus(u)).status).toBe(0);
      expect(yield* sem_getvalue(u, va)).toBe(0);
    });
  });
});

describe('a condition', () => {
  const COND = 4;

  test('that is signalled wakes one, which holds the mutex', () => {
    onEveryMachine(function* (u) {
      const va = yield* together(u, 2, nothing, function* (page, i) {
        yield* mutex_lock(u, page);
        if (i === 0) {
          while ((u.load(page + DATA) ?? (yield)) === 0) yield* cond_wait(u, page + COND, page);
          expect(yield* mutex_trylock(u, page)).toBe(-1);
        }
        u.store(page + DATA, i + 1) ?? (yield);
        yield* cond_signal(u, page + COND);
        yield* mutex_unlock(u, page);
      });
      expect(u.load(va + DATA) ?? (yield)).toBe(1);
    });
  });

  test('that is broadcast wakes all', () => {
    onEveryMachine(function* (u) {
      const va = yield* sharedPage(u, 'a');
      for (let i = 0; i < 3; i++) {
        const pid = fork(u) ?? (yield);
        if (pid > 0) continue;
        yield* mutex_lock(u, va);
        while ((u.load(va + DATA) ?? (yield)) === 0) yield* cond_wait(u, va + COND, va);
        yield* mutex_unlock(u, va);
        exit(u, 0) ?? (yield);
      }
      yield* mutex_lock(u, va);
      u.store(va + DATA, 1) ?? (yield);
      yield* cond_broadcast(u, va + COND);
      yield* mutex_unlock(u, va);
      for (let i = 0; i < 3; i++) wait(u) ?? (yield);
      expect(wait(u) ?? (yield)).toBe(-1);
    });
  });
});
