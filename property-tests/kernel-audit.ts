import { refsOf } from '../kernel/kalloc.ts';
import type { Kernel } from '../kernel/kernel.ts';
import { SHMENDVPN, SHMVPN, TRAMPOLINE, TRAPFRAME } from '../kernel/memlayout.ts';
import { type Proc, UNUSED } from '../kernel/proc.ts';
import { shmObject } from '../kernel/shm-descriptors.ts';
import { PTE_RWX, ppnOfPte, pteAddress } from '../machine/index.ts';
import { auditFiles } from './file-audit.ts';

/** A plain account of what every frame is for, kept apart from the kernel's own book-keeping. */

/** One leaf of a page table. */
interface Leaf {
  readonly vpn: number;
  readonly ppn: number;
}

/** The leaves of a page table; its own pages go to `tables`. */
function leavesOf(k: Kernel, root: number, tables: number[]): Leaf[] {
  const leaves: Leaf[] = [];
  const visit = (table: number, level: number, prefix: number): void => {
    tables.push(table);
    for (let i = 0; i < 512; i++) {
      const pte = k.m.words[pteAddress(k.m.memory, table, i)] as number;
      // An invalid entry can still own a frame, of a page that its object has lost.
      if (pte === 0) continue;
      const vpn = prefix * 512 + i;
      if ((pte & PTE_RWX) === 0) visit(ppnOfPte(pte), level - 1, vpn);
      else leaves.push({ vpn, ppn: ppnOfPte(pte) });
    }
  };
  visit(root, 2, 0);
  return leaves;
}

/** References that exist to each object, counted at the descriptors. */
function holders(k: Kernel): number[] {
  const counts = k.shm.objects.map(() => 0);
  for (const p of k.ptable.procs) {
    for (let od = 0; od < p.shm.count; od++) {
      const o = shmObject(k, p, od);
      if (o !== undefined) counts[o.index] = (counts[o.index] as number) + 1;
    }
  }
  return counts;
}

/** What is wrong with the objects. May be asked whenever shm.lock is free. */
export function auditObjects(k: Kernel): string[] {
  const { words } = k.m;
  const wrong: string[] = [];
  const names = new Set<string>();
  const live = holders(k);
  for (const o of k.shm.objects) {
    const refs = words[o.refs] as number;
    const pages = words[o.pages] as number;
    const frames = [...words.subarray(o.frames, o.frames + k.param.nshmpg)];
    const name = String(words.subarray(o.name, o.name + 4));
    if (refs !== live[o.index])
      wrong.push(`shm[${o.index}]: refs=${refs}, holders=${live[o.index]}`);
    if (refs === 0) {
      const clean = pages === 0 && name === '0,0,0,0' && frames.every((ppn) => ppn === 0);
      if (!clean) wrong.push(`shm[${o.index}]: free, but not empty`);
      continue;
    }
    if (names.has(name)) wrong.push(`shm[${o.index}]: two objects of one name`);
    names.add(name);
    if (frames.some((ppn, i) => ppn !== 0 && i >= pages)) {
      wrong.push(`shm[${o.index}]: frames past its size`);
    }
  }
  return wrong;
}

/** Adds the frames of one process to the account; answers what is wrong with its address space. */
function auditProcess(k: Kernel, p: Proc, claim: (ppn: number, use: string) => void): string[] {
  const { words } = k.m;
  const who = `proc[${p.index}]`;
  const root = words[p.pagetable] as number;
  if (words[p.state] === UNUSED || root === 0) {
    return root === 0 && words[p.trapframe] === 0 ? [] : [`${who}: unused, but has memory`];
  }
  const tables: number[] = [];
  const leaves = leavesOf(k, root, tables);
  for (const table of tables) claim(table, `page table of ${who}`);
  claim(words[p.trapframe] as number, `trapframe of ${who}`);
  const window = new Map<number, number>();
  for (const { vpn, ppn } of leaves) {
    if (vpn === TRAMPOLINE || vpn === TRAPFRAME) continue;
    if (vpn >= SHMVPN && vpn < SHMENDVPN) window.set(vpn, ppn);
    claim(ppn, `page ${vpn} of ${who}`);
  }
  const wrong: string[] = [];
  const size = Math.ceil((words[p.sz] as number) / 4096);
  for (const { vpn } of leaves) {
    const mapped = p.vmas.some((v) => {
      const start = words[v.start] as number;
      return vpn >= start && vpn < start + (words[v.pages] as number);
    });
    if (vpn >= size && vpn < SHMVPN && !mapped)
      wrong.push(`${who}: page ${vpn} is beyond its heap`);
  }
  for (let od = 0; od < p.shm.count; od++) {
    const o = shmObject(k, p, od);
    const vpn = words[p.shm.vpn(od)] as number;
    for (let i = 0; vpn !== 0 && i < (words[p.shm.pages(od)] as number); i++) {
      const expected = o === undefined ? 0 : words[o.frames + i];
      if (window.get(vpn + i) !== expected)
        wrong.push(`${who}: od ${od} page ${i} maps no frame of it`);
      window.delete(vpn + i);
    }
  }
  if (window.size > 0)
    wrong.push(`${who}: ${window.size} pages in the window without a descriptor`);
  return wrong;
}

/**
 * What is wrong with the whole of memory: a frame that does not count its owners, that is free and
 * owned, or neither. May be asked when no system call is under way, such as after init has halted.
 */
export function auditMemory(k: Kernel): string[] {
  const wrong: string[] = [];
  const uses = new Map<number, string[]>();
  const claim = (ppn: number, use: string): void => {
    const others = uses.get(ppn);
    if (others === undefined) uses.set(ppn, [use]);
    else others.push(use);
  };
  const free = k.freeFrames();
  for (const o of k.shm.objects) {
    for (let i = 0; i < k.param.nshmpg; i++) {
      const ppn = k.m.words[o.frames + i] as number;
      if (ppn !== 0) claim(ppn, `shm[${o.index}]`);
    }
  }
  for (const pi of k.pipes) {
    const ppn = k.m.words[pi.data] as number;
    if (ppn !== 0) claim(ppn, `pipe[${pi.index}]`);
  }
  for (const o of k.otable.objects) {
    const list = k.m.words[o.list] as number;
    if (list === 0) continue;
    claim(list, `list of object[${o.index}]`);
    for (let i = 0; i < (k.m.words[o.pages] as number); i++) {
      const ppn = k.m.words[k.m.memory.frame(list) + i] as number;
      if (ppn !== 0) claim(ppn, `object[${o.index}]`);
    }
  }
  for (const p of k.ptable.procs) wrong.push(...auditProcess(k, p, claim));
  const { firstPpn, endPpn } = k.m.memory;
  for (let ppn = firstPpn; ppn < endPpn; ppn++) {
    const owners = uses.get(ppn) ?? [];
    const refs = k.m.words[refsOf(k, ppn)];
    if (free.has(ppn) && owners.length > 0) wrong.push(`frame ${ppn}: free and ${owners}`);
    if (!free.has(ppn) && owners.length === 0) wrong.push(`frame ${ppn}: leaked`);
    if (refs !== owners.length) wrong.push(`frame ${ppn}: refs=${refs}, owners: ${owners}`);
  }
  return wrong;
}

/** Whether a segment or POSIX object that nobody has removed keeps an object. */
function isKept(k: Kernel, object: number): boolean {
  const { words } = k.m;
  return (
    k.sysv.segments.some((s) => words[s.state] !== 0 && words[s.object] === object + 1) ||
    k.posix.objects.some((o) => words[o.linked] !== 0 && words[o.object] === object + 1)
  );
}

/** What is left, after init has halted, of anything but init. */
export function auditEnd(k: Kernel): string[] {
  const left = k.ptable.procs.filter((p) => p.index > 0 && k.m.words[p.state] !== UNUSED);
  const objects = k.shm.objects.filter((o) => k.m.words[o.refs] !== 0);
  return [
    ...left.map((p) => `proc[${p.index}] is left`),
    ...objects.map((o) => `shm[${o.index}] is left`),
    ...k.otable.objects
      .filter((o) => k.m.words[o.refs] !== (isKept(k, o.index) ? 1 : 0))
      .map((o) => `object[${o.index}] is left`),
    ...auditObjects(k),
    ...auditFiles(k),
    ...auditMemory(k),
  ];
}

/** Audits the objects at every release of shm.lock from now on; answers what it finds. */
export function watchObjects(k: Kernel): string[] {
  const found: string[] = [];
  k.m.onRelease = (lock) => {
    if (lock !== k.shm.lock.word || found.length > 0) return;
    found.push(...auditObjects(k).map((problem) => `step ${k.m.step}: ${problem}`));
  };
  return found;
}
