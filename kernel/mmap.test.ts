import { describe, expect, test } from 'vitest';
import { onEveryMachine, onOneCpu, Situation } from '../property-tests/executions.ts';
import {
  type Context,
  exec,
  exit,
  fork,
  MAP_ANONYMOUS,
  MAP_FIXED,
  MAP_PRIVATE,
  MAP_SHARED,
  mmap,
  munmap,
  O_RDWR,
  type Part,
  PROT_EXEC,
  PROT_NONE,
  PROT_READ,
  PROT_WRITE,
  sbrk,
  sbrklazy,
  shm_map,
  shm_open,
  shm_trunc,
  waitStatus,
} from '../user/ulib.ts';
import { SYS_wait } from './abi.ts';
import type { Kernel } from './kernel.ts';
import { SHMBASE } from './memlayout.ts';
import type { Proc } from './proc.ts';

const RW = PROT_READ | PROT_WRITE;
const PRIVATE = MAP_PRIVATE | MAP_ANONYMOUS;
const SHARED = MAP_SHARED | MAP_ANONYMOUS;

/** Areas of the process with pid 2, as [start, pages] from the lowest. */
function areas(k: Kernel): [number, number][] {
  const p = k.ptable.procs[1] as Proc;
  const { words } = k.m;
  return p.vmas
    .filter((v) => words[v.mode] !== 0)
    .map((v): [number, number] => [words[v.start] as number, words[v.pages] as number])
    .sort(([a], [b]) => a - b);
}

/** Runs a program that may look into the kernel, on one CPU. */
function looking(main: (u: Context, k: Kernel) => Part<void>, nvma = 4): void {
  const situation: Situation = new Situation(
    {
      *main(u) {
        yield* main(u, situation.kernel);
      },
    },
    [['main']],
    { ncpu: 1, nvma },
  );
  const outcome = situation.execute('round-robin', 1);
  expect(outcome.problems, outcome.output).toEqual([]);
  expect(outcome.statuses.get(2), outcome.output).toBe(0);
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

describe('mmap', () => {
  test.each<[string, number, number, number, number, number]>([
    ['no length', 0, 0, RW, PRIVATE, 0],
    ['a negative length', 0, -4096, RW, PRIVATE, 0],
    ['more than there can be', 0, SHMBASE, RW, PRIVATE, 0],
    ['rights that there are not', 0, 4096, 8, PRIVATE, 0],
    ['neither shared nor private', 0, 4096, RW, MAP_ANONYMOUS, 0],
    ['both shared and private', 0, 4096, RW, PRIVATE | MAP_SHARED, 0],
    ['unknown flags', 0, 4096, RW, PRIVATE | 0x100, 0],
    ['a fixed address that is no page', 0x10_0001, 4096, RW, PRIVATE | MAP_FIXED, 0],
    ['a fixed address in the heap', 0x2000, 4096, RW, PRIVATE | MAP_FIXED, 0],
    ['a fixed address in the window', SHMBASE, 4096, RW, PRIVATE | MAP_FIXED, 0],
    ['an offset that is no page', 0, 4096, RW, PRIVATE, 1],
    ['no descriptor', 0, 4096, RW, MAP_PRIVATE, 0],
    ['a larger object than there can be', 0, 1025 * 4096, RW, SHARED, 0],
  ])('refuses %s', (_, addr, length, prot, flags, offset) => {
    looking(function* (u, k) {
      expect(mmap(u, addr, length, prot, flags, -1, offset) ?? (yield)).toBe(-1);
      expect(areas(k)).toEqual([]);
    });
  });

  test('takes frames at the first touch, zeros, and munmap gives them back', () => {
    looking(function* (u, k) {
      for (const flags of [PRIVATE, SHARED]) {
        const before = k.freeFrames().size;
        const va = mmap(u, 0, 8 * 4096, RW, flags, -1, 0) ?? (yield);
        expect(k.freeFrames().size).toBe(before);
        expect(u.load(va + 3 * 4096) ?? (yield)).toBe(0);
        u.store(va + 7 * 4096 + 4092, 5) ?? (yield);
        expect(u.load(va + 7 * 4096 + 4092) ?? (yield)).toBe(5);
        // Two pages; an object has a list of them.
        expect(k.freeFrames().size).toBeLessThan(before - 1);
        expect(munmap(u, va, 8 * 4096) ?? (yield)).toBe(0);
        expect(k.freeFrames().size).toBeGreaterThanOrEqual(before - 2);
        expect(areas(k)).toEqual([]);
      }
    });
  });

  test('goes below the window, and never where the heap or another mapping is', () => {
    looking(function* (u) {
      const a = mmap(u, 0, 4096, RW, PRIVATE, -1, 0) ?? (yield);
      const b = mmap(u, 0, 8192, PROT_READ, PRIVATE, -1, 0) ?? (yield);
      expect([a, b]).toEqual([SHMBASE - 4096, SHMBASE - 3 * 4096]);
      expect(munmap(u, a, 4096) ?? (yield)).toBe(0);
      // The gap is used again by what fits.
      expect(mmap(u, 0, 8192, RW, SHARED, -1, 0) ?? (yield)).toBe(SHMBASE - 5 * 4096);
      expect(mmap(u, 0, 4096, RW, SHARED, -1, 0) ?? (yield)).toBe(a);
      // A wish is granted where there is room, to the page.
      expect(mmap(u, 0x10_0123, 4096, RW, PRIVATE, -1, 0) ?? (yield)).toBe(0x10_0000);
    });
  });

  test('keeps the heap from growing into it, however it grows', () => {
    looking(function* (u) {
      mmap(u, 0x6000, 4096, RW, PRIVATE | MAP_FIXED, -1, 0) ?? (yield);
      expect(sbrk(u, 3 * 4096 + 1) ?? (yield)).toBe(-1);
      expect(sbrklazy(u, 4 * 4096) ?? (yield)).toBe(-1);
      expect(sbrk(u, 3 * 4096) ?? (yield)).toBe(0x3000);
    });
  });

  test('with MAP_FIXED replaces what is there', () => {
    looking(function* (u, k) {
      const va = mmap(u, 0, 3 * 4096, RW, PRIVATE, -1, 0) ?? (yield);
      for (const i of [0, 1, 2]) u.store(va + 4096 * i, 7) ?? (yield);
      const fixed = mmap(u, va + 4096, 4096, PROT_READ, PRIVATE | MAP_FIXED, -1, 0) ?? (yield);
      expect(fixed).toBe(va + 4096);
      expect(u.load(fixed) ?? (yield)).toBe(0);
      expect(u.load(va) ?? (yield)).toBe(7);
      expect(u.load(va + 8192) ?? (yield)).toBe(7);
      expect(areas(k).map(([, pages]) => pages)).toEqual([1, 1, 1]);
    });
  });

  test('finds no entry when all are used, also for a split, and changes nothing then', () => {
    looking(function* (u, k) {
      const va = mmap(u, 0, 5 * 4096, RW, PRIVATE, -1, 0) ?? (yield);
      u.store(va + 8192, 7) ?? (yield);
      mmap(u, 0, 4096, RW, SHARED, -1, 0) ?? (yield);
      const before = areas(k);
      // The hole takes one entry more, what fills it another.
      const hole = mmap(u, va + 8192, 4096, RW, SHARED | MAP_FIXED, -1, 0) ?? (yield);
      expect(hole).toBe(-1);
      expect(areas(k)).toEqual(before);
      expect(u.load(va + 8192) ?? (yield)).toBe(7);
      mmap(u, 0, 4096, RW, SHARED, -1, 0) ?? (yield);
      expect(mmap(u, 0, 4096, RW, SHARED, -1, 0) ?? (yield)).toBe(-1);
      expect(munmap(u, va + 4096, 4096) ?? (yield)).toBe(-1);
      expect(munmap(u, va, 4096) ?? (yield)).toBe(0);
    }, 3);
  });

  test('takes an object for each shared mapping, and answers -1 when there is none', () => {
    looking(function* (u, k) {
      for (let i = 0; i < 4; i++) {
        expect(mmap(u, 0, 4096, RW, SHARED, -1, 0) ?? (yield)).toBeGreaterThan(0);
      }
      expect(mmap(u, 0, 4096, RW, SHARED, -1, 0) ?? (yield)).toBe(-1);
      expect(areas(k).length).toBe(4);
      // They look alike, but each is another object.
      expect(mmap(u, 0, 4096, RW, PRIVATE, -1, 0) ?? (yield)).toBeGreaterThan(0);
    }, 6);
  });
});

describe('areas', () => {
  test('merge with neighbours that are alike, on both sides', () => {
    looking(function* (u, k) {
      const at = 0x10_0000;
      const map = (page: number, prot = RW): number | undefined =>
        mmap(u, at + page * 4096, 4096, prot, PRIVATE | MAP_FIXED, -1, 0);
      map(0) ?? (yield);
      map(2) ?? (yield);
      expect(areas(k)).toEqual([
        [0x100, 1],
        [0x102, 1],
      ]);
      map(1) ?? (yield);
      expect(areas(k)).toEqual([[0x100, 3]]);
      map(3, PROT_READ) ?? (yield);
      expect(areas(k)).toEqual([
        [0x100, 3],
        [0x103, 1],
      ]);
    });
  });

  test.each<[string, number, number, [number, number][]]>([
    ['start', 0, 2, [[0x102, 3]]],
    ['end', 3, 2, [[0x100, 3]]],
    [
      'middle',
      1,
      2,
      [
        [0x100, 1],
        [0x103, 2],
      ],
    ],
    ['whole', 0, 5, []],
    ['more than the whole', -1, 7, []],
  ])('lose their %s to munmap, and keep the rest', (_, page, count, left) => {
    for (const flags of [PRIVATE, SHARED]) {
      looking(function* (u, k) {
        const va = mmap(u, 0x10_0000, 5 * 4096, RW, flags | MAP_FIXED, -1, 0) ?? (yield);
        for (let i = 0; i < 5; i++) u.store(va + 4096 * i, 10 + i) ?? (yield);
        expect(munmap(u, va + 4096 * page, count * 4096) ?? (yield)).toBe(0);
        expect(areas(k)).toEqual(left);
        for (let i = 0; i < 5; i++) {
          if (i >= page && i < page + count) continue;
          expect(u.load(va + 4096 * i) ?? (yield)).toBe(10 + i);
        }
        // Over the holes, and twice.
        expect(munmap(u, va, 5 * 4096) ?? (yield)).toBe(0);
        expect(munmap(u, va, 5 * 4096) ?? (yield)).toBe(0);
        expect(areas(k)).toEqual([]);
      });
    }
  });

  test('in a row are unmapped by one munmap', () => {
    looking(function* (u, k) {
      const [a, b] = [0x10_0000, 0x10_2000];
      mmap(u, a, 8192, RW, SHARED | MAP_FIXED, -1, 0) ?? (yield);
      mmap(u, b, 8192, PROT_READ, PRIVATE | MAP_FIXED, -1, 0) ?? (yield);
      expect(munmap(u, a + 4096, 8192) ?? (yield)).toBe(0);
      expect(areas(k)).toEqual([
        [0x100, 1],
        [0x103, 1],
      ]);
    });
  });

  test.each([
    [1, 4096],
    [-4096, 4096],
    [0x10_0000, 0],
    [0x10_0000, -1],
    [0x7fff_f000, 8192],
  ])('munmap(%i, %i) is refused', (addr, length) => {
    looking(function* (u) {
      expect(munmap(u, addr, length) ?? (yield)).toBe(-1);
    });
  });
});

describe('an access kills the process', () => {
  const cases: readonly [string, (u: Context) => Part<void>][] = [
    [
      'that stores to a mapping that can only be read',
      function* (u) {
        const va = mmap(u, 0, 4096, PROT_READ, PRIVATE, -1, 0) ?? (yield);
        expect(u.load(va) ?? (yield)).toBe(0);
        u.store(va, 1) ?? (yield);
      },
    ],
    [
      'to a mapping without rights',
      function* (u) {
        const va = mmap(u, 0, 4096, PROT_NONE, SHARED, -1, 0) ?? (yield);
        u.load(va) ?? (yield);
      },
    ],
    [
      'that loads where only instructions may be fetched',
      function* (u) {
        const va = mmap(u, 0, 4096, PROT_EXEC, PRIVATE, -1, 0) ?? (yield);
        u.load(va) ?? (yield);
      },
    ],
    [
      'past the end of a mapping',
      function* (u) {
        const va = mmap(u, 0x10_0000, 4096, RW, PRIVATE, -1, 0) ?? (yield);
        u.load(va + 4096) ?? (yield);
      },
    ],
    [
      'after munmap, which it has used before',
      function* (u) {
        const va = mmap(u, 0, 4096, RW, SHARED, -1, 0) ?? (yield);
        u.store(va, 1) ?? (yield);
        munmap(u, va, 1) ?? (yield);
        u.load(va) ?? (yield);
      },
    ],
    [
      'past a lazy heap',
      function* (u) {
        const va = sbrklazy(u, 4096) ?? (yield);
        u.store(va, 1) ?? (yield);
        u.store(va + 4096, 1) ?? (yield);
      },
    ],
    [
      'to the guard page, also when it is shared with the parent',
      function* (u) {
        u.store(0x1000, 1) ?? (yield);
      },
    ],
  ];
  test.each(cases)('%s', (_, part) => {
    onEveryMachine(function* (u) {
      expect(yield* inChild(u, () => part(u))).toBe(-1);
    });
  });
});

describe('the kernel faults pages in as the user does', () => {
  test('for what it copies to and from user memory', () => {
    onEveryMachine(function* (u) {
      for (const flags of [PRIVATE, SHARED]) {
        const va = mmap(u, 0, 8192, RW, flags, -1, 0) ?? (yield);
        // The pointer of shm_map across pages that nobody touched.
        yield* shm_open(u, 'a');
        shm_trunc(u, 0, 4096) ?? (yield);
        const pid = fork(u) ?? (yield);
        if (pid === 0) exit(u, 7) ?? (yield);
        expect(u.ecall(SYS_wait, va + 4094) ?? (yield)).toBe(pid);
        expect(u.loadByte(va + 4094) ?? (yield)).toBe(7);
        expect(munmap(u, va, 8192) ?? (yield)).toBe(0);
      }
      const heap = sbrklazy(u, 4096) ?? (yield);
      const pid = fork(u) ?? (yield);
      if (pid === 0) exit(u, 9) ?? (yield);
      expect(u.ecall(SYS_wait, heap) ?? (yield)).toBe(pid);
      expect(u.load(heap) ?? (yield)).toBe(9);
    });
  });

  test('but not where the user may not write', () => {
    onOneCpu(function* (u) {
      const va = mmap(u, 0, 4096, PROT_READ, PRIVATE, -1, 0) ?? (yield);
      const pid = fork(u) ?? (yield);
      if (pid === 0) exit(u, 7) ?? (yield);
      expect(u.ecall(SYS_wait, va) ?? (yield)).toBe(-1);
      expect(yield* waitStatus(u)).toEqual({ pid, status: 7 });
    });
  });
});

test('exec and exit leave no mapping', () => {
  onEveryMachine(function* (u) {
    const va = mmap(u, 0, 8192, RW, SHARED, -1, 0) ?? (yield);
    u.store(va, 1) ?? (yield);
    const ran = yield* inChild(u, function* () {
      mmap(u, 0, 8192, RW, PRIVATE, -1, 0) ?? (yield);
      u.store(va + 4096, 1) ?? (yield);
      yield* exec(u, 'limits', ['limits']);
    });
    // limits says how it wants to be called.
    expect(ran).toBe(1);
    expect(u.load(va + 4096) ?? (yield)).toBe(1);
  });
});

test('shared memory of all kinds lies side by side', () => {
  onEveryMachine(function* (u) {
    const va = mmap(u, 0, 4096, RW, SHARED, -1, 0) ?? (yield);
    const od = yield* shm_open(u, 'a');
    shm_trunc(u, od, 4096) ?? (yield);
    const window = yield* shm_map(u, od, 2);
    const status = yield* inChild(u, function* () {
      u.fetchAdd(va, 3) ?? (yield);
      u.fetchAdd(window, 4) ?? (yield);
    });
    expect(status).toBe(0);
    expect(u.load(va) ?? (yield)).toBe(3);
    expect(u.load(window) ?? (yield)).toBe(4);
  });
});

describe('munmap of what mmap did not make', () => {
  test.each<[string, (u: Context) => Part<number>]>([
    ['the image', () => zero(0)],
    ['the stack', () => zero(0x2000)],
    [
      'the heap',
      function* (u) {
        return Math.ceil((sbrk(u, 3 * 4096) ?? (yield)) / 4096) * 4096;
      },
    ],
    [
      'the last byte of the heap',
      function* (u) {
        return Math.floor((sbrk(u, 1) ?? (yield)) / 4096) * 4096;
      },
    ],
    ["a mapping of xv6's shared memory", mappedObject],
  ])('refuses %s, and changes nothing, also of mappings in the range', (_, place) => {
    looking(function* (u, k) {
      const va = yield* place(u);
      const mapping = mmap(u, 0, 4096, RW, PRIVATE, -1, 0) ?? (yield);
      u.store(mapping, 5) ?? (yield);
      const before = [k.freeFrames().size, areas(k)];
      const from = Math.min(va, mapping);
      const to = Math.max(va, mapping) + 4096;
      for (const [at, length] of [
        [va, 1],
        [va, 4096],
        [from, to - from],
      ] as const) {
        expect(munmap(u, at, length) ?? (yield)).toBe(-1);
        expect([k.freeFrames().size, areas(k)]).toEqual(before);
      }
      u.load(va) ?? (yield);
      expect(u.load(mapping) ?? (yield)).toBe(5);
      expect(munmap(u, mapping, 4096) ?? (yield)).toBe(0);
    });
  });

  test('answers 0 where nothing is, in the window too', () => {
    looking(function* (u) {
      const va = yield* mappedObject(u);
      expect(munmap(u, va + 4096, 4096) ?? (yield)).toBe(0);
      expect(munmap(u, SHMBASE - 4096, 4096) ?? (yield)).toBe(0);
    });
  });
});

function* zero(va: number): Part<number> {
  return va;
}

function* mappedObject(u: Context): Part<number> {
  const od = yield* shm_open(u, 'a');
  shm_trunc(u, od, 4096) ?? (yield);
  return yield* shm_map(u, od, O_RDWR);
}
