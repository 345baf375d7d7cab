import { expect, test } from 'vitest';
import { inKernel, onEveryMachine, onOneCpu } from '../property-tests/executions.ts';
import { fork, sbrk, waitStatus } from '../user/ulib.ts';
import { kalloc, kfree } from './kalloc.ts';

test('all memory after the kernel is free at boot, but for what processes have', () => {
  const k = inKernel(function* () {}, { frames: 64 });
  // Two processes: 3 pages, trapframe, 2 levels of tables at either end below one root.
  expect(k.freeFrames().size).toBe(64 - 2 * 9);
});

test('kalloc answers frames filled with 5, each once, until memory is out', () => {
  inKernel(function* (k) {
    const seen = new Set<number>();
    for (let left = k.freeFrames().size; left > 0; left--) {
      const ppn = yield* kalloc(k);
      expect(k.m.memory.isFrame(ppn)).toBe(true);
      expect(k.m.words[k.m.memory.frame(ppn) + 1023]).toBe(0x05050505);
      seen.add(ppn);
    }
    expect(seen.size).toBe(128 - 2 * 9);
    expect(yield* kalloc(k)).toBe(0);
    const [first = 0] = seen;
    yield* kfree(k, first);
    expect(yield* kalloc(k)).toBe(first);
  });
});

test('kfree fills the frame with 1 and ends its being shared', () => {
  inKernel(function* (k) {
    const ppn = yield* kalloc(k);
    k.m.memory.setShared(ppn, true);
    yield* kfree(k, ppn);
    expect(k.m.words[k.m.memory.frame(ppn) + 1023]).toBe(0x01010101);
    expect(k.m.memory.isShared(ppn)).toBe(false);
  });
});

test.each([0, 0x80000, 0xfffff])('the kernel panics when it frees page %i, not a frame', (ppn) => {
  expect(() => inKernel((k) => kfree(k, ppn))).toThrow(
    expect.objectContaining({ name: 'KernelPanic', message: 'kfree' }),
  );
});

test('the allocation that the configuration names fails, and no other', () => {
  inKernel(
    function* (k) {
      expect(yield* kalloc(k)).not.toBe(0);
      expect(yield* kalloc(k)).not.toBe(0);
      expect(yield* kalloc(k)).toBe(0);
      expect(yield* kalloc(k)).not.toBe(0);
    },
    { kallocFailsAt: 3 },
  );
});

test('fresh memory of a process reads 0, whatever was in its frames', () => {
  onEveryMachine(function* (u) {
    const pid = fork(u) ?? (yield);
    const end = sbrk(u, 4096 * 3) ?? (yield);
    for (let i = 0; i < 3; i++) {
      expect(u.load(end + 4096 * i) ?? (yield)).toBe(0);
      expect(u.load(end + 4096 * i + 4092) ?? (yield)).toBe(0);
      u.store(end + 4096 * i + 4092, -1) ?? (yield);
    }
    sbrk(u, -4096 * 3) ?? (yield);
    sbrk(u, 4096) ?? (yield);
    expect(u.load(end + 4092) ?? (yield)).toBe(0);
    if (pid > 0) expect(yield* waitStatus(u)).toEqual({ pid, status: 0 });
  });
});

test('memory that sbrk, fork or exit give up can be had again without end', () => {
  const outcome = onOneCpu(
    function* (u) {
      for (let i = 0; i < 30; i++) {
        const pid = fork(u) ?? (yield);
        if (pid === 0) return (sbrk(u, 8 * 4096) ?? (yield)) < 0 ? 1 : 0;
        expect(yield* waitStatus(u)).toEqual({ pid, status: 0 });
        expect(sbrk(u, 8 * 4096) ?? (yield)).toBe(0x3000);
        sbrk(u, -8 * 4096) ?? (yield);
      }
      return 0;
    },
    { frames: 44 },
  );
  expect(outcome.statuses.get(2)).toBe(0);
});
