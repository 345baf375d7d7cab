import type { Kernel } from '../../kernel/kernel.ts';
import { walk } from '../../kernel/pagetable.ts';
import { PTE_R, PTE_U, PTE_V, PTE_W, ppnOfPte } from '../../machine/index.ts';
import { type Detector, type DetectorKind, found } from '../detector.ts';
import type { Watched } from '../watched.ts';
import { forKernel } from './for-kernel.ts';

/** Places of entries that are remembered, by virtual page. */
const PLACES = 64;

/**
 * Every user access went where the page table says now. A CPU that remembers a translation whose
 * page is gone, or whose rights were cut, would go elsewhere. Where another process takes the page
 * away, it may be used until that says that it is done. Never wrong. Costs a look at the
 * entry per user access, and a walk of the page table where the place of the entry is not known.
 *
 * Assumes that a page-table page that was freed and used again does not hold the very entry that it
 * held before, in the same place: only then is a stale translation not seen.
 */
class StaleTlb implements Detector {
  readonly name = 'stale-tlb';
  private readonly guest: Watched;
  private readonly k: Kernel;
  /** By low bits of the virtual page: which page of which table, and where its entry lies. */
  private readonly pages = new Int32Array(PLACES);
  private readonly roots = new Int32Array(PLACES);
  private readonly entries = new Int32Array(PLACES);

  /** Identifier of a process that another takes pages from at the moment; 0 for none. */
  private revoked = 0;

  constructor(guest: Watched, k: Kernel) {
    this.guest = guest;
    this.k = k;
  }

  begin(): void {
    this.roots.fill(0);
    this.revoked = 0;
  }

  revoking(asid: number): void {
    this.revoked = asid;
  }

  accessed(address: number, va: number, writes: boolean): void {
    const { k } = this;
    const { memory, words, cpu } = k.m;
    const vpn = va >>> 12;
    const place = vpn & (PLACES - 1);
    const ppn = memory.ppnOf(address);
    const rights = PTE_V | PTE_U | (writes ? PTE_W : PTE_R);
    if (this.pages[place] === vpn && this.roots[place] === cpu.root) {
      const pte = words[this.entries[place] as number] as number;
      if ((pte & rights) === rights && ppnOfPte(pte) === ppn) return;
    }
    const at = walk(k, cpu.root, vpn);
    const pte = at === 0 ? 0 : (words[at] as number);
    this.pages[place] = vpn;
    this.roots[place] = cpu.root;
    this.entries[place] = at;
    if ((pte & rights) === rights && ppnOfPte(pte) === ppn) return;
    if (cpu.asid !== this.revoked) this.report(pte, ppn, va, writes);
  }

  private report(pte: number, ppn: number, va: number, writes: boolean): never {
    const page = `0x${(va & ~4095).toString(16)}`;
    const what = (pte & PTE_V) === 0 ? 'is not mapped any more' : 'is mapped otherwise';
    const verb = writes ? 'writes' : 'reads';
    const detail = [
      `${this.guest.here()} ${verb} 0x${va.toString(16)}, which ${what}`,
      `its TLB still has frame 0x${ppn.toString(16)} there: a flush is missing`,
    ];
    found(this.guest, this.name, `stale translation of ${page} used`, detail, { frames: [ppn] });
  }
}

export const staleTlb: DetectorKind = {
  name: 'stale-tlb',
  summary: 'a translation is used after its page was unmapped or its rights cut',
  make: forKernel((guest, k) => new StaleTlb(guest, k)),
};
