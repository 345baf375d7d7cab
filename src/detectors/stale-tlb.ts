import type { Kernel } from '../../kernel/kernel.ts';
import { walk } from '../../kernel/vm.ts';
import { PTE_R, PTE_U, PTE_V, PTE_W, ppnOfPte } from '../../machine/index.ts';
import { type Detector, type DetectorKind, found, here } from './detector.ts';

/**
 * Every user access went where the page table says now. A CPU that remembers a translation whose
 * page is gone, or whose rights were cut, would go elsewhere. Exact. Costs a walk of the page table
 * per user access.
 */
class StaleTlb implements Detector {
  readonly name = 'stale-tlb';
  private readonly k: Kernel;

  constructor(k: Kernel) {
    this.k = k;
  }

  accessed(address: number, va: number, writes: boolean): void {
    const { k } = this;
    const { memory, words, cpu } = k.m;
    const at = walk(k, cpu.root, va >>> 12);
    const pte = at === 0 ? 0 : (words[at] as number);
    const rights = PTE_V | PTE_U | (writes ? PTE_W : PTE_R);
    if ((pte & rights) === rights && ppnOfPte(pte) === memory.ppnOf(address)) return;
    const page = `0x${(va & ~4095).toString(16)}`;
    const what = (pte & PTE_V) === 0 ? 'is not mapped any more' : 'is mapped otherwise';
    found(k, this.name, `stale translation of ${page} used`, [
      `${here(k)} ${writes ? 'writes' : 'reads'} 0x${va.toString(16)}, which ${what}`,
      `its TLB still has frame 0x${memory.ppnOf(address).toString(16)} there: a flush is missing`,
    ]);
  }
}

export const staleTlb: DetectorKind = {
  name: 'stale-tlb',
  summary: 'a translation is used after its page was unmapped or its rights cut',
  make: (k) => new StaleTlb(k),
};
