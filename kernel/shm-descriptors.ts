/** A process's descriptors of shared objects, and their mappings. */
import { type Address, type Code, type Layout, ppnOfPte, SFENCE } from '../machine/index.ts';
import { refsOf } from './kalloc.ts';
import type { Kernel } from './kernel.ts';
import { uvmunmap, walk } from './pagetable.ts';
import type { Proc } from './proc.ts';
import { live, type ShmObject } from './shm-table.ts';

/**
 * A process's descriptors. Private to it, like the rest of struct proc below "no lock", but changed
 * only with shm.lock held, so that references and descriptors agree whenever the lock is free.
 */
export class ShmDescriptors {
  readonly count: number;
  private readonly first: Address;

  constructor(layout: Layout, owner: string, noshm: number) {
    this.count = noshm;
    this.first = layout.size;
    for (let od = 0; od < noshm; od++) {
      layout.word(`${owner}.shm[${od}].object`);
      layout.word(`${owner}.shm[${od}].vpn`);
      layout.word(`${owner}.shm[${od}].pages`);
    }
  }

  /** Slot of the object + 1; 0 for a descriptor that is not open. */
  object(od: number): Address {
    return this.first + 3 * od;
  }

  /** First page of its mapping; 0 while it is not mapped. */
  vpn(od: number): Address {
    return this.first + 3 * od + 1;
  }

  /** Pages of its mapping. */
  pages(od: number): Address {
    return this.first + 3 * od + 2;
  }
}

/** The object behind a descriptor, or undefined when it is not open. */
export function shmObject(k: Kernel, p: Proc, od: number): ShmObject | undefined {
  if (od < 0 || od >= p.shm.count) return undefined;
  return k.shm.objects[(k.m.words[p.shm.object(od)] as number) - 1];
}

/** Or -1 when all are open. */
export function lowestFreeDescriptor(k: Kernel, p: Proc): number {
  for (let od = 0; od < p.shm.count; od++) {
    if (k.m.words[p.shm.object(od)] === 0) return od;
  }
  return -1;
}

/**
 * The first descriptor of a process that has an object mapped at any of `count` pages, or -1. Only
 * the process itself may ask.
 */
export function shmMappedIn(k: Kernel, p: Proc, vpn: number, count: number): number {
  const { words } = k.m;
  for (let od = 0; od < p.shm.count; od++) {
    const start = words[p.shm.vpn(od)] as number;
    const end = start + (words[p.shm.pages(od)] as number);
    if (start !== 0 && start < vpn + count && end > vpn) return od;
  }
  return -1;
}

/** Removes a descriptor's mapping, if it has one, and this CPU's memory of it. */
export function* unmap(k: Kernel, p: Proc, od: number): Code<void> {
  const { m, mutant } = k;
  const pagetable = m.words[p.pagetable] as number;
  const vpn = m.words[p.shm.vpn(od)] as number;
  if (vpn === 0) {
    if (mutant['shm-close-unmapped']) yield* uvmunmap(k, pagetable, 0, 1, true);
    return;
  }
  const pages = m.words[p.shm.pages(od)] as number;
  if (mutant['shm-close-frees-as-private']) {
    for (let i = 0; i < pages; i++) m.words[refsOf(k, mappedFrame(k, p, vpn + i))] = 1;
  }
  yield* uvmunmap(k, pagetable, vpn, pages, true);
  if (!mutant['shm-close-no-sfence']) m.do(SFENCE, p.asid) ?? (yield);
}

/** The frame behind a page that is mapped. */
export function mappedFrame(k: Kernel, p: Proc, vpn: number): number {
  return ppnOfPte(k.m.words[walk(k, k.m.words[p.pagetable] as number, vpn)] as number);
}

/** Makes a descriptor one that is not open. shm.lock must be held. */
export function clearDescriptor(k: Kernel, p: Proc, od: number): void {
  const { words } = k.m;
  const o = shmObject(k, p, od);
  const mapped = words[p.shm.vpn(od)] !== 0;
  words[p.shm.object(od)] = 0;
  words[p.shm.vpn(od)] = 0;
  words[p.shm.pages(od)] = 0;
  if (o !== undefined && mapped) live(k, o, 'detached');
}
