import type { Kernel } from '../../kernel/kernel.ts';
import { type Detector, type DetectorKind, found, here } from './detector.ts';

/**
 * A frame that is not shared on purpose is reached by one process only, from its allocation on.
 * Assumes that the kernel marks shared frames as it maps them. Sees a violation when the second
 * process gets there. Costs two array reads a user access.
 */
class Isolation implements Detector {
  readonly name = 'isolation';
  private readonly k: Kernel;
  private readonly first: number;
  /** By frame: pid that accessed it since it was allocated; 0 for none. */
  private readonly users: Int32Array;

  constructor(k: Kernel) {
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
    const { k } = this;
    const ppn = k.m.memory.ppnOf(address);
    if (k.m.memory.isShared(ppn)) return;
    const pid = k.currentPid();
    const before = this.users[ppn - this.first];
    if (before === 0) this.users[ppn - this.first] = pid;
    else if (before !== pid) {
      found(k, this.name, `pid ${pid} reaches a private frame of pid ${before}`, [
        `${here(k)} accesses frame 0x${ppn.toString(16)} at 0x${va.toString(16)}`,
      ]);
    }
  }
}

export const isolation: DetectorKind = {
  name: 'isolation',
  summary: 'two processes reach a frame that is not shared on purpose',
  make: (k) => new Isolation(k),
};
