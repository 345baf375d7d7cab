import type { Kernel } from '../../kernel/kernel.ts';
import { type Detector, type DetectorKind, forKernel, found } from './detector.ts';
import type { Guest } from './guest.ts';

/**
 * A frame that is not shared on purpose is reached by one process only, from its allocation on: by
 * its own accesses or by the kernel's copies on its behalf. Assumes that the kernel marks shared
 * frames as it maps them, and that a process fills a child's frames only in fork, before the child
 * runs. Sees a violation when the second process gets there; never wrong about that. Costs two
 * array reads a user access.
 */
class Isolation implements Detector {
  readonly name = 'isolation';
  private readonly guest: Guest;
  private readonly k: Kernel;
  private readonly first: number;
  /** By frame: pid that accessed it since it was allocated; 0 for none. */
  private readonly users: Int32Array;

  constructor(guest: Guest, k: Kernel) {
    this.guest = guest;
    this.k = k;
    this.first = k.m.memory.firstPpn;
    this.users = new Int32Array(k.m.memory.endPpn - this.first);
  }

  begin(): void {
    this.users.fill(0);
  }

  allocated(ppn: number): void {
    this.users[ppn - this.first] = 0;
  }

  accessed(address: number, va: number): void {
    this.check(this.k.m.memory.ppnOf(address), va, 'accesses');
  }

  copied(ppn: number, va: number, writes: boolean): void {
    this.check(ppn, va, writes ? 'copies to' : 'copies from');
  }

  private check(ppn: number, va: number, verb: string): void {
    const { k } = this;
    const frame = ppn - this.first;
    if (k.m.memory.isShared(ppn)) return;
    const pid = k.currentPid();
    const before = this.users[frame];
    if (before === pid) return;
    if (before === 0) {
      this.users[frame] = pid;
      return;
    }
    const title = `pid ${pid} reaches a private frame of pid ${before}`;
    const place = `frame 0x${ppn.toString(16)} at 0x${va.toString(16)}`;
    const detail = [`${this.guest.here()} ${verb} ${place}`];
    found(this.guest, this.name, title, detail, { frames: [ppn] });
  }
}

export const isolation: DetectorKind = {
  name: 'isolation',
  summary: 'two processes reach a frame that is not shared on purpose',
  make: forKernel((guest, k) => new Isolation(guest, k)),
};
