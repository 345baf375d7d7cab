import type { Kernel } from '../../kernel/kernel.ts';
import { type Proc, UNUSED } from '../../kernel/proc.ts';
import { PTE_RWX, ppnOfPte } from '../../machine/index.ts';

/**
 * Whether every frame is either free or in use by init, which alone is left at the end. The cheap
 * form of `readOwnership`, for every execution; that one is for executions that fail.
 *
 * Made from the state that executions begin with. Assumes that init's memory stays as it was; if it
 * does not, the answer is no, and the other form decides.
 */
export class FrameCount {
  private readonly k: Kernel;
  /** By frame: 1 for init's. */
  private readonly kept: Uint8Array;
  private free: number;

  constructor(k: Kernel) {
    this.k = k;
    const { firstPpn, endPpn } = k.m.memory;
    this.kept = new Uint8Array(endPpn - firstPpn);
    this.free = endPpn - firstPpn;
    visitProcess(k, k.ptable.procs[0] as Proc, (ppn) => {
      if (this.kept[ppn - firstPpn] === 0) this.free--;
      this.kept[ppn - firstPpn] = 1;
    });
  }

  addsUp(): boolean {
    const { memory, words } = this.k.m;
    const { firstPpn } = memory;
    let count = 0;
    let ppn = words[this.k.kmem.freelist] as number;
    while (memory.isFrame(ppn) && count <= this.free) {
      if (this.kept[ppn - firstPpn] !== 0) return false;
      count++;
      ppn = words[memory.frame(ppn)] as number;
    }
    // A list with a cycle is too long; one without has no frame twice.
    return ppn === 0 && count === this.free;
  }
}

/**
 * Who owns each frame, read from the machine alone: the free list, page tables, trapframes and
 * objects, never the kernel's counters.
 */
export interface Ownership {
  /** By physical page number, everyone who can reach the frame. */
  readonly owners: ReadonlyMap<number, readonly string[]>;
  readonly free: ReadonlySet<number>;
}

export function readOwnership(k: Kernel): Ownership {
  const owners = new Map<number, string[]>();
  forEachUse(k, (ppn, owner) => {
    const list = owners.get(ppn);
    if (list === undefined) owners.set(ppn, [owner()]);
    else list.push(owner());
  });
  return { owners, free: k.freeFrames() };
}

/** Told of a frame and, if it asks, whose it is. */
type Visit = (ppn: number, owner: () => string) => void;

function forEachUse(k: Kernel, visit: Visit): void {
  const { words } = k.m;
  const top = words[k.ptable.top] as number;
  for (const p of k.ptable.procs.slice(0, top)) {
    if (words[p.state] !== UNUSED) visitProcess(k, p, visit);
  }
  for (const pi of k.pipes) {
    const ppn = words[pi.data] as number;
    if (ppn !== 0) visit(ppn, () => `pipe[${pi.index}]`);
  }
  for (const o of k.otable.objects) {
    const list = words[o.list] as number;
    if (list === 0) continue;
    visit(list, () => `list of object[${o.index}]`);
    for (let i = 0; i < (words[o.pages] as number); i++) {
      const ppn = words[k.m.memory.frame(list) + i] as number;
      if (ppn !== 0) visit(ppn, () => `object[${o.index}] page ${i}`);
    }
  }
  const used = words[k.shm.top] as number;
  for (const o of k.shm.objects.slice(0, used)) {
    // What a destroyed object still lists, nobody will ever free.
    if (words[o.refs] === 0) continue;
    for (let i = 0; i < k.param.nshmpg; i++) {
      const ppn = words[o.frames + i] as number;
      if (ppn !== 0) visit(ppn, () => `shm[${o.index}] page ${i}`);
    }
  }
}

function visitProcess(k: Kernel, p: Proc, visit: Visit): void {
  const { words } = k.m;
  const trapframe = words[p.trapframe] as number;
  if (trapframe !== 0) visit(trapframe, () => `pid ${words[p.pid]}'s trapframe`);
  const pagetable = words[p.pagetable] as number;
  if (pagetable !== 0) walkTable(k, p, pagetable, 2, 0, visit);
}

function walkTable(
  k: Kernel,
  p: Proc,
  table: number,
  level: number,
  vpn: number,
  visit: Visit,
): void {
  const { memory, words } = k.m;
  visit(table, () => `pid ${words[p.pid]}'s page table`);
  if (!memory.isFrame(table)) return;
  const first = memory.frame(table);
  for (let i = 0; i < 512; i++) {
    const pte = words[first + 2 * i] as number;
    // An invalid entry can still own a frame, of a page that its object has lost.
    if (pte === 0) continue;
    const page = vpn + i * 512 ** level;
    const ppn = ppnOfPte(pte);
    if ((pte & PTE_RWX) === 0 && level > 0) {
      walkTable(k, p, ppn, level - 1, page, visit);
    } else if (ppn !== words[p.trapframe] && ppn !== k.trampoline) {
      visit(ppn, () => `pid ${words[p.pid]} at 0x${(page * 4096).toString(16)}`);
    }
  }
}
