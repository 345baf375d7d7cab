import type { Kernel } from '../../kernel/kernel.ts';
import { SHMVPN } from '../../kernel/memlayout.ts';
import { UNUSED } from '../../kernel/proc.ts';
import { walk } from '../../kernel/vm.ts';
import { PTE_V } from '../../machine/index.ts';
import { type Detector, type DetectorKind, forKernel, found } from './detector.ts';
import type { Guest } from './guest.ts';

/**
 * Nothing points at what is destroyed: when a shared frame is freed, no page table maps it any
 * more. Exact for mappings in the shared-memory window: it assumes that nothing maps shared frames
 * elsewhere. Never wrong: whatever the page table maps, a CPU may reach. Costs a look at every
 * process's window each time a shared frame is freed, which is once in its life.
 */
class Dangling implements Detector {
  readonly name = 'dangling';
  private readonly guest: Guest;
  private readonly k: Kernel;

  constructor(guest: Guest, k: Kernel) {
    this.guest = guest;
    this.k = k;
  }

  freed(ppn: number): void {
    const { k } = this;
    const { m } = k;
    if (!m.memory.isShared(ppn)) return;
    const top = m.words[k.ptable.top] as number;
    for (let i = 0; i < top; i++) {
      const p = k.ptable.procs[i];
      if (p === undefined || m.words[p.state] === UNUSED) continue;
      const vpn = this.mapsAt(m.words[p.pagetable] as number, ppn);
      if (vpn === 0) continue;
      const address = `0x${(vpn * 4096).toString(16)}`;
      const title = `frame freed while pid ${m.words[p.pid]} maps it at ${address}`;
      const detail = [`${this.guest.here()} frees frame 0x${ppn.toString(16)} of shared memory`];
      found(this.guest, this.name, title, detail, { frames: [ppn] });
    }
  }

  /** Where in the window a page table maps the frame, or 0. */
  private mapsAt(pagetable: number, ppn: number): number {
    const { k } = this;
    if (pagetable === 0) return 0;
    for (let vpn = SHMVPN; ; vpn += 512) {
      const first = walk(k, pagetable, vpn);
      if (first === 0) return 0;
      for (let i = 0; i < 512; i++) {
        const pte = k.m.words[first + 2 * i] as number;
        if (pte >>> 10 === ppn && (pte & PTE_V) !== 0) return vpn + i;
      }
    }
  }
}

export const dangling: DetectorKind = {
  name: 'dangling',
  summary: 'a shared frame is freed while a process still maps it',
  make: forKernel((guest, k) => new Dangling(guest, k)),
};
