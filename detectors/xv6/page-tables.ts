import type { Kernel } from '../../kernel/kernel.ts';
import { KERNBASE, nextEntry, PGWORDS, PTE_U, PTE_V, ppnOfPte } from '../../machine/index.ts';

type Memory = Kernel['m']['memory'];

/** Entries of the root table that cover what a user can reach. */
const USER_ENTRIES = KERNBASE / 2 ** 30;

/** The first page at which a page table maps the frame for a user, or -1. */
export function mapsAt(memory: Memory, root: number, ppn: number): number {
  const { words } = memory;
  if (!memory.isFrame(root)) return -1;
  for (let i = 0; i < USER_ENTRIES; i++) {
    const middle = tableAt(memory, memory.frame(root) + 2 * i);
    if (middle === 0) continue;
    const end = middle + PGWORDS;
    for (let at = nextEntry(words, middle, end); at < end; at = nextEntry(words, at + 2, end)) {
      const last = tableAt(memory, at);
      const entry = last === 0 ? -1 : entryOf(words, last, ppn);
      if (entry >= 0) return (i * 512 + ((at - middle) >> 1)) * 512 + entry;
    }
  }
  return -1;
}

/** The entry of a last table that maps the frame for a user, or -1. */
function entryOf(words: Int32Array, table: number, ppn: number): number {
  const end = table + PGWORDS;
  for (let at = nextEntry(words, table, end); at < end; at = nextEntry(words, at + 2, end)) {
    const pte = words[at] as number;
    if (pte >>> 10 === ppn && (pte & REACHED) === REACHED) return (at - table) >> 1;
  }
  return -1;
}

const REACHED = PTE_V | PTE_U;

/** The address of the table that an entry points to, or 0. */
function tableAt(memory: Memory, entry: number): number {
  const pte = memory.words[entry] as number;
  const table = ppnOfPte(pte);
  return (pte & PTE_V) === 0 || !memory.isFrame(table) ? 0 : memory.frame(table);
}
