/**
 * Synchronisation in shared memory: mutexes, semaphores and condition variables (as POSIX has them
 * with PTHREAD_PROCESS_SHARED). Each lies in a few words of a page that several processes have
 * mapped, at whatever addresses, is taken and let go with atomic instructions, and calls the kernel
 * only to wait and to wake.
 *
 * Words that are changed atomically are read so, too: `fetchAdd(va, 0)`.
 */
import { SYS_futex_wait, SYS_futex_wake } from '../kernel/abi.ts';
import { type Context, type Part, sleep } from './ulib.ts';

/** Sleeps until a futex_wake if the word holds `expected`. 0 when woken, -1 else; look again. */
export const futex_wait = (u: Context, va: number, expected: number): number | undefined =>
  u.ecall(SYS_futex_wait, va, expected);
/** Wakes at most n who wait for the word. Answers how many. */
export const futex_wake = (u: Context, va: number, n: number): number | undefined =>
  u.ecall(SYS_futex_wake, va, n);

/** For futex_wake. */
const ALL = 0x7fff_ffff;

/** Bytes of each; a spinlock has one word, too. Words of zeros are a free mutex, and a condition. */
export const MUTEX_SIZE = 4;
export const COND_SIZE = 4;
export const SEM_SIZE = 12;
/** Largest value of a semaphore. */
const SEM_VALUE_MAX = 0x7fff_ffff;

/** Attempts before a process that spins gives up its CPU for a tick: its holder may need one. */
const SPINS = 8;

/** Takes a spin mutex: tries until it has it. */
export function* spin_lock(u: Context, lock: number): Part<void> {
  for (let tries = 1; (u.exchange(lock, 1) ?? (yield)) !== 0; tries++) {
    if (tries % SPINS === 0) sleep(u, 1) ?? (yield);
  }
}

export const spin_unlock = (u: Context, lock: number): number | undefined => u.exchange(lock, 0);

// A mutex is 0 while free, 1 while held, 2 while held and somebody may wait for it.

/** Takes a mutex; sleeps while another has it (Drepper, Futexes Are Tricky, 2011, mutex3). */
export function* mutex_lock(u: Context, mutex: number): Part<void> {
  let was = u.compareExchange(mutex, 0, 1) ?? (yield);
  if (was === 0) return;
  if (was !== 2) was = u.exchange(mutex, 2) ?? (yield);
  while (was !== 0) {
    futex_wait(u, mutex, 2) ?? (yield);
    was = u.exchange(mutex, 2) ?? (yield);
  }
}

/** Takes a mutex if it is free. Answers 0, or -1. */
export function* mutex_trylock(u: Context, mutex: number): Part<number> {
  return (u.compareExchange(mutex, 0, 1) ?? (yield)) === 0 ? 0 : -1;
}

/** Lets a mutex go, and wakes one who waits for it. Whoever calls this holds it. */
export function* mutex_unlock(u: Context, mutex: number): Part<void> {
  const was = u.exchange(mutex, 0) ?? (yield);
  if (was === 2) futex_wake(u, mutex, 1) ?? (yield);
}

/** Waits for a condition: lets the mutex go meanwhile. May return early; look again in a loop. */
export function* cond_wait(u: Context, cond: number, mutex: number): Part<void> {
  // Whoever signals from now on changes this number, and so keeps us from falling asleep.
  const signals = u.fetchAdd(cond, 0) ?? (yield);
  yield* mutex_unlock(u, mutex);
  futex_wait(u, cond, signals) ?? (yield);
  yield* mutex_lock(u, mutex);
}

/** Wakes one who waits for a condition. */
export function* cond_signal(u: Context, cond: number): Part<void> {
  u.fetchAdd(cond, 1) ?? (yield);
  futex_wake(u, cond, 1) ?? (yield);
}

/** Wakes all who wait for a condition. */
export function* cond_broadcast(u: Context, cond: number): Part<void> {
  u.fetchAdd(cond, 1) ?? (yield);
  futex_wake(u, cond, ALL) ?? (yield);
}

// A semaphore is its value, the number of those who wait or are about to, and the most that its
// value may be: 0 for no semaphore.
const WAITERS = 4;
const MOST = 8;

/**
 * Makes a semaphore, before any other process uses it.
 *
 * @param most 1 for a binary one
 * @returns 0, or -1 for a value below 0 or above the most.
 */
export function* sem_init(
  u: Context,
  sem: number,
  value: number,
  most = SEM_VALUE_MAX,
): Part<number> {
  if (value < 0 || value > most || most < 1) return -1;
  u.exchange(sem, value) ?? (yield);
  u.exchange(sem + WAITERS, 0) ?? (yield);
  u.store(sem + MOST, most) ?? (yield);
  return 0;
}

/** Ends a semaphore that nobody uses any more. 0, or -1 for what is none. */
export function* sem_destroy(u: Context, sem: number): Part<number> {
  const most = u.load(sem + MOST) ?? (yield);
  if (most === 0) return -1;
  u.store(sem + MOST, 0) ?? (yield);
  return 0;
}

/** Takes one if there is one. Answers whether. */
function* take(u: Context, sem: number): Part<boolean> {
  let value = u.fetchAdd(sem, 0) ?? (yield);
  while (value > 0) {
    const was = u.compareExchange(sem, value, value - 1) ?? (yield);
    if (was === value) return true;
    value = was;
  }
  return false;
}

/** Takes one, if there is one. 0, or -1, also for what is no semaphore. */
export function* sem_trywait(u: Context, sem: number): Part<number> {
  const most = u.load(sem + MOST) ?? (yield);
  return most > 0 && (yield* take(u, sem)) ? 0 : -1;
}

/** Takes one; sleeps while there is none. 0, or -1 for what is no semaphore. */
export function* sem_wait(u: Context, sem: number): Part<number> {
  const most = u.load(sem + MOST) ?? (yield);
  if (most === 0) return -1;
  while (!(yield* take(u, sem))) {
    // Counted before the kernel looks at the value: a post in between is seen there.
    u.fetchAdd(sem + WAITERS, 1) ?? (yield);
    futex_wait(u, sem, 0) ?? (yield);
    u.fetchAdd(sem + WAITERS, -1) ?? (yield);
  }
  return 0;
}

/** Adds one, and wakes one who waits. 0, or -1 at the most, or for what is no semaphore. */
export function* sem_post(u: Context, sem: number): Part<number> {
  const most = u.load(sem + MOST) ?? (yield);
  let value = u.fetchAdd(sem, 0) ?? (yield);
  for (;;) {
    if (value >= most) return -1;
    const was = u.compareExchange(sem, value, value + 1) ?? (yield);
    if (was === value) break;
    value = was;
  }
  const waiters = u.fetchAdd(sem + WAITERS, 0) ?? (yield);
  if (waiters > 0) futex_wake(u, sem, 1) ?? (yield);
  return 0;
}

/** The value; -1 for what is no semaphore. Others may change it at any time. */
export function* sem_getvalue(u: Context, sem: number): Part<number> {
  const most = u.load(sem + MOST) ?? (yield);
  return most === 0 ? -1 : (u.fetchAdd(sem, 0) ?? (yield));
}
