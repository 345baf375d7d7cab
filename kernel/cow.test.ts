import { describe, expect, test } from 'vitest';
import { inKernel, onEveryMachine, Situation } from '../property-tests/executions.ts';
import {
  type Context,
  exit,
  fork,
  MAP_ANONYMOUS,
  MAP_PRIVATE,
  MAP_SHARED,
  mmap,
  type Part,
  PROT_READ,
  PROT_WRITE,
  sbrk,
  waitStatus,
} from '../user/ulib.ts';
import { SYS_wait } from './abi.ts';
import type { Kernel } from './kernel.ts';
import { objectCreate, objectPage, objectResize } from './pageobject.ts';
import { mapowned, walk } from './pagetable.ts';
import type { Proc } from './proc.ts';
import { setVma, VMA_OBJECT, type Vma } from './vma.ts';

const RW = PROT_READ | PROT_WRITE;
const PRIVATE = MAP_PRIVATE | MAP_ANONYMOUS;

const used = (k: Kernel): number => k.m.memory.endPpn - k.m.memory.firstPpn - k.freeFrames().size;

/** Waits for all children; answers how many did not exit with 0. */
function* reap(u: Context): Part<number> {
  for (let wrong = 0; ; ) {
    const { pid, status } = yield* waitStatus(u);
    if (pid < 0) return wrong;
    if (status !== 0) wrong++;
  }
}

describe('after a fork', () => {
  test('parent, children and grandchildren see what was there, and only their own changes', () => {
    onEveryMachine(function* (u) {
      const heap = sbrk(u, 8192) ?? (yield);
      const area = mmap(u, 0, 8192, RW, PRIVATE, -1, 0) ?? (yield);
      for (const va of [heap, heap + 4096, area, area + 4096]) u.store(va, 100) ?? (yield);
      let depth = 0;
      for (; depth < 2; depth++) {
        const pid = fork(u) ?? (yield);
        if (pid !== 0) break;
      }
      // Each writes to other pages than the next; nobody sees it.
      const mine = depth % 2 === 0 ? heap : area;
      u.store(mine, depth) ?? (yield);
      for (const va of [heap, heap + 4096, area, area + 4096]) {
        const value = u.load(va) ?? (yield);
        const former = (depth === 2 && va === heap) || (depth === 1 && va === area) ? -1 : 100;
        if (va === mine) expect(value).toBe(depth);
        else if (former !== -1) expect(value).toBe(100);
      }
      const wrong = yield* reap(u);
      if (depth > 0) exit(u, wrong) ?? (yield);
      expect(wrong).toBe(0);
      expect(u.load(heap) ?? (yield)).toBe(0);
      expect(u.load(area) ?? (yield)).toBe(100);
    });
  });

  test('many write to the same pages at once, and exit', () => {
    onEveryMachine(
      function* (u) {
        const heap = sbrk(u, 3 * 4096) ?? (yield);
        for (let i = 0; i < 3; i++) u.store(heap + 4096 * i, 1) ?? (yield);
        for (let child = 1; child <= 4; child++) {
          const pid = fork(u) ?? (yield);
          if (pid !== 0) continue;
          for (let i = 0; i < 3; i++) {
            const before = u.fetchAdd(heap + 4096 * i, child) ?? (yield);
            expect(before).toBe(1);
            expect(u.load(heap + 4096 * i) ?? (yield)).toBe(1 + child);
          }
          exit(u, 0) ?? (yield);
        }
        for (let i = 0; i < 3; i++) u.fetchAdd(heap + 4096 * i, 50) ?? (yield);
        expect(yield* reap(u)).toBe(0);
        for (let i = 0; i < 3; i++) expect(u.load(heap + 4096 * i) ?? (yield)).toBe(51);
      },
      undefined,
      { nproc: 8 },
    );
  });

  test('a page that is shared with its parent on purpose stays shared', () => {
    onEveryMachine(function* (u) {
      const va = mmap(u, 0, 8192, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0) ?? (yield);
      u.store(va, 5) ?? (yield);
      const pid = fork(u) ?? (yield);
      if (pid === 0) {
        const seen = u.load(va) ?? (yield);
        // The parent never touched this one.
        u.store(va + 4096, 6) ?? (yield);
        exit(u, seen === 5 ? 0 : 1) ?? (yield);
      }
      expect(yield* reap(u)).toBe(0);
      expect(u.load(va + 4096) ?? (yield)).toBe(6);
    });
  });

  test('the kernel, too, writes to a copy, and the process sees it', () => {
    onEveryMachine(function* (u) {
      const heap = sbrk(u, 4096) ?? (yield);
      u.store(heap + 4, 7) ?? (yield);
      const pid = fork(u) ?? (yield);
      if (pid === 0) {
        // In this CPU's TLB, so that a copy elsewhere would not be noticed.
        const before = u.load(heap) ?? (yield);
        const grandchild = fork(u) ?? (yield);
        if (grandchild === 0) exit(u, 33) ?? (yield);
        u.ecall(SYS_wait, heap) ?? (yield);
        const after = u.load(heap) ?? (yield);
        const beside = u.load(heap + 4) ?? (yield);
        exit(u, before === 0 && after === 33 && beside === 7 ? 0 : 1) ?? (yield);
      }
      expect(yield* reap(u)).toBe(0);
      expect(u.load(heap) ?? (yield)).toBe(0);
    });
  });

  test('whoever is left alone with a frame gets it without a copy', () => {
    const situation: Situation = new Situation(
      {
        *main(u) {
          const { kernel } = situation;
          const heap = sbrk(u, 4 * 4096) ?? (yield);
          for (let i = 0; i < 4; i++) u.store(heap + 4096 * i, i) ?? (yield);
          const before = used(kernel);
          const pid = fork(u) ?? (yield);
          if (pid === 0) {
            expect(used(kernel)).toBeLessThan(before + 4 + 8);
            exit(u, 0) ?? (yield);
          }
          yield* waitStatus(u);
          expect(used(kernel)).toBe(before);
          for (let i = 0; i < 4; i++) u.store(heap + 4096 * i, 9) ?? (yield);
          expect(used(kernel)).toBe(before);
        },
      },
      [['main']],
      { ncpu: 1 },
    );
    const outcome = situation.execute('round-robin', 1);
    expect(outcome.problems).toEqual([]);
    expect(outcome.statuses.get(2)).toBe(0);
  });
});

describe('an object that shrinks', () => {
  test('takes its pages from every address space and every TLB, and has new ones if it grows', () => {
    inKernel(function* (k) {
      const { m } = k;
      const procs = [k.ptable.procs[0] as Proc, k.ptable.procs[1] as Proc];
      const o = yield* objectCreate(k, 3, () => {});
      if (o === undefined) throw new Error('no object');
      for (const p of procs) {
        setVma(k, p.vmas[0] as Vma, 0x100, 3, VMA_OBJECT << 4, o.index, 0);
        for (let page = 0; page < 3; page++) {
          const root = m.words[p.pagetable] as number;
          yield* objectPage(k, o, page, (ppn) => mapowned(k, root, 0x100 + page, ppn, 0xd7));
          const pte = m.words[walk(k, root, 0x100 + page)] as number;
          for (const cpu of m.cpus) cpu.tlb.insert(p.asid, 0x100 + page, pte);
        }
      }
      const before = used(k);
      yield* objectResize(k, o, 1);
      for (const p of procs) {
        const root = m.words[p.pagetable] as number;
        const valid = [0, 1, 2].map((page) => (m.words[walk(k, root, 0x100 + page)] as number) & 1);
        expect(valid).toEqual([1, 0, 0]);
        for (const cpu of m.cpus) expect(cpu.tlb.lookup(p.asid, 0x102)).toBe(0);
      }
      // The entries own the frames until their processes come across them.
      expect(used(k)).toBe(before);
      yield* objectResize(k, o, 2);
      const fresh = yield* objectPage(k, o, 1, function* (ppn) {
        return m.words[m.memory.frame(ppn)] as number;
      });
      expect(fresh).toBe(0);
      expect(
        yield* objectPage(k, o, 2, function* () {
          return 0;
        }),
      ).toBe(-1);
    });
  });
});
