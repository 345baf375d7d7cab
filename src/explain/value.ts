import type { Kernel } from '../../kernel/kernel.ts';
import { STATE_NAMES } from '../../kernel/proc.ts';
import { SEGMENT_STATE_NAMES } from '../../kernel/sysv.ts';
import { keepersOf } from '../detectors/object-references.ts';
import type { MomentKind } from './moment.ts';

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
    default:
      return k.m.layout.nameOf(address) ?? memoryName(k, address, va);
  }
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
  const page = pageName(k, ppn);
  if (page !== undefined) return `${page.who}+0x${(page.page * 4096 + offset).toString(16)}`;
  return `0x${(va >= 0 ? va : ppn * 4096 + offset).toString(16)}`;
}

/** Of which segment, POSIX object or other page object a frame is a page, and which. */
function pageName(k: Kernel, ppn: number): { who: string; page: number } | undefined {
  const { memory, words } = k.m;
  for (const o of k.otable.objects) {
    const list = words[o.list] as number;
    if (list === 0) continue;
    for (let page = 0; page < (words[o.pages] as number); page++) {
      if (words[memory.frame(list) + page] !== ppn) continue;
      return { who: keepersOf(k, o.index)[0]?.who ?? `object[${o.index}]`, page };
    }
  }
  return undefined;
}

/** A value as people read it: a state by its name, a part of a name as text, a frame in hex. */
export function valueText(name: string, value: number): string {
  if (/^segment.*\.state$/.test(name)) return SEGMENT_STATE_NAMES[value] ?? String(value);
  if (/\.state$/.test(name)) return STATE_NAMES[value] ?? String(value);
  if (/\.name\[\d+\]$/.test(name)) return JSON.stringify(nameText(value));
  if (value >= 0x8_0000 && value < 0x10_0000) return `0x${value.toString(16)}`;
  return String(value);
}

function nameText(word: number): string {
  const bytes = [0, 8, 16, 24].map((shift) => (word >> shift) & 0xff);
  return String.fromCharCode(...bytes.filter((byte) => byte !== 0));
}
