import type { Kernel } from '../../kernel/kernel.ts';
import { myproc } from '../../kernel/myproc.ts';
import { type Detector, type DetectorKind, found } from '../detector.ts';
import type { Watched } from '../watched.ts';
import { forKernel } from './for-kernel.ts';

/**
 * A process gives up its CPU holding only its own p->lock, sleeps holding only the lock of its
 * condition, and returns from a system call holding none, nor a sleeplock. Any other spinlock that stays held would
 * make whoever runs next spin on this CPU for ever. Never wrong: xv6's `sched` demands the same.
 * Costs a look at the list of held locks for each of the three, and at all sleeplocks for the last.
 */
class SleepingWithLock implements Detector {
  readonly name = 'sleeping-with-lock';
  private readonly guest: Watched;
  private readonly k: Kernel;
  /** Words that hold the pid of who has a sleeplock. */
  private readonly sleeplocks: readonly number[];

  constructor(guest: Watched, k: Kernel) {
    this.guest = guest;
    this.k = k;
    this.sleeplocks = [...k.m.layout.sleeplocks.keys()];
  }

  switching(): void {
    const p = myproc(this.k);
    if (p !== undefined) this.check(p.lock.word, 'gives up the CPU', 'switches away');
  }

  sleeping(chan: number, lock: number): void {
    if (chan !== 0) this.check(lock, 'sleeps', 'goes to sleep');
  }

  exited(pid: number, call: string): void {
    this.check(0, `returns from ${call}`, 'returns to user space');
    const { words } = this.k.m;
    for (const word of this.sleeplocks) {
      if (words[word] !== pid) continue;
      const lock = this.guest.nameOf(this.k.m.layout.sleeplocks.get(word) as number);
      const detail = [
        `${this.guest.here()} returns to user space; whoever takes ${lock} waits for ever`,
      ];
      found(this.guest, this.name, `returns from ${call} with ${lock} held`, detail, {
        words: [word],
      });
    }
  }

  /** Whether this CPU holds nothing but what it may. */
  private check(allowed: number, title: string, verb: string): void {
    const held = this.guest.held.of(this.k.m.cpu.id);
    if (held.length === 0 || (held.length === 1 && held[0] === allowed)) return;
    const others = held.filter((lock) => lock !== allowed);
    if (others.length === 0) return;
    const names = others.map((lock) => this.guest.nameOf(lock)).join(', ');
    const detail = [`${this.guest.here()} ${verb}; the next to need ${names} here spins for ever`];
    found(this.guest, this.name, `${title} with ${names} held`, detail, { locks: others });
  }
}

export const sleepingWithLock: DetectorKind = {
  name: 'sleeping-with-lock',
  summary: 'a process sleeps, yields or returns to its program with a lock held',
  make: forKernel((guest, k) => new SleepingWithLock(guest, k)),
};
