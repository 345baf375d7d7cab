import { describe, expect, test } from 'vitest';
import type { Code } from '../machine/index.ts';
import { PTE_R, PTE_W, PTE_X } from '../machine/index.ts';
import { inKernel } from '../property-tests/executions.ts';
import { kalloc } from './kalloc.ts';
import type { Kernel } from './kernel.ts';
import {
  freewalk,
  mappage,
  pruneTables,
  uvmalloc,
  uvmclear,
  uvmcopy,
  uvmcreate,
  uvmfree,
  uvmunmap,
  uvmzap,
  walk,
} from './pagetable.ts';
import { copyin, copyout } from './vm.ts';

const RW = PTE_W | PTE_X;
const free = (k: Kernel): number => k.freeFrames().size;

/** Runs code with an address space of that many pages. */
function withPages(pages: number, code: (k: Kernel, root: number) => Code): void {
  inKernel(function* (k) {
    const root = yield* uvmcreate(k);
    expect(yield* uvmalloc(k, root, 0, pages, RW)).toBe(0);
    yield* code(k, root);
  });
}

describe('address spaces', () => {
  test('uvmalloc and uvmfree take and give back pages and tables alike', () => {
    inKernel(function* (k) {
      const before = free(k);
      const root = yield* uvmcreate(k);
      yield* uvmalloc(k, root, 0, 4, RW);
      expect(free(k)).toBe(before - 4 - 3);
      yield* uvmfree(k, root, 4);
      expect(free(k)).toBe(before);
    });
  });

  test('uvmalloc that runs out of memory leaves no page', () => {
    withPages(1, function* (k, root) {
      const before = free(k);
      expect(yield* uvmalloc(k, root, 1, 1 + before + 1, RW)).toBe(-1);
      expect(free(k)).toBe(before);
      expect(k.m.words[walk(k, root, 1)]).toBe(0);
    });
  });

  test('uvmcopy shares frames that neither side may write to any more', () => {
    withPages(3, function* (k, root) {
      yield* uvmclear(k, root, 1);
      expect(yield* copyout(k, root, 8192, Uint8Array.of(1, 2, 3))).toBe(0);
      const before = free(k);
      const child = yield* uvmcreate(k);
      expect(yield* uvmcopy(k, root, child, 0, 3)).toBe(0);
      expect(free(k)).toBe(before - 3);
      const bytes = new Uint8Array(3);
      expect(yield* copyin(k, child, bytes, 8192)).toBe(0);
      expect([...bytes]).toEqual([1, 2, 3]);
      // Neither is the current process's, so no page fault makes a copy.
      expect(yield* copyout(k, child, 8192, Uint8Array.of(4))).toBe(-1);
      expect(yield* copyout(k, root, 8192, Uint8Array.of(4))).toBe(-1);
      // The guard page stays one.
      expect(yield* copyin(k, child, bytes, 4096)).toBe(-1);
      yield* uvmfree(k, root, 3);
      expect(yield* copyin(k, child, bytes, 8192)).toBe(0);
      expect([...bytes]).toEqual([1, 2, 3]);
    });
  });

  test('uvmcopy and uvmzap pass over what nobody touched', () => {
    withPages(1, function* (k, root) {
      yield* mappage(k, root, 5000, yield* kalloc(k), PTE_R | PTE_W);
      const child = yield* uvmcreate(k);
      expect(yield* uvmcopy(k, root, child, 0, 6000)).toBe(0);
      expect(walk(k, child, 4000)).toBe(0);
      expect(k.m.words[walk(k, child, 4999)]).toBe(0);
      expect(k.m.words[walk(k, child, 5000)]).not.toBe(0);
      expect(yield* uvmzap(k, child, 0, 6000)).toBe(true);
      expect(yield* uvmzap(k, child, 0, 6000)).toBe(false);
    });
  });

  test('uvmcopy that runs out of memory leaves no page', () => {
    withPages(3, function* (k, root) {
      const child = yield* uvmcreate(k);
      while (free(k) > 1) yield* kalloc(k);
      expect(yield* uvmcopy(k, root, child, 0, 3)).toBe(-1);
      expect(free(k)).toBe(0);
      yield* freewalk(k, child);
      expect(free(k)).toBe(1 + 1);
    });
  });

  test('pruneTables frees the tables that a mapping left empty, and no others', () => {
    withPages(1, function* (k, root) {
      const ppn = yield* kalloc(k);
      const before = free(k);
      yield* mappage(k, root, 511, ppn, PTE_R);
      yield* mappage(k, root, 512, ppn, PTE_R);
      expect(free(k)).toBe(before - 1);
      yield* uvmunmap(k, root, 511, 2, false);
      yield* pruneTables(k, root, 511, 2);
      expect(free(k)).toBe(before);
      expect(walk(k, root, 0)).not.toBe(0);
      expect(walk(k, root, 512)).toBe(0);
    });
  });
});

describe('the kernel panics', () => {
  test.each<[string, (k: Kernel, root: number) => Code]>([
    ['mappages: remap', (k, root) => mappage(k, root, 0, 0x80001, PTE_R)],
    ['uvmunmap: walk', (k, root) => uvmunmap(k, root, 0x40000, 1, false)],
    ['uvmunmap: not mapped', (k, root) => uvmunmap(k, root, 1, 1, false)],
    ['freewalk: leaf', (k, root) => freewalk(k, root)],
    ['uvmclear', (k, root) => uvmclear(k, root, 0x40000)],
  ])('with "%s"', (message, code) => {
    const wrong = (): void =>
      withPages(1, function* (k, root) {
        yield* code(k, root);
      });
    expect(wrong).toThrow(expect.objectContaining({ name: 'KernelPanic', message }));
  });
});
