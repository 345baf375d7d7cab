import type { Kernel } from '../../kernel/kernel.ts';
import { type Proc, UNUSED } from '../../kernel/proc.ts';
import { PTE_RWX, PTE_V, ppnOfPte } from '../../machine/index.ts';

const FREE = 1;
const USED = 2;

/**
 * Whether every frame is either free or used, not both and not neither. The cheap form of
 * `readOwnership`, for every execution; that one is for executions that fail.
 */
export function framesAddUp(k: Kernel): boolean {
  const { memory, words } = k.m;
  const { firstPpn, endPpn } = memory;
  if (marks.length < endPpn - firstPpn) marks = new Uint8Array(endPpn - firstPpn);
  else marks.fill(0, 0, endPpn - firstPpn);
  let ppn = words[k.kmem.freelist] as number;
  while (memory.isFrame(ppn) && marks[ppn - firstPpn] === 0) {
    marks[ppn - firstPpn] = FREE;
    ppn = words[memory.frame(ppn)] as number;
  }
  if (ppn !== 0) return false;
  forEachUse(k, (used) => {
    marks[used - firstPpn] = (marks[used - firstPpn] as number) | USED;
  });
  for (let i = 0; i < endPpn - firstPpn; i++) {
    if (marks[i] !== FREE && marks[i] !== USED) return false;
  }
  return true;
}

let marks = new Uint8Array(0);

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
    if (words[p.state] === UNUSED) continue;
    const trapframe = words[p.trapframe] as number;
    if (trapframe !== 0) visit(trapframe, () => `pid ${words[p.pid]}'s trapframe`);
    const pagetable = words[p.pagetable] as number;
    if (pagetable !== 0) walkTable(k, p, pagetable, 2, 0, visit);
  }
  const used = words[k.shm.top] as number;
  for (const o of k.shm.objects.slice(0, used)) {
    for (let i = 0; i < k.param.nshmpg; i++) {
      const ppn = words[o.frames + i] as number;
      if (ppn !== 0) visit(ppn, () => `shm[${o.index}] page ${i}`);
    }
  }
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
    if ((pte & PTE_V) === 0) continue;
    const page = vpn + i * 512 ** level;
    const ppn = ppnOfPte(pte);
    if ((pte & PTE_RWX) === 0 && level > 0) {
      walkTable(k, p, ppn, level - 1, page, visit);
    } else if (ppn !== words[p.trapframe] && ppn !== k.trampoline) {
      visit(ppn, () => `pid ${words[p.pid]} at 0x${(page * 4096).toString(16)}`);
    }
  }
}
