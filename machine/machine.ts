import { Driver } from './driver.ts';
import { type Address, MARKED } from './operands.ts';
import * as op from './operation.ts';
import { accessPrivately, perform } from './perform.ts';
import { unlock } from './synchronise.ts';
import { asksFirst, goesOnAt, waitsForLock, waitsForWord } from './traits.ts';

/**
 * The emulated machine as guest code sees it: its operations.
 *
 * How an operation comes to pass. Guest code calls an operation of this class. While the running
 * thread holds a *lease* (the scheduler let it go on for some steps), the operation is performed at
 * once and its answer returned: no generator, no suspension. Otherwise the operation is announced
 * and the scheduler asked. If it answers with the same thread, the operation is performed; if not,
 * the call answers undefined, the guest's `?? (yield)` suspends it, and `run` performs the
 * operation when the thread is chosen again. docs/decisions/0001 has the measurements.
 */
export class Machine extends Driver {
  // The operations. What guest code performs most is written out here, and whoever observes it told
  // by a call of its own; the rest go through `perform`. A call that is not inlined costs as much as
  // the operation: this made three threads of 40 operations 1.7 times as fast, 1.4 times watched.

  load(a: Address): number | undefined {
    const { observer } = this;
    if (observer !== null) observer.entering?.(op.LOAD, a, 0, 0);
    if (this.step < this.leaseEnd) {
      this.step++;
      const value = this.words[a] as number;
      if (observer !== null) {
        if (observer.loaded !== undefined) observer.loaded(a, false);
        else observer.performed(op.LOAD, a, 0, 0, value);
      }
      return value;
    }
    return this.announce(op.LOAD, a, 0, 0);
  }

  /**
   * A load that is meant to race (the kernel says why where it does so): detectors of races and of
   * lock discipline let it pass.
   */
  loadMarked(a: Address): number | undefined {
    const { observer } = this;
    if (observer !== null) observer.entering?.(op.LOAD, a, MARKED, 0);
    if (this.step < this.leaseEnd) {
      this.step++;
      const value = this.words[a] as number;
      if (observer !== null) {
        if (observer.loaded !== undefined) observer.loaded(a, true);
        else observer.performed(op.LOAD, a, MARKED, 0, value);
      }
      return value;
    }
    return this.announce(op.LOAD, a, MARKED, 0);
  }

  store(a: Address, value: number): number | undefined {
    const { observer } = this;
    if (observer !== null) observer.entering?.(op.STORE, a, value, 0);
    if (this.step < this.leaseEnd) {
      this.step++;
      this.words[a] = value;
      if (observer !== null) {
        if (observer.stored !== undefined) observer.stored(a, value);
        else observer.performed(op.STORE, a, value, 0, 0);
      }
      return 0;
    }
    return this.announce(op.STORE, a, value, 0);
  }

  /** @param word see ACQUIRE, and `value` */
  acquire(lock: Address, word: Address = 0, value = 0): number | undefined {
    const { observer } = this;
    if (observer !== null) {
      observer.entering?.(op.ACQUIRE, lock, word, value);
      observer.locking?.(lock);
    }
    if (this.step < this.leaseEnd && this.words[lock] === 0) {
      this.step++;
      this.words[lock] = this.cpu.id + 1;
      if (word !== 0 && this.words[word] !== value) this.cpu.looking = lock;
      if (this.onAcquire !== null) this.onAcquire(lock);
      if (observer !== null) {
        if (observer.acquired !== undefined) observer.acquired(lock);
        else observer.performed(op.ACQUIRE, lock, word, value, 0);
      }
      return 0;
    }
    return this.announce(op.ACQUIRE, lock, word, value);
  }

  release(lock: Address): number | undefined {
    const { observer } = this;
    if (observer !== null) observer.entering?.(op.RELEASE, lock, 0, 0);
    if (this.step < this.leaseEnd) {
      this.step++;
      this.letGo(lock);
      if (observer !== null) {
        if (observer.released !== undefined) observer.released(lock);
        else observer.performed(op.RELEASE, lock, 0, 0, 0);
      }
      return 0;
    }
    return this.announce(op.RELEASE, lock, 0, 0);
  }

  /** Takes a mutex of a bare program. */
  lock(mutex: Address): number | undefined {
    const { observer } = this;
    if (observer !== null) {
      observer.entering?.(op.MUTEX_LOCK, mutex, 0, 0);
      observer.locking?.(mutex);
    }
    if (this.step < this.leaseEnd && this.words[mutex] === 0) {
      this.step++;
      this.words[mutex] = this.current.id + 1;
      if (observer !== null) {
        if (observer.acquired !== undefined) observer.acquired(mutex);
        else observer.performed(op.MUTEX_LOCK, mutex, 0, 0, 0);
      }
      return 0;
    }
    return this.announce(op.MUTEX_LOCK, mutex, 0, 0);
  }

  /** @throws ProgramError when the current thread does not hold it. */
  unlock(mutex: Address): number | undefined {
    const { observer } = this;
    if (observer !== null) observer.entering?.(op.MUTEX_UNLOCK, mutex, 0, 0);
    if (this.step < this.leaseEnd) {
      this.step++;
      unlock(this, mutex);
      if (observer !== null) {
        if (observer.released !== undefined) observer.released(mutex);
        else observer.performed(op.MUTEX_UNLOCK, mutex, 0, 0, 0);
      }
      return 0;
    }
    return this.announce(op.MUTEX_UNLOCK, mutex, 0, 0);
  }

  /** A user access through the MMU; `kind` is one of the USER_ operations. */
  user(kind: number, va: number, b = 0, c = 0): number | undefined {
    this.observer?.entering?.(kind, va, b, c);
    if (this.step < this.leaseEnd) {
      return perform(this, kind, va, b, c) ?? this.suspend(this.current, kind);
    }
    if (this.step < this.privateEnd) {
      const answer = accessPrivately(this, kind, va, b, c);
      if (answer !== undefined) return answer;
    }
    return this.announce(kind, va, b, c);
  }

  /** Any operation, the long way: with whoever watches told of it. */
  do(kind: number, a: number, b = 0, c = 0): number | undefined {
    const { observer } = this;
    if (observer !== null) {
      observer.entering?.(kind, a, b, c);
      if (waitsForLock(kind)) observer.locking?.(a);
    }
    if (this.step < this.leaseEnd && !this.mayWait(kind, a, b)) {
      const thread = this.current;
      return perform(this, kind, a, b, c) ?? this.suspend(thread, kind);
    }
    return this.announce(kind, a, b, c);
  }

  /** Whether an operation may have to wait, and is announced for that. */
  protected mayWait(kind: number, a: Address, b: number): boolean {
    if (asksFirst(kind)) return true;
    return waitsForWord(kind) && !goesOnAt(kind, this.words[a] as number, b);
  }
}
