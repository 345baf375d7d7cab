import type { Kernel } from '../../kernel/kernel.ts';
import type { ShmObject } from '../../kernel/shm-table.ts';
import { type Detector, type DetectorKind, found, here } from './detector.ts';

const NAMEWORDS = 4;

/**
 * The table of shared-memory objects makes sense whenever shm.lock is free: each live object has a
 * name, and no two the same; a name lasts as long as its object, a size once set too; a free slot is
 * empty. Assumes that the kernel's rule is what it says: the table changes under that lock. Costs a
 * look at the used slots each time the lock is released.
 */
class ObjectTable implements Detector {
  readonly name = 'objects';
  private readonly k: Kernel;
  /** By slot: the name of the object that lived there at the last look; empty for none. */
  private readonly names: string[];
  /** By slot: its pages. */
  private readonly pages: Int32Array;

  constructor(k: Kernel) {
    this.k = k;
    this.names = k.shm.objects.map(() => '');
    this.pages = new Int32Array(k.shm.objects.length);
  }

  begin(): void {
    this.names.fill('');
    this.pages.fill(0);
  }

  released(lock: number): void {
    const { k } = this;
    if (lock !== k.shm.lock.word) return;
    const used = k.m.words[k.shm.top] as number;
    for (let i = 0; i < used; i++) {
      const o = k.shm.objects[i] as ShmObject;
      if (k.m.words[o.refs] === 0) this.checkFree(o);
      else this.checkLive(o);
    }
  }

  private checkFree(o: ShmObject): void {
    const { words } = this.k.m;
    this.names[o.index] = '';
    this.pages[o.index] = 0;
    for (let i = 0; i < NAMEWORDS; i++) {
      if (words[o.name + i] !== 0) this.report(o, 'is free but has a name');
    }
    if (words[o.pages] !== 0) this.report(o, 'is free but has a size');
    for (let i = 0; i < this.k.param.nshmpg; i++) {
      if (words[o.frames + i] !== 0) this.report(o, `is free but has a frame for page ${i}`);
    }
  }

  private checkLive(o: ShmObject): void {
    const { words } = this.k.m;
    const name = nameOf(words, o);
    const before = this.names[o.index];
    if (name === '') this.report(o, 'is in use but has no name');
    if (before !== '' && before !== name) this.report(o, `was "${before}" and is now "${name}"`);
    if (before === '') this.checkUnique(o, name);
    this.names[o.index] = name;
    const pages = words[o.pages] as number;
    const pagesBefore = this.pages[o.index] as number;
    if (pagesBefore !== 0 && pages !== pagesBefore) {
      this.report(o, `"${name}" had ${pagesBefore} pages and has ${pages}`);
    }
    this.pages[o.index] = pages;
  }

  private checkUnique(o: ShmObject, name: string): void {
    const other = this.names.indexOf(name);
    if (other < 0 || other === o.index) return;
    this.report(o, `and shm[${other}] are both "${name}"`);
  }

  private report(o: ShmObject, what: string): never {
    found(
      this.k,
      this.name,
      `shm[${o.index}] ${what}`,
      [`seen when ${here(this.k)} let shm.lock go`],
      { words: wordsOf(this.k, o) },
    );
  }
}

function wordsOf(k: Kernel, o: ShmObject): number[] {
  const many = (first: number, count: number): number[] =>
    Array.from({ length: count }, (_, i) => first + i);
  return [o.refs, o.pages, ...many(o.name, NAMEWORDS), ...many(o.frames, k.param.nshmpg)];
}

/** The name in memory: up to four words, four bytes each. */
function nameOf(words: Int32Array, o: ShmObject): string {
  let name = '';
  for (let i = 0; i < 4 * NAMEWORDS; i++) {
    const byte = ((words[o.name + (i >> 2)] as number) >> (8 * (i & 3))) & 0xff;
    if (byte === 0) break;
    name += String.fromCharCode(byte);
  }
  return name;
}

export const objects: DetectorKind = {
  name: 'objects',
  summary: 'the table of objects contradicts itself: names, sizes, free slots',
  make: (k) => new ObjectTable(k),
};
