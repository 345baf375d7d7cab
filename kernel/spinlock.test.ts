import { describe, expect, test } from 'vitest';
import { inKernel } from '../property-tests/executions.ts';
import { acquire, holding, release } from './spinlock.ts';

test('a released lock is free, a held one belongs to its CPU', () => {
  inKernel(function* (k) {
    const { lock } = k.shm;
    expect(holding(k, lock)).toBe(false);
    acquire(k, lock) ?? (yield);
    expect(holding(k, lock)).toBe(true);
    expect(k.m.words[lock.word]).toBe(1);
    release(k, lock) ?? (yield);
    expect(holding(k, lock)).toBe(false);
    expect(k.m.words[lock.word]).toBe(0);
  });
});

test('interrupts are off while any lock is held, and then as they were before', () => {
  inKernel(function* (k) {
    for (const before of [true, false]) {
      k.m.cpu.interruptsOn = before;
      acquire(k, k.shm.lock) ?? (yield);
      acquire(k, k.kmem.lock) ?? (yield);
      expect(k.m.cpu.noff).toBe(2);
      release(k, k.shm.lock) ?? (yield);
      expect(k.m.cpu.interruptsOn).toBe(false);
      release(k, k.kmem.lock) ?? (yield);
      expect(k.m.cpu.interruptsOn).toBe(before);
    }
  });
});

describe('the kernel panics', () => {
  test('when a CPU acquires a lock that it holds', () => {
    const twice = (): unknown =>
      inKernel(function* (k) {
        acquire(k, k.shm.lock) ?? (yield);
        acquire(k, k.shm.lock) ?? (yield);
      });
    expect(twice).toThrow(expect.objectContaining({ name: 'KernelPanic', message: 'acquire' }));
  });

  test('when a CPU releases a lock that is free, or that another holds', () => {
    for (const holder of [0, 2]) {
      const stranger = (): unknown =>
        inKernel(function* (k) {
          k.m.words[k.shm.lock.word] = holder;
          release(k, k.shm.lock) ?? (yield);
        });
      expect(stranger).toThrow(
        expect.objectContaining({ name: 'KernelPanic', message: 'release' }),
      );
    }
  });

  test('when interrupts came on, or too many were popped, under a lock', () => {
    const on = (): unknown =>
      inKernel(function* (k) {
        acquire(k, k.shm.lock) ?? (yield);
        k.m.cpu.interruptsOn = true;
        release(k, k.shm.lock) ?? (yield);
      });
    const popped = (): unknown =>
      inKernel(function* (k) {
        acquire(k, k.shm.lock) ?? (yield);
        k.m.cpu.noff = 0;
        release(k, k.shm.lock) ?? (yield);
      });
    expect(on).toThrow('pop_off - interruptible');
    expect(popped).toThrow(/^pop_off$/);
  });
});
