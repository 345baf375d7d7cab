import type { Kernel } from '../../kernel/kernel.ts';
import { walk } from '../../kernel/pagetable.ts';
import { type Proc, UNUSED } from '../../kernel/proc.ts';
import { PTE_W } from '../../machine/index.ts';
import { type Detector, type DetectorKind, found } from '../detector.ts';
import type { Watched } from '../watched.ts';
import { forKernel } from './for-kernel.ts';
import { mapsAt } from './page-tables.ts';

/** Several processes have read the frame since it was written to. */
const READERS = -1;

/**
 * A frame that is not shared on purpose is written to by one process only, and what one process may
 * write to no other reaches: by its own accesses or by the kernel's copies on its behalf. Processes
 * that copy on write may read one frame as long as none can write to it; reads the page tables for
 * that, not the kernel's counts. Assumes that the kernel marks frames of shared objects as it makes
 * them. Sees a violation when the second process gets there; never wrong about that. Costs two array
 * reads a user access, and a look at the page tables when another process than the last comes to a
 * frame.
 */
class Isolation implements Detector {
  readonly name = 'isolation';
  private readonly guest: Watched;
  private readonly k: Kernel;
  private readonly first: number;
  /** By frame: pid that alone accessed it since it was allocated or written to; 0 for none, READERS. */
  private readonly users: Int32Array;

  constructor(guest: Watched, k: Kernel) {
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

  accessed(address: number, va: number, writes: boolean): void {
    this.check(this.k.m.memory.ppnOf(address), va, writes, 'accesses');
  }

  copied(ppn: number, va: number, writes: boolean): void {
    this.check(ppn, va, writes, writes ? 'copies to' : 'copies from');
  }

  private check(ppn: number, va: number, writes: boolean, verb: string): void {
    const { k, users } = this;
    const frame = ppn - this.first;
    if (k.m.memory.isShared(ppn)) return;
    const pid = k.currentPid();
    const before = users[frame];
    if (before === pid || (before === READERS && !writes)) return;
    if (before === 0) {
      users[frame] = pid;
      return;
    }
    const other = this.otherUser(ppn, pid, writes);
    if (other === 0) {
      users[frame] = writes ? pid : READERS;
      return;
    }
    const title = `pid ${pid} reaches a private frame of pid ${other}`;
    const place = `frame 0x${ppn.toString(16)} at 0x${va.toString(16)}`;
    const detail = [`${this.guest.here()} ${verb} ${place}`];
    found(this.guest, this.name, title, detail, { frames: [ppn] });
  }

  /** Another process that maps a frame; for one who reads it, that may write to it. 0 for none. */
  private otherUser(ppn: number, pid: number, writes: boolean): number {
    const { k } = this;
    const { words, memory } = k.m;
    const top = words[k.ptable.top] as number;
    for (let i = 0; i < top; i++) {
      const p = k.ptable.procs[i] as Proc;
      const root = words[p.pagetable] as number;
      if (words[p.state] === UNUSED || root === 0 || words[p.pid] === pid) continue;
      const vpn = mapsAt(memory, root, ppn);
      if (vpn < 0) continue;
      const pte = words[walk(k, root, vpn)] as number;
      if (writes || (pte & PTE_W) !== 0) return words[p.pid] as number;
    }
    return 0;
  }
}

export const isolation: DetectorKind = {
  name: 'isolation',
  summary: 'a process can reach memory that another may write to, in a frame not shared on purpose',
  make: forKernel((guest, k) => new Isolation(guest, k)),
};
