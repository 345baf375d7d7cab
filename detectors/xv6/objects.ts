import type { Kernel } from '../../kernel/kernel.ts';
import { NAMEWORDS } from '../../kernel/name.ts';
import { NDIRECT } from '../../kernel/param.ts';
import type { ShmObject } from '../../kernel/shm-table.ts';
import { PGSIZE } from '../../machine/index.ts';
import { type Detector, type DetectorKind, found } from '../detector.ts';
import type { Watched } from '../watched.ts';
import { forKernel } from './for-kernel.ts';

/**
 * The table of shared-memory objects makes sense whenever shm.lock is free: each live object has a
 * name, and no two the same; a name lasts as long as its object, a size once set too; a free slot is
 * empty. No object of a mapped file has a page past the file's end. Assumes that the kernel's rule is what it says: the table changes under that lock; never
 * wrong while that holds. Costs a look at the used slots each time the lock is released.
 */
class ObjectTable implements Detector {
  readonly name = 'objects';
  readonly audits: readonly number[];
  private readonly guest: Watched;
  private readonly k: Kernel;
  /** By slot, the words of the name of the object that lived there at the last look; 0 for none. */
  private readonly names: Int32Array;
  /** By slot: its pages. */
  private readonly pages: Int32Array;

  constructor(guest: Watched, k: Kernel) {
    this.guest = guest;
    this.k = k;
    this.audits = [k.shm.lock.word, k.otable.lock.word];
    this.names = new Int32Array(NAMEWORDS * k.shm.objects.length);
    this.pages = new Int32Array(k.shm.objects.length);
  }

  begin(): void {
    this.names.fill(0);
    this.pages.fill(0);
  }

  released(lock: number): void {
    const { k } = this;
    if (lock === k.otable.lock.word) this.checkFiles();
    if (lock !== k.shm.lock.word) return;
    const used = k.m.words[k.shm.top] as number;
    for (let i = 0; i < used; i++) {
      const o = k.shm.objects[i] as ShmObject;
      if (k.m.words[o.refs] === 0) this.checkFree(o);
      else this.checkLive(o);
    }
  }

  /** No object has a page of a file past the file's end, unless the file is being changed. */
  private checkFiles(): void {
    const { k } = this;
    const { words, memory } = k.m;
    for (const o of k.otable.objects) {
      const ip = k.itable.inodes[(words[o.inum] as number) - 1];
      const list = words[o.list] as number;
      if (ip === undefined || list === 0 || words[ip.lock.locked] !== 0) continue;
      for (let i = Math.ceil((words[ip.size] as number) / PGSIZE); i < NDIRECT; i++) {
        const word = memory.frame(list) + i;
        if (words[word] === 0) continue;
        const what = `object[${o.index}] has page ${i} of inode[${ip.inum}], which ends before it`;
        const detail = [`seen when ${this.guest.here()} let otable.lock go`];
        found(this.guest, this.name, what, detail, { words: [o.list, ip.size, word] });
      }
    }
  }

  private checkFree(o: ShmObject): void {
    const { words } = this.k.m;
    const at = NAMEWORDS * o.index;
    this.names.fill(0, at, at + NAMEWORDS);
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
    if (words[o.name] === 0 || !this.isSame(words, o.name, o.index)) this.checkName(o);
    const pages = words[o.pages] as number;
    const pagesBefore = this.pages[o.index] as number;
    if (pagesBefore !== 0 && pages !== pagesBefore) {
      const name = nameAt(words, o.name);
      this.report(o, `"${name}" had ${pagesBefore} pages and has ${pages}`);
    }
    this.pages[o.index] = pages;
  }

  /** Whether a name in memory is that of a slot at the last look. */
  private isSame(words: Int32Array, name: number, slot: number): boolean {
    for (let i = 0; i < NAMEWORDS; i++) {
      if (words[name + i] !== this.names[NAMEWORDS * slot + i]) return false;
    }
    return true;
  }

  /** The object is new, or should be. */
  private checkName(o: ShmObject): void {
    const { words } = this.k.m;
    const name = nameAt(words, o.name);
    const at = NAMEWORDS * o.index;
    const before = nameAt(this.names, at);
    if (name === '') this.report(o, 'is in use but has no name');
    if (before !== '') this.report(o, `was "${before}" and is now "${name}"`);
    for (let other = 0; other < this.pages.length; other++) {
      if (other !== o.index && this.isSame(words, o.name, other)) {
        const its = this.k.shm.objects[other] as ShmObject;
        this.report(o, `and shm[${other}] are both "${name}"`, [its.refs, its.pages, its.name]);
      }
    }
    for (let i = 0; i < NAMEWORDS; i++) this.names[at + i] = words[o.name + i] as number;
  }

  private report(o: ShmObject, what: string, others: readonly number[] = []): never {
    const words = [o.refs, o.pages, ...Array.from({ length: NAMEWORDS }, (_, i) => o.name + i)];
    const detail = [`seen when ${this.guest.here()} let shm.lock go`];
    found(this.guest, this.name, `shm[${o.index}] ${what}`, detail, {
      words,
      related: [this.k.shm.top, ...others],
    });
  }
}

/** A name in memory: up to four words, four bytes each. */
function nameAt(words: Int32Array, at: number): string {
  let name = '';
  for (let i = 0; i < 4 * NAMEWORDS; i++) {
    const byte = ((words[at + (i >> 2)] as number) >> (8 * (i & 3))) & 0xff;
    if (byte === 0) break;
    name += String.fromCharCode(byte);
  }
  return name;
}

export const objects: DetectorKind = {
  name: 'objects',
  summary: 'the table of objects contradicts itself: names, sizes, free slots',
  make: forKernel((guest, k) => new ObjectTable(guest, k)),
};
