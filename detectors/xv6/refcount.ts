import type { Kernel } from '../../kernel/kernel.ts';
import type { ShmObject } from '../../kernel/shm-table.ts';
import type { Ending } from '../../machine/index.ts';
import type { Detector, DetectorKind } from '../detector.ts';
import { type Finding, Found } from '../finding.ts';
import { FileReferences } from './file-references.ts';
import { forKernel } from './for-kernel.ts';
import { ObjectReferences } from './object-references.ts';

/**
 * Whenever shm.lock is free, each object's count equals the descriptors that point at it, counted
 * anew from the process table. Assumes that counts change only under that lock, which is the
 * kernel's stated rule; never wrong while that holds. The same for files and inodes under ftable.lock
 * and itable.lock, see FileReferences, and for objects of pages, see ObjectReferences. Costs a look at every descriptor each time such a lock is
 * released.
 */
class Refcount implements Detector {
  readonly name = 'refcount';
  readonly audits: readonly number[];
  private readonly k: Kernel;
  private readonly counts: Int32Array;
  private readonly lock: number;
  private readonly files: FileReferences;
  private readonly pages: ObjectReferences;

  constructor(k: Kernel) {
    this.k = k;
    this.audits = [k.shm, k.otable, k.ftable, k.itable].map(({ lock }) => lock.word);
    this.lock = k.shm.lock.word;
    this.counts = new Int32Array(k.shm.objects.length + 1);
    this.files = new FileReferences(k);
    this.pages = new ObjectReferences(k);
  }

  released(lock: number): void {
    const finding = this.auditUnder(lock);
    if (finding !== undefined) throw new Found(finding);
  }

  ended(ending: Ending): Finding | undefined {
    if (ending !== 'halted') return undefined;
    return (
      this.audit() ??
      this.pages.check() ??
      this.files.checkFiles(true) ??
      this.files.checkInodes(true)
    );
  }

  private auditUnder(lock: number): Finding | undefined {
    if (lock === this.lock) return this.audit();
    if (lock === this.k.otable.lock.word) return this.pages.check();
    if (lock === this.k.ftable.lock.word) return this.files.checkFiles(false);
    if (lock === this.k.itable.lock.word) return this.files.checkInodes(false);
    return undefined;
  }

  private audit(): Finding | undefined {
    const { k, counts } = this;
    const { words } = k.m;
    const { objects } = k.shm;
    const used = words[k.shm.top] as number;
    counts.fill(0, 0, used + 1);
    const top = words[k.ptable.top] as number;
    const { procs } = k.ptable;
    for (let i = 0; i < top; i++) {
      const { shm } = procs[i] as (typeof procs)[number];
      for (let od = 0; od < shm.count; od++) {
        const object = words[shm.object(od)] as number;
        if (object !== 0) counts[object] = (counts[object] as number) + 1;
      }
    }
    for (let i = 0; i < used; i++) {
      const o = objects[i] as ShmObject;
      const refs = words[o.refs] as number;
      if (refs !== counts[i + 1]) return report(k, o, refs);
    }
    return undefined;
  }
}

/** The descriptors that point at an object, as `pid 3 od 0`. */
function holders(k: Kernel, o: ShmObject): string[] {
  const { words } = k.m;
  const found: string[] = [];
  const top = words[k.ptable.top] as number;
  for (const p of k.ptable.procs.slice(0, top)) {
    for (let od = 0; od < p.shm.count; od++) {
      if (words[p.shm.object(od)] === o.index + 1) found.push(`pid ${words[p.pid]} od ${od}`);
    }
  }
  return found;
}

/** Words of all descriptors in use. */
function descriptors(k: Kernel): number[] {
  const top = k.m.words[k.ptable.top] as number;
  return k.ptable.procs
    .slice(0, top)
    .flatMap(({ shm }) => Array.from({ length: shm.count }, (_, od) => shm.object(od)));
}

function report(k: Kernel, o: ShmObject, refs: number): Finding {
  const list = holders(k, o);
  const consequence = refs > list.length ? 'it will never be freed' : 'it will be freed too early';
  return {
    detector: 'refcount',
    title: `wrong reference count: shm[${o.index}].refs = ${refs}, held by ${list.length}`,
    detail: [`held by: ${list.join(', ') || 'nobody'}`, `so ${consequence}`],
    step: k.m.step,
    about: { words: [o.refs, ...descriptors(k)] },
  };
}

export const refcount: DetectorKind = {
  name: 'refcount',
  summary:
    'the count of a shared-memory object, a file or an inode is not the number of its holders',
  make: forKernel((_, k) => new Refcount(k)),
};
