import type { Kernel } from '../../kernel/kernel.ts';
import { myproc } from '../../kernel/proc.ts';
import { type Detector, type DetectorKind, forKernel, found } from './detector.ts';
import type { Guest } from './guest.ts';

/**
 * A process gives up its CPU holding only its own p->lock. Any other spinlock that stays held would
 * make whoever runs next spin on this CPU for ever. Exact: xv6's `sched` demands the same. Costs a
 * look at the list of held locks a context switch.
 */
class SleepingWithLock implements Detector {
  readonly name = 'sleeping-with-lock';
  private readonly guest: Guest;
  private readonly k: Kernel;

  constructor(guest: Guest, k: Kernel) {
    this.guest = guest;
    this.k = k;
  }

  switching(): void {
    const p = myproc(this.k);
    if (p === undefined) return;
    const held = this.guest.held.of(this.k.m.cpu.id);
    if (held.length === 0 || (held.length === 1 && held[0] === p.lock.word)) return;
    const others = held.filter((lock) => lock !== p.lock.word);
    if (others.length === 0) return;
    const names = others.map((lock) => this.guest.nameOf(lock)).join(', ');
    const detail = [
      `${this.guest.here()} switches away; the next to need ${names} here spins for ever`,
    ];
    found(this.guest, this.name, `gives up the CPU with ${names} held`, detail, { locks: others });
  }
}

export const sleepingWithLock: DetectorKind = {
  name: 'sleeping-with-lock',
  summary: 'a process sleeps or yields with a spinlock held',
  make: forKernel((guest, k) => new SleepingWithLock(guest, k)),
};
