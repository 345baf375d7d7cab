/**
 * Sleeping locks: long-term locks for processes (xv6 sleeplock.c).
 *
 * Who waits gives up its CPU. May be held across operations that sleep; may not be taken with a
 * spinlock held.
 */
import type { Address, Code, Layout } from '../machine/index.ts';
import type { Kernel } from './kernel.ts';
import { sleep, wakeup } from './sched.ts';
import { acquire, letGo, release, Spinlock } from './spinlock.ts';

export class Sleeplock {
  /** Protects the fields below. */
  readonly lk: Spinlock;
  /** lk: whether the lock is held. */
  readonly locked: Address;
  /** lk: the process that holds it. */
  readonly pid: Address;

  constructor(layout: Layout, name: string) {
    this.lk = new Spinlock(layout, `${name}.lock`);
    this.locked = layout.word(`${name}.locked`, this.lk.word);
    this.pid = layout.word(`${name}.pid`, this.lk.word);
    layout.sleeplocks.set(this.pid, this.lk.word);
  }

  /** What waiters sleep on. */
  get channel(): Address {
    return this.lk.word;
  }
}

/** Takes the lock. Sleeps while another process holds it. */
export function* acquiresleep(k: Kernel, lock: Sleeplock): Code<void> {
  const { m } = k;
  acquire(k, lock.lk) ?? (yield);
  while ((m.load(lock.locked) ?? (yield)) !== 0) yield* sleep(k, lock.channel, lock.lk);
  if (k.mutant['acquiresleep-apart']) yield* letGo(k, lock.lk);
  m.store(lock.locked, 1) ?? (yield);
  m.store(lock.pid, k.currentPid()) ?? (yield);
  release(k, lock.lk) ?? (yield);
}

/** Lets the lock go and wakes who waits for it. The caller holds it. */
export function* releasesleep(k: Kernel, lock: Sleeplock): Code<void> {
  const { m, mutant } = k;
  if (mutant['releasesleep-wakes-first']) yield* wakeup(k, lock.channel);
  acquire(k, lock.lk) ?? (yield);
  m.store(lock.locked, 0) ?? (yield);
  m.store(lock.pid, 0) ?? (yield);
  const woken = mutant['releasesleep-forgets-wakeup'] || mutant['releasesleep-wakes-first'];
  if (!woken) yield* wakeup(k, lock.channel);
  release(k, lock.lk) ?? (yield);
}
