import type { Kernel } from '../../kernel/kernel.ts';
import { UNUSED } from '../../kernel/proc.ts';
import { type Detector, type DetectorKind, found } from '../detector.ts';
import type { Watched } from '../watched.ts';
import { forKernel } from './for-kernel.ts';
import { mapsAt } from './page-tables.ts';

/**
 * Nothing points at what is destroyed: when a frame is freed that had more than one owner, no page
 * table maps it for a user any more. Reads the page tables, not the kernel's counts. Never wrong:
 * whatever a page table maps, a CPU may reach. Costs a look at every page table each time such a
 * frame is freed, which is once in its life.
 */
class Dangling implements Detector {
  readonly name = 'dangling';
  private readonly guest: Watched;
  private readonly k: Kernel;
  private readonly first: number;
  /** By frame: 1 if it had two owners at once since it was allocated. */
  private readonly several: Uint8Array;

  constructor(guest: Watched, k: Kernel) {
    this.guest = guest;
    this.k = k;
    this.first = k.m.memory.firstPpn;
    this.several = new Uint8Array(k.m.memory.endPpn - this.first);
  }

  begin(): void {
    this.several.fill(0);
  }

  allocated(ppn: number): void {
    this.several[ppn - this.first] = 0;
  }

  counted(ppn: number): void {
    this.several[ppn - this.first] = 1;
  }

  freed(ppn: number): void {
    if (this.several[ppn - this.first] === 0) return;
    const { k } = this;
    const { words } = k.m;
    const top = words[k.ptable.top] as number;
    for (let i = 0; i < top; i++) {
      const p = k.ptable.procs[i];
      if (p === undefined || words[p.state] === UNUSED || words[p.pagetable] === 0) continue;
      const vpn = mapsAt(k.m.memory, words[p.pagetable] as number, ppn);
      if (vpn < 0) continue;
      const address = `0x${(vpn * 4096).toString(16)}`;
      const title = `frame freed while pid ${words[p.pid]} maps it at ${address}`;
      const detail = [`${this.guest.here()} frees frame 0x${ppn.toString(16)}, which was shared`];
      found(this.guest, this.name, title, detail, { frames: [ppn] });
    }
  }
}

export const dangling: DetectorKind = {
  name: 'dangling',
  summary: 'a frame that was shared is freed while a process still maps it',
  make: forKernel((guest, k) => new Dangling(guest, k)),
};
