import { describe, expect, test } from 'vitest';
import type { Code } from '../machine/index.ts';
import { PTE_R, PTE_U, PTE_W, PTE_X } from '../machine/index.ts';
import { inKernel } from '../property-tests/executions.ts';
import { kalloc } from './kalloc.ts';
import type { Kernel } from './kernel.ts';
import {
  copyin,
  copyinstr,
  copyout,
  freewalk,
  mappage,
  pruneTables,
  uvmalloc,
  uvmclear,
  uvmcopy,
  uvmcreate,
  uvmfree,
  uvmunmap,
  walk,
  writable,
} from './vm.ts';

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

  test('uvmcopy copies contents and rights into frames of its own', () => {
    withPages(3, function* (k, root) {
      yield* uvmclear(k, root, 1);
      expect(yield* copyout(k, root, 8192, Uint8Array.of(1, 2, 3))).toBe(0);
      const child = yield* uvmcreate(k);
      expect(yield* uvmcopy(k, root, child, 3)).toBe(0);
      const bytes = new Uint8Array(3);
      expect(yield* copyin(k, child, bytes, 8192)).toBe(0);
      expect([...bytes]).toEqual([1, 2, 3]);
      yield* copyout(k, child, 8192, Uint8Array.of(4));
      yield* copyin(k, root, bytes, 8192);
      expect([...bytes]).toEqual([1, 2, 3]);
      // The guard page stays one.
      expect(yield* copyin(k, child, bytes, 4096)).toBe(-1);
    });
  });

  test('uvmcopy that runs out of memory leaves no page', () => {
    withPages(3, function* (k, root) {
      const child = yield* uvmcreate(k);
      while (free(k) > 4) yield* kalloc(k);
      const tables = 2;
      expect(yield* uvmcopy(k, root, child, 3)).toBe(-1);
      expect(free(k)).toBe(4 - tables);
      yield* freewalk(k, child);
      expect(free(k)).toBe(4 + 1);
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

describe('copies between kernel and user', () => {
  test('cross page borders', () => {
    withPages(2, function* (k, root) {
      const text = Uint8Array.from('over the border\0', (c) => c.charCodeAt(0));
      expect(yield* copyout(k, root, 4090, text)).toBe(0);
      const back = new Uint8Array(text.length);
      expect(yield* copyin(k, root, back, 4090)).toBe(0);
      expect(back).toEqual(text);
      expect(yield* copyinstr(k, root, 4090, 16)).toBe('over the border');
      expect(yield* copyinstr(k, root, 4090, 15)).toBeUndefined();
    });
  });

  test.each([-1, -4096, 2 * 4096, 0x4000_0000, 0x7fff_ffff])('fail at address %i', (va) => {
    withPages(2, function* (k, root) {
      expect(yield* copyout(k, root, va, Uint8Array.of(1))).toBe(-1);
      expect(yield* copyin(k, root, new Uint8Array(1), va)).toBe(-1);
      expect(yield* copyinstr(k, root, va, 16)).toBeUndefined();
      expect(yield* writable(k, root, va, 1)).toBe(false);
    });
  });

  test('fail where they run off the end, and writable knows', () => {
    withPages(1, function* (k, root) {
      expect(yield* copyout(k, root, 4094, Uint8Array.of(1, 2, 3))).toBe(-1);
      expect(yield* copyin(k, root, new Uint8Array(3), 4094)).toBe(-1);
      expect(yield* writable(k, root, 4094, 2)).toBe(true);
      expect(yield* writable(k, root, 4094, 3)).toBe(false);
    });
  });

  test('out fails where the user may only read, in does not', () => {
    withPages(1, function* (k, root) {
      yield* mappage(k, root, 1, yield* kalloc(k), PTE_R | PTE_U);
      expect(yield* copyout(k, root, 4096, Uint8Array.of(1))).toBe(-1);
      expect(yield* copyin(k, root, new Uint8Array(1), 4096)).toBe(0);
    });
  });
});

describe('the kernel panics', () => {
  test.each<[string, (k: Kernel, root: number, empty: number) => Code]>([
    ['mappages: remap', (k, root) => mappage(k, root, 0, 0x80001, PTE_R)],
    ['uvmunmap: walk', (k, root) => uvmunmap(k, root, 0x40000, 1, false)],
    ['uvmunmap: not mapped', (k, root) => uvmunmap(k, root, 1, 1, false)],
    ['freewalk: leaf', (k, root) => freewalk(k, root)],
    ['uvmclear', (k, root) => uvmclear(k, root, 0x40000)],
    ['uvmcopy: pte should exist', (k, root, empty) => uvmcopy(k, empty, root, 1)],
    ['uvmcopy: page not present', (k, root, empty) => uvmcopy(k, root, empty, 2)],
  ])('with "%s"', (message, code) => {
    const wrong = (): void =>
      withPages(1, function* (k, root) {
        yield* code(k, root, yield* uvmcreate(k));
      });
    expect(wrong).toThrow(expect.objectContaining({ name: 'KernelPanic', message }));
  });
});
