import { expect, test } from 'vitest';
import type { Kernel } from '../kernel/kernel.ts';
import {
  type Context,
  exec,
  exit,
  fork,
  MAP_ANONYMOUS,
  MAP_PRIVATE,
  MAP_SHARED,
  mmap,
  munmap,
  O_RDONLY,
  O_RDWR,
  type Part,
  PROT_READ,
  PROT_WRITE,
  type Program,
  sbrk,
  sbrklazy,
  shm_close,
  shm_map,
  shm_open,
  shm_trunc,
  waitStatus,
} from '../user/ulib.ts';
import { Situation } from './executions.ts';

// The law: whichever allocation fails, the call that made it answers -1 and leaves the frames as
// they were, nothing panics, and at the end nothing is left but init. Every execution is audited.

/** Frames that are allocated now. */
function framesUsed(k: Kernel): number {
  return k.m.memory.endPpn - k.m.memory.firstPpn - k.freeFrames().size;
}

const reached = (pages: number): number => 0x3000 + 4096 * pages;

/**
 * Makes every call that allocates, with everything that one process can hold; where one fails, says
 * so through `failed` and goes on as well as it can.
 *
 * @param processes that run it at once
 */
function everything(processes: number, failed: (call: string) => void): Program {
  const RW = PROT_READ | PROT_WRITE;
  function* child(u: Context, va: number, shared: number, copied: number): Part<number> {
    if (va > 0) u.fetchAdd(va, 1) ?? (yield);
    u.fetchAdd(shared, 1) ?? (yield);
    u.store(copied, 2) ?? (yield);
    const lazy = sbrklazy(u, 4096) ?? (yield);
    u.store(lazy, 1) ?? (yield);
    const end = sbrk(u, 2 * 4096) ?? (yield);
    if (end < 0) failed('sbrk');
    else u.store(end + 4096, 1) ?? (yield);
    yield* exec(u, 'limits', ['limits']);
    failed('exec');
    return 2;
  }
  return function* (u): Part<number> {
    yield* shm_open(u, 'a');
    yield* shm_open(u, 'b');
    yield* shm_open(u, 'a');
    shm_trunc(u, 0, 3 * 4096) ?? (yield);
    shm_trunc(u, 1, 4 * 4096) ?? (yield);
    const a = yield* shm_map(u, 0, O_RDWR);
    if (a < 0) failed('shm_map');
    const b = yield* shm_map(u, 1, O_RDWR);
    if (b < 0) failed('shm_map');
    const again = yield* shm_map(u, 2, O_RDONLY);
    if (again < 0) failed('shm_map');
    const end = sbrk(u, 4096) ?? (yield);
    if (end < 0) failed('sbrk');
    const shared = mmap(u, 0, 8192, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0) ?? (yield);
    const copied = mmap(u, 0, 8192, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) ?? (yield);
    u.store(copied, 1) ?? (yield);
    const pid = fork(u) ?? (yield);
    if (pid === 0) exit(u, yield* child(u, a, shared, copied)) ?? (yield);
    if (pid < 0) failed('fork');
    else yield* waitStatus(u);
    expect(u.load(copied) ?? (yield)).toBe(1);
    expect(u.load(shared) ?? (yield)).toBeLessThanOrEqual(1);
    munmap(u, shared, 4096) ?? (yield);
    // What failed has left the rest in order: the descriptors are there, and what was mapped.
    if (a > 0) {
      const count = u.load(a) ?? (yield);
      expect(count).toBeLessThanOrEqual(processes);
    }
    const now = sbrk(u, 0) ?? (yield);
    expect(now).toBe(reached(end < 0 ? 0 : 1));
    for (const od of [0, 1, 2]) expect(shm_close(u, od) ?? (yield)).toBe(0);
    return 0;
  };
}

test('on one CPU, whichever allocation fails, nothing is left and the call says -1', () => {
  const failures = new Set<string>();
  let at = 0;
  // One that fails may be made up for: what could not be faulted in is tried again as it is copied.
  for (let lastFailed = 0; at < lastFailed + 4; ) {
    at++;
    const main = everything(1, (call) => {
      lastFailed = at;
      failures.add(call);
    });
    const situation = new Situation({ main }, [['main']], { ncpu: 1, kallocFailsAt: at });
    const outcome = situation.execute('round-robin', 1);
    expect(outcome.ending, `allocation ${at}`).toBe('halted');
    expect(outcome.problems, `allocation ${at}`).toEqual([]);
    const killed = outcome.output.includes('usertrap(): unexpected');
    if (killed) failures.add('page fault');
    if (killed) lastFailed = at;
    else expect(outcome.statuses.get(2), `allocation ${at}`).toBe(0);
  }
  expect([...failures].sort()).toEqual(['exec', 'fork', 'page fault', 'sbrk', 'shm_map']);
  // 9 frames of objects and tables, a page, a child of 8 and what it writes to, an image of 8.
  expect(at).toBeGreaterThan(30);
});

/** Each call that allocates, at a point where nothing else does, and what it answers. */
const CALLS: readonly [string, number, (u: Context) => Part<number>][] = [
  ['shm_map', 4 + 2, (u) => shm_map(u, 0, O_RDWR)],
  [
    'sbrk',
    2,
    function* (u) {
      return sbrk(u, 2 * 4096) ?? (yield);
    },
  ],
  [
    'sbrk that needs another table',
    512 + 1,
    function* (u) {
      return sbrk(u, 512 * 4096) ?? (yield);
    },
  ],
  ['exec', 9 - 1, (u) => exec(u, 'limits', ['limits'])],
];

/** All of few; of many the first, the powers of two and their neighbours, and the last. */
function sample(n: number): number[] {
  const isNear = (at: number): boolean => [at - 1, at, at + 1].some((x) => (x & (x - 1)) === 0);
  const all = Array.from({ length: n }, (_, i) => i + 1);
  return all.filter((at) => at <= 16 || at > n - 8 || isNear(at));
}

test.each(CALLS)(
  '%s, which fails at any of its %i allocations, gives all frames back',
  (_, n, call) => {
    for (const at of sample(n)) {
      const situation: Situation = new Situation(
        {
          *main(u) {
            const { kernel } = situation;
            yield* shm_open(u, 'a');
            shm_trunc(u, 0, 4 * 4096) ?? (yield);
            const before = framesUsed(kernel);
            const answer = yield* call(u);
            expect(answer, `allocation ${at}`).toBe(-1);
            expect(framesUsed(kernel), `allocation ${at}`).toBe(before);
            // And it can be had: nothing stands in the way of the next try.
            const again = yield* call(u);
            expect(again, `allocation ${at}`).toBeGreaterThanOrEqual(0);
            return 0;
          },
        },
        [['main']],
        { ncpu: 1, kallocFailsAt: at, frames: 700 },
      );
      const outcome = situation.execute('round-robin', 1);
      expect(outcome.ending).toBe('halted');
      expect(outcome.problems, `allocation ${at}`).toEqual([]);
    }
  },
);

test('fork, which fails at any of its allocations, gives all frames back', () => {
  // Trapframe, 5 tables, 2 tables of the window; no pages: they are copied on write.
  for (let at = 1; at <= 8; at++) {
    const situation: Situation = new Situation(
      {
        *main(u) {
          const { kernel } = situation;
          yield* shm_open(u, 'a');
          yield* shm_open(u, 'b');
          shm_trunc(u, 0, 4096) ?? (yield);
          shm_trunc(u, 1, 4096) ?? (yield);
          yield* shm_map(u, 0, O_RDWR);
          yield* shm_map(u, 1, O_RDONLY);
          const before = framesUsed(kernel);
          const pid = fork(u) ?? (yield);
          if (pid === 0) return 5;
          expect(pid, `allocation ${at}`).toBe(-1);
          expect(framesUsed(kernel), `allocation ${at}`).toBe(before);
          const again = fork(u) ?? (yield);
          if (again === 0) return 6;
          expect(yield* waitStatus(u)).toEqual({ pid: again, status: 6 });
          return 0;
        },
      },
      // The two mappings take 4 allocations before.
      [['main']],
      { ncpu: 1, kallocFailsAt: 4 + at },
    );
    const outcome = situation.execute('round-robin', 1);
    expect(outcome.statuses.get(2), `allocation ${at}`).toBe(0);
    expect(outcome.problems, `allocation ${at}`).toEqual([]);
  }
});

test('on two CPUs, whichever allocation of two such processes fails, nothing is left', () => {
  for (let at = 1; at <= 80; at++) {
    const main = everything(2, () => {});
    const situation = new Situation({ main }, [['main'], ['main']], { ncpu: 2, kallocFailsAt: at });
    for (const strategy of ['random', 'round-robin'] as const) {
      for (let seed = 1; seed <= 3; seed++) {
        const outcome = situation.execute(strategy, seed);
        const where = `allocation ${at}, ${strategy}, seed ${seed}`;
        expect(outcome.ending, where).toBe('halted');
        expect(outcome.problems, where).toEqual([]);
      }
    }
  }
});

test('the programs survive any failing allocation without a panic or a leak', () => {
  const lines = ['shmtest foo 8192 2', 'share foo', 'rofault foo', 'execclose foo', 'killer foo'];
  lines.push('scarce foo 1', 'orphan foo', 'noclose foo', 'limits 4 2 4');
  lines.push('filescarce f 1', 'pipetest 9 4', 'sharedfd f 1');
  for (const line of lines) {
    for (let at = 1; at <= 60; at += 1) {
      const situation = new Situation({}, [line.split(' ')], { ncpu: 2, kallocFailsAt: at });
      const outcome = situation.execute('random', at);
      expect(outcome.ending, `${line}, allocation ${at}`).toBe('halted');
      expect(outcome.problems, `${line}, allocation ${at}`).toEqual([]);
    }
  }
});
