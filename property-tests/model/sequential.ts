import { O_RDONLY, O_RDWR } from '../../kernel/abi.ts';
import type { Command } from './commands.ts';

const PGSIZE = 4096;
const WINDOW = 0x4000_0000;
const HEAPSTART = 0x3000;

interface ModelObject {
  pages: number;
  refs: number;
  readonly words: Map<number, number>;
}

interface Descriptor {
  readonly name: string;
  readonly object: ModelObject;
  va: number;
  writable: boolean;
}

/** Thrown where the process would be killed. */
export class Killed extends Error {}

/** What the system calls mean to a process that is alone: semantics, and no mechanism. */
export class SequentialModel {
  private readonly objects = new Map<string, ModelObject>();
  private readonly descriptors: (Descriptor | undefined)[];
  private readonly last: number[] = [];
  private readonly nshm: number;
  private readonly nshmpg: number;
  private end = HEAPSTART;

  constructor(limits: { nshm: number; nshmpg: number; noshm: number }) {
    this.nshm = limits.nshm;
    this.nshmpg = limits.nshmpg;
    this.descriptors = Array.from({ length: limits.noshm }, () => undefined);
  }

  /** What the command answers. @throws Killed */
  answer(command: Command): number {
    switch (command.do) {
      case 'open':
        return this.open(command.name);
      case 'trunc':
        return this.trunc(command.od, command.size);
      case 'map':
        return this.map(command.od, command.flags, command.bad);
      case 'close':
        return this.close(command.od);
      case 'read':
      case 'add':
        return this.touch(command.od, command.word, command.do === 'add');
      case 'stray':
        return this.stray(command.od);
      case 'sbrk':
        return this.sbrk(command.pages);
      // It has no children.
      default:
        return -1;
    }
  }

  private open(name: string): number {
    const od = this.descriptors.indexOf(undefined);
    if (name.length < 1 || name.length > 15 || od < 0) return -1;
    if (!this.objects.has(name) && this.objects.size === this.nshm) return -1;
    const object = this.objects.get(name) ?? { pages: 0, refs: 0, words: new Map() };
    this.objects.set(name, object);
    object.refs++;
    this.descriptors[od] = { name, object, va: 0, writable: false };
    return od;
  }

  private trunc(od: number, size: number): number {
    const object = this.descriptors[od]?.object;
    if (object === undefined || size <= 0 || size > this.nshmpg * PGSIZE) return -1;
    if (object.pages > 0) return -1;
    object.pages = Math.ceil(size / PGSIZE);
    return object.pages * PGSIZE;
  }

  private map(od: number, flags: number, bad: boolean): number {
    const descriptor = this.descriptors[od];
    if (descriptor === undefined || bad || (flags !== O_RDONLY && flags !== O_RDWR)) return -1;
    if (descriptor.va !== 0 || descriptor.object.pages === 0) return -1;
    descriptor.va = this.room(descriptor.object.pages);
    descriptor.writable = flags === O_RDWR;
    this.last[od] = descriptor.va;
    return descriptor.va;
  }

  /** The lowest place in the window that is free. */
  private room(pages: number): number {
    const taken = this.descriptors.flatMap((d) =>
      d === undefined || d.va === 0 ? [] : [[d.va, d.va + d.object.pages * PGSIZE] as const],
    );
    let va = WINDOW;
    for (const [start, end] of taken.sort(([a], [b]) => a - b)) {
      if (va + pages * PGSIZE <= start) break;
      va = end;
    }
    return va;
  }

  private close(od: number): number {
    const descriptor = this.descriptors[od];
    if (descriptor === undefined) return -1;
    this.descriptors[od] = undefined;
    if (--descriptor.object.refs === 0) this.objects.delete(descriptor.name);
    return 0;
  }

  private touch(od: number, word: number, adds: boolean): number {
    const descriptor = this.descriptors[od];
    if (descriptor === undefined || descriptor.va === 0) return -1;
    const { words } = descriptor.object;
    const value = words.get(word) ?? 0;
    if (adds && descriptor.writable) words.set(word, value + 1);
    return value;
  }

  private stray(od: number): number {
    const va = this.last[od] ?? 0;
    if (va === 0) return -1;
    const there = this.descriptors.find(
      (d) => d !== undefined && d.va !== 0 && va >= d.va && va < d.va + d.object.pages * PGSIZE,
    );
    if (there === undefined) throw new Killed();
    // The first word of some page of it; only the first page is ever written.
    return va === there.va ? (there.object.words.get(0) ?? 0) : 0;
  }

  private sbrk(pages: number): number {
    const before = this.end;
    if (before + pages * PGSIZE < HEAPSTART) return -1;
    this.end += pages * PGSIZE;
    return before;
  }
}
