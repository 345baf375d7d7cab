import type { Kernel } from '../../kernel/kernel.ts';
import { myproc } from '../../kernel/myproc.ts';
import type { Proc } from '../../kernel/proc.ts';
import { findVma, kindOf, permOf, VMA_ANON, VMA_OBJECT, VMA_SYSV } from '../../kernel/vma.ts';
import {
  PGSIZE,
  PTE_R,
  PTE_U,
  PTE_V,
  PTE_W,
  PTE_X,
  ppnOfPte,
  pteAddress,
  pteIndex,
} from '../../machine/index.ts';
import { type Detector, type DetectorKind, found } from '../detector.ts';
import type { Watched } from '../watched.ts';
import { forKernel } from './for-kernel.ts';

/** Frames that a page fault may need: two tables, a list of an object's frames, and the page. */
const FAULT_FRAMES = 4;

/**
 * The kernel touches for a process what the process may touch itself, no less and no more: it copies
 * only to and from pages that the page table gives the user with the right at that moment, and calls
 * an address bad only if the process has no such page and no fault would bring one.
 *
 * Walks the page table itself, so it does not depend on the kernel's own look. False positives: none
 * known. Blind where a page may have gone meanwhile for a good reason: pages of files and of POSIX
 * memory, which others cut, and where memory is nearly out or made to fail. Costs a walk for each
 * page copied, and one for each refusal.
 */
class UserCopies implements Detector {
  readonly name = 'user-copies';
  private readonly guest: Watched;
  private readonly k: Kernel;

  constructor(guest: Watched, k: Kernel) {
    this.guest = guest;
    this.k = k;
  }

  copied(ppn: number, va: number, writes: boolean, pagetable: number): void {
    const pte = this.entry(pagetable, va);
    if (this.allows(pte, writes) && ppnOfPte(pte) === ppn) return;
    const verb = writes ? 'writes to' : 'reads from';
    const why =
      (pte & PTE_V) === 0
        ? 'which is not mapped'
        : (pte & PTE_U) === 0
          ? 'which is no user page'
          : this.allows(pte, writes)
            ? 'but touches another frame than is mapped there'
            : `which the process may not ${writes ? 'write' : 'read'}`;
    this.report(`the kernel ${verb} page ${this.page(va)}, ${why}`, []);
  }

  refused(va: number, writes: boolean, pagetable: number): void {
    const { k } = this;
    const p = myproc(k);
    if (p === undefined || k.m.words[p.pagetable] !== pagetable) return;
    if (va < 0 || va > 0x7fff_ffff) return;
    const pte = this.entry(pagetable, va);
    if ((pte & PTE_V) !== 0) {
      if (this.allows(pte, writes)) this.wrong(va, writes, 'is mapped with the right to do so');
      return;
    }
    const brings = this.comes(p, va, writes);
    if (brings === undefined || k.param.kallocFailsAt > 0) return;
    if (k.freeFrames().size >= FAULT_FRAMES) this.wrong(va, writes, brings);
  }

  /** Why a page fault would bring a page that is not mapped yet; undefined where it would not, or may not. */
  private comes(p: Proc, va: number, writes: boolean): string | undefined {
    const { k } = this;
    if (va < Math.ceil((k.m.words[p.sz] as number) / PGSIZE) * PGSIZE) {
      return 'is heap that comes at the first touch';
    }
    const v = findVma(k, p, va >>> 12);
    if (v === undefined || (permOf(k, v) & (writes ? PTE_W : PTE_R)) === 0) return undefined;
    const kind = kindOf(k, v);
    const lasts = kind === VMA_ANON || kind === VMA_OBJECT || kind === VMA_SYSV;
    return lasts ? 'is mapped memory that comes at the first touch' : undefined;
  }

  private wrong(va: number, writes: boolean, why: string): never {
    const verb = writes ? 'write to' : 'read from';
    return this.report(`a wrong "bad address": the kernel refuses to ${verb} ${this.page(va)}`, [
      `page ${this.page(va)} ${why}`,
    ]);
  }

  private report(title: string, detail: readonly string[]): never {
    const { guest, k } = this;
    return found(guest, this.name, title, [...detail, `in ${guest.here()}`], {
      pids: [k.currentPid()],
    });
  }

  private page(va: number): string {
    return `0x${(va - (va % PGSIZE)).toString(16)}`;
  }

  private allows(pte: number, writes: boolean): boolean {
    const wanted = PTE_V | PTE_U | (writes ? PTE_W : PTE_R);
    return (pte & wanted) === wanted;
  }

  /** The last-level entry for an address; 0 where there is none. */
  private entry(pagetable: number, va: number): number {
    const { memory, words } = this.k.m;
    let table = pagetable;
    for (let level = 2; ; level--) {
      if (va < 0 || !memory.isFrame(table)) return 0;
      const pte = words[pteAddress(memory, table, pteIndex(level, va >>> 12))] as number;
      if (level === 0) return pte;
      if ((pte & PTE_V) === 0 || (pte & (PTE_R | PTE_W | PTE_X)) !== 0) return 0;
      table = ppnOfPte(pte);
    }
  }
}

export const userCopies: DetectorKind = {
  name: 'user-copies',
  summary: 'the kernel copies against the rights of a page, or refuses a good address',
  make: forKernel((guest, k) => new UserCopies(guest, k)),
};
