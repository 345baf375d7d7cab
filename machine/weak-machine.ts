import { Machine } from './machine.ts';
import { type Address, MARKED } from './operands.ts';
import * as op from './operation.ts';

/**
 * The machine with store buffers. A class of its own, so that a sequentially consistent machine pays
 * nothing: here every operation goes the long way, which asks the buffer first.
 */
export class WeakMachine extends Machine {
  override load(a: Address): number | undefined {
    return this.do(op.LOAD, a);
  }

  override loadMarked(a: Address): number | undefined {
    return this.do(op.LOAD, a, MARKED);
  }

  override store(a: Address, value: number): number | undefined {
    return this.do(op.STORE, a, value);
  }

  override acquire(lock: Address, word: Address = 0, value = 0): number | undefined {
    return this.do(op.ACQUIRE, lock, word, value);
  }

  override release(lock: Address): number | undefined {
    return this.do(op.RELEASE, lock);
  }

  override lock(mutex: Address): number | undefined {
    return this.do(op.MUTEX_LOCK, mutex);
  }

  override unlock(mutex: Address): number | undefined {
    return this.do(op.MUTEX_UNLOCK, mutex);
  }

  override user(kind: number, va: number, b = 0, c = 0): number | undefined {
    if (this.buffers?.holdsBack(this.cpu.id, kind, va, b) !== true) {
      return super.user(kind, va, b, c);
    }
    this.observer?.entering?.(kind, va, b, c);
    return this.announce(kind, va, b, c);
  }

  protected override mayWait(kind: number, a: Address, b: number): boolean {
    if (this.buffers?.holdsBack(this.cpu.id, kind, a, b) === true) return true;
    return super.mayWait(kind, a, b);
  }
}
