import { FD_SHM } from '../../kernel/file.ts';
import type { Kernel } from '../../kernel/kernel.ts';
import type { PageObject } from '../../kernel/pageobject.ts';
import { nameOf, type PosixObject } from '../../kernel/posix.ts';
import { VMA_POSIX } from '../../kernel/vma.ts';
import { PGSIZE } from '../../machine/index.ts';
import { areasOf } from './areas.ts';

/** Something wrong with the life of an object: what, and the words that show it. */
export interface Wrong {
  readonly title: string;
  readonly words: readonly number[];
  readonly related: readonly number[];
}

/**
 * The lives of POSIX objects: a part of the detector life-cycle, which says what is checked. Open files
 * and areas are counted anew. A call may have a reference of its own for a while, so their number is
 * a least; that of mappings is exact.
 */
export class PosixLives {
  private readonly k: Kernel;
  /** By page object: areas that map it. */
  private readonly areas: Int32Array;
  /** By object: open files. */
  private readonly files: Int32Array;
  /** By slot: serial + 1 of the last object seen there, negative once it had no name; 0 for none. */
  private readonly named: Int32Array;

  constructor(k: Kernel) {
    this.k = k;
    this.areas = new Int32Array(k.otable.objects.length);
    this.files = new Int32Array(k.posix.objects.length + 1);
    this.named = new Int32Array(k.posix.objects.length);
  }

  begin(): void {
    this.named.fill(0);
  }

  /** What is wrong now, while posix.lock is free. */
  check(): Wrong | undefined {
    const { k, files } = this;
    const { words } = k.m;
    areasOf(k, VMA_POSIX, this.areas);
    files.fill(0);
    for (const f of k.ftable.files) {
      if (words[f.ref] === 0 || words[f.type] !== FD_SHM) continue;
      const object = words[f.object] as number;
      files[object] = (files[object] as number) + 1;
    }
    for (const o of k.posix.objects) {
      const what = words[o.object] === 0 ? this.ofNone(o) : this.ofOne(o);
      if (what !== undefined) return this.wrong(o, what);
    }
    return this.orphan();
  }

  /** A slot without pages. */
  private ofNone(o: PosixObject): string | undefined {
    const { words } = this.k.m;
    const files = this.files[o.index + 1] as number;
    if (files > 0)
      return `was destroyed, and is open as ${files === 1 ? 'a file' : `${files} files`}`;
    if (words[o.linked] !== 0) return 'was destroyed, and has its name still';
    return undefined;
  }

  private ofOne(o: PosixObject): string | undefined {
    const { words } = this.k.m;
    const refs = words[o.refs] as number;
    const areas = this.areas[(words[o.object] as number) - 1] as number;
    const files = this.files[o.index + 1] as number;
    const linked = words[o.linked] !== 0;
    const { pages } = this.k.otable.objects[(words[o.object] as number) - 1] as PageObject;
    const size = words[o.size] as number;
    if (words[pages] !== Math.ceil(size / PGSIZE)) {
      return `has ${size} bytes, and its pages are ${words[pages]}`;
    }
    if (words[o.maps] !== areas) return `counts ${words[o.maps]} mappings and has ${areas}`;
    if (refs < files + areas) return `counts ${refs} references and has ${files + areas}`;
    if (!linked && refs === 0)
      return 'was unlinked, and is not destroyed, though no process has it';
    const which = (words[o.serial] as number) + 1;
    if (linked && this.named[o.index] === -which) return 'was unlinked, and has its name again';
    this.named[o.index] = linked ? which : -which;
    return linked ? this.twin(o) : undefined;
  }

  private twin(o: PosixObject): string | undefined {
    const { k } = this;
    const name = nameOf(k, o);
    for (const other of k.posix.objects) {
      if (other === o || k.m.words[other.linked] === 0 || nameOf(k, other) !== name) continue;
      return `and posix[${other.index}] are both "${name}"`;
    }
    return undefined;
  }

  /** Areas of an object that is gone. */
  private orphan(): Wrong | undefined {
    const { k, areas } = this;
    const at = areas.findIndex(
      (count, i) => count > 0 && !k.posix.objects.some((o) => k.m.words[o.object] === i + 1),
    );
    if (at < 0) return undefined;
    const words = [k.otable.objects[at]?.refs ?? 0];
    return {
      title: `object[${at}] was destroyed, and is mapped ${areas[at] === 1 ? 'once' : `${areas[at]} times`}`,
      words,
      related: [],
    };
  }

  /** What is left at the end of the execution that should not be. */
  left(): Wrong | undefined {
    const { words } = this.k.m;
    const left = this.k.posix.objects.find((o) => words[o.object] !== 0 && words[o.linked] === 0);
    return left && this.wrong(left, 'was unlinked, and outlives all processes');
  }

  private wrong(o: PosixObject, what: string): Wrong {
    return {
      title: `posix[${o.index}] ${what}`,
      words: [o.refs, o.linked, o.maps],
      related: this.k.posix.objects.map((each) => each.name),
    };
  }
}
