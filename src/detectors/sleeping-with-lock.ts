import type { Kernel } from '../../kernel/kernel.ts';
import { myproc } from '../../kernel/proc.ts';
import type { Thread } from '../../machine/index.ts';
import { type Detector, type DetectorKind, found, here } from './detector.ts';
import { HeldLocks } from './held-locks.ts';

/**
 * A process gives up its CPU holding only its own p->lock. Any other spinlock that stays held would
 * make whoever runs next spin on this CPU for ever. Exact. Costs a list operation an acquire.
 */
class SleepingWithLock implements Detector {
  readonly name = 'sleeping-with-lock';
  private readonly k: Kernel;
  private readonly held: HeldLocks;

  constructor(k: Kernel) {
    this.k = k;
    this.held = new HeldLocks(k.m.cpus.length);
  }

  begin(): void {
    this.held.clear();
  }

  acquired(lock: number): void {
    this.held.take(this.k.m.cpu.id, lock);
  }

  released(lock: number): void {
    this.held.drop(this.k.m.cpu.id, lock);
  }

  switching(_from: Thread, _to: Thread): void {
    const p = myproc(this.k);
    if (p === undefined) return;
    const { layout, cpu } = this.k.m;
    const others = this.held.of(cpu.id).filter((lock) => lock !== p.lock.word);
    if (others.length === 0) return;
    const names = others.map((lock) => layout.nameOf(lock)).join(', ');
    found(this.k, this.name, `gives up the CPU with ${names} held`, [
      `${here(this.k)} switches away; the next to need ${names} here spins for ever`,
    ]);
  }
}

export const sleepingWithLock: DetectorKind = {
  name: 'sleeping-with-lock',
  summary: 'a process sleeps or yields with a spinlock held',
  make: (k) => new SleepingWithLock(k),
};
