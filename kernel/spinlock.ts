/**
 * Mutual exclusion spin locks (xv6 spinlock.c).
 *
 * A lock is one word: 0 while free, the holder's CPU number + 1 while held, so `locked` and `cpu`
 * of xv6's struct spinlock change in one operation. A CPU that spins counts as blocked: the
 * scheduler does not choose it while the lock is held.
 *
 * xv6 calls __sync_synchronize in acquire, behind the instruction that takes the lock, and in release,
 * before the store that lets it go. Where memory has store buffers, taking the lock waits for this CPU's
 * buffer to be empty, as atomic instructions do, so nothing is left for the fence behind it to order; the
 * release is a fence and a store in one step, since nobody can tell when a fence alone happens.
 */
import { type Address, BEFORE_FENCE, type Code, type Layout, RELEASE } from '../machine/index.ts';
import type { Kernel } from './kernel.ts';
import { panic } from './panic.ts';

export class Spinlock {
  readonly word: Address;
  readonly name: string;

  constructor(layout: Layout, name: string) {
    this.word = layout.word(name);
    this.name = name;
  }
}

/**
 * Turns interrupts off on this CPU, then takes the lock. A scheduling point; does not sleep.
 *
 * @throws KernelPanic `acquire` when this CPU holds it already.
 */
export function acquire(k: Kernel, lk: Spinlock): number | undefined {
  return acquireToTest(k, lk, 0, 0);
}

/**
 * The same for a section that looks whether a word holds a value, and changes something only if it
 * does. Searches trust this: two such sections that only looked commute, see src/explore/looking.ts.
 */
export function acquireToTest(
  k: Kernel,
  lk: Spinlock,
  word: Address,
  value: number,
): number | undefined {
  // Interrupts off first: a handler that needs the lock would wait for this CPU for ever.
  k.m.cpu.pushOff();
  if (holding(k, lk)) panic(k, 'acquire', lk.word);
  return k.m.acquire(lk.word, word, value);
}

/**
 * Lets the lock go, then undoes one level of interrupts off. A scheduling point.
 *
 * @throws KernelPanic `release` when this CPU does not hold it; `pop_off` and `pop_off -
 *   interruptible` as in xv6.
 */
export function release(k: Kernel, lk: Spinlock): number | undefined {
  if (!holding(k, lk)) panic(k, 'release', lk.word);
  const { cpu } = k.m;
  if (cpu.interruptsOn) panic(k, 'pop_off - interruptible');
  if (cpu.noff < 1) panic(k, 'pop_off');
  if (k.mutant['release-before-fence']) return k.m.do(RELEASE, lk.word, BEFORE_FENCE);
  return k.m.release(lk.word);
}

/** Whether this CPU holds the lock. Interrupts must be off for the answer to last. */
export function holding(k: Kernel, lk: Spinlock): boolean {
  return k.m.words[lk.word] === k.m.cpu.id + 1;
}

/**
 * Lets a lock go for a moment in the middle of a critical section. Mutants do that; nothing else may.
 */
export function* letGo(k: Kernel, lk: Spinlock): Code<void> {
  release(k, lk) ?? (yield);
  acquire(k, lk) ?? (yield);
}
