import { lockClass } from '../../detectors/held-locks.ts';
import { keepersOf } from '../../detectors/xv6/object-references.ts';
import type { Kernel } from '../../kernel/kernel.ts';
import { STATE_NAMES } from '../../kernel/proc.ts';
import { SEGMENT_STATE_NAMES } from '../../kernel/sysv.ts';
import { type Layout, PTE_V, ppnOfPte, pteAddress } from '../../machine/index.ts';
import type { MomentKind } from './moment.ts';

/** How `Capture.orders` calls the order of two locks: by their classes. */
export function orderName(held: string, taken: string): string {
  return `${lockClass(held)} → ${lockClass(taken)}`;
}

export function frameName(ppn: number): string {
  return `frame 0x${ppn.toString(16)}`;
}

/**
 * What a moment's address is called.
 *
 * @param va where a user program sees it; -1 for the kernel's own
 */
export function wordName(k: Kernel, kind: MomentKind, address: number, va = -1): string {
  switch (kind) {
    case 'allocate':
    case 'free':
    case 'map':
    case 'unmap':
      return frameName(address);
    case 'flush':
      return `address space ${address}`;
    case 'switch':
      return k.m.threads[address]?.name ?? `thread ${address}`;
    case 'sleep':
    case 'wakeup':
      return k.channelName(address);
    case 'acquire':
    case 'release':
      return lockName(k.m.layout, address);
    default:
      return dataName(k, address) ?? memoryName(k, address, va);
  }
}

/** A lock by its name; a sleeplock is known by the word that says who has it. */
export function lockName(layout: Layout, lock: number): string {
  const name = layout.nameOf(lock) ?? `lock ${lock}`;
  return layout.sleeplocks.has(lock) ? name.replace(/\.pid$/, '.lock') : name;
}

/** A word of the kernel's data; references are told by the frame's number, not by its place. */
function dataName(k: Kernel, address: number): string | undefined {
  const ppn = address - k.kmem.refs + k.m.memory.firstPpn;
  if (k.m.memory.isFrame(ppn)) return `kmem.refs[0x${ppn.toString(16)}]`;
  return k.m.layout.nameOf(address);
}

/** A word in a frame: of which object, or else at which address, as who uses it sees it. */
function memoryName(k: Kernel, address: number, va: number): string {
  const { memory, words } = k.m;
  const ppn = memory.ppnOf(address);
  if (!memory.isFrame(ppn)) return '';
  const offset = (address - memory.frame(ppn)) * 4;
  const top = words[k.shm.top] as number;
  for (const o of k.shm.objects.slice(0, top)) {
    for (let page = 0; page < k.param.nshmpg; page++) {
      if (words[o.frames + page] !== ppn) continue;
      return `shm[${o.index}]+0x${(page * 4096 + offset).toString(16)}`;
    }
  }
  for (const o of k.otable.objects) {
    const list = words[o.list] as number;
    if (list === 0) continue;
    const who = keepersOf(k, o.index)[0]?.who ?? `object[${o.index}]`;
    if (list === ppn) return `${who}.frames[${offset / 4}]`;
    for (let page = 0; page < (words[o.pages] as number); page++) {
      if (words[memory.frame(list) + page] !== ppn) continue;
      return `${who}+0x${(page * 4096 + offset).toString(16)}`;
    }
  }
  if (va < 0) return entryName(k, address) ?? hex(ppn * 4096 + offset);
  return hex(va);
}

/** An entry of a page table: of which process, and of which page. */
function entryName(k: Kernel, address: number): string | undefined {
  const { memory, words } = k.m;
  for (const p of k.ptable.procs.slice(0, words[k.ptable.top])) {
    const root = words[p.pagetable] as number;
    if (root === 0) continue;
    const vpn = entryIn(memory, root, address, 2);
    if (vpn !== undefined) return `PTE of ${hex(vpn * 4096)}, pid ${words[p.pid]}`;
  }
  return undefined;
}

type Memory = Kernel['m']['memory'];

/** The page whose entry of the last level stands there, in a table and those below it. */
function entryIn(
  memory: Memory,
  table: number,
  address: number,
  level: number,
): number | undefined {
  for (let i = 0; i < 512 && memory.isFrame(table); i++) {
    const at = pteAddress(memory, table, i);
    if (level === 0 && at === address) return i;
    const pte = memory.words[at] as number;
    if (level === 0 || (pte & PTE_V) === 0) continue;
    const below = entryIn(memory, ppnOfPte(pte), address, level - 1);
    if (below !== undefined) return i * 512 ** level + below;
  }
  return undefined;
}

const hex = (address: number): string => `0x${address.toString(16)}`;

/** A value as people read it: a state by its name, a part of a name as text, a frame in hex. */
export function valueText(name: string, value: number): string {
  if (/^segment.*\.state$/.test(name)) return SEGMENT_STATE_NAMES[value] ?? String(value);
  if (/\.state$/.test(name)) return STATE_NAMES[value] ?? String(value);
  if (/\.ofile\[\d+\]$/.test(name)) return numbered('file', value);
  if (/^(segment|posix)\[\d+\]\.object$/.test(name)) return numbered('object', value);
  if (/\.shm\[\d+\]\.object$/.test(name)) return numbered('shm', value);
  if (/\.name\[\d+\]$/.test(name)) return JSON.stringify(nameText(value));
  if (/^futex.*\.key$/.test(name) && value !== 0) return hex(value);
  if (value >= 0x8_0000 && value < 0x10_0000) return `0x${value.toString(16)}`;
  return String(value);
}

/** An index that is stored one higher, so that 0 is none. */
function numbered(table: string, value: number): string {
  return value === 0 ? 'none' : `${table}[${value - 1}]`;
}

function nameText(word: number): string {
  const bytes = [0, 8, 16, 24].map((shift) => (word >> shift) & 0xff);
  return String.fromCharCode(...bytes.filter((byte) => byte !== 0));
}
