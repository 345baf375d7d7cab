import { describe, expect, test } from 'vitest';
import type { Code } from '../machine/index.ts';
import { PTE_R, PTE_U, PTE_W, PTE_X } from '../machine/index.ts';
import { inKernel } from '../property-tests/executions.ts';
import { kalloc } from './kalloc.ts';
import type { Kernel } from './kernel.ts';
import { mappage, uvmalloc, uvmcreate } from './pagetable.ts';
import { copyin, copyinstr, copyout, writable } from './vm.ts';

const RW = PTE_W | PTE_X;

/** Runs code with an address space of that many pages. */
function withPages(pages: number, code: (k: Kernel, root: number) => Code): void {
  inKernel(function* (k) {
    const root = yield* uvmcreate(k);
    expect(yield* uvmalloc(k, root, 0, pages, RW)).toBe(0);
    yield* code(k, root);
  });
}

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
