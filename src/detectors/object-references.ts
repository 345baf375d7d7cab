import type { Kernel } from '../../kernel/kernel.ts';
import { kindOf, VMA_FILE, VMA_OBJECT, type Vma } from '../../kernel/vma.ts';
import type { Finding } from '../finding.ts';

/**
 * Whenever otable.lock is free, each page object's count equals those who hold it: the mapped areas
 * that it is behind, counted anew from the process table, or the segment that it is the memory of.
 */
export class ObjectReferences {
  private readonly k: Kernel;
  private readonly counts: Int32Array;

  constructor(k: Kernel) {
    this.k = k;
    this.counts = new Int32Array(k.otable.objects.length);
  }

  check(): Finding | undefined {
    const { k, counts } = this;
    const { words } = k.m;
    counts.fill(0);
    const top = words[k.ptable.top] as number;
    for (let i = 0; i < top; i++) {
      const { vmas } = k.ptable.procs[i] as (typeof k.ptable.procs)[number];
      for (let j = 0; j < vmas.length; j++) {
        const v = vmas[j] as Vma;
        if (!hasObject(k, v)) continue;
        const object = words[v.object] as number;
        counts[object] = (counts[object] as number) + 1;
      }
    }
    for (const s of k.sysv.segments) {
      const object = words[s.object] as number;
      if (object !== 0) counts[object - 1] = (counts[object - 1] as number) + 1;
    }
    for (const o of k.otable.objects) {
      if (words[o.refs] !== counts[o.index]) return this.report(o.index);
    }
    return undefined;
  }

  private report(index: number): Finding {
    const { k } = this;
    const { words } = k.m;
    const top = words[k.ptable.top] as number;
    const held = k.ptable.procs.slice(0, top).flatMap((p) =>
      p.vmas
        .filter((v) => hasObject(k, v) && words[v.object] === index)
        .map((v) => ({
          word: v.object,
          who: `pid ${words[p.pid]} at 0x${pageAddress(words[v.start])}`,
        })),
    );
    held.push(...keepersOf(k, index));
    const o = k.otable.objects[index] as (typeof k.otable.objects)[number];
    const refs = words[o.refs] as number;
    const consequence = refs > held.length ? 'it will never be freed' : 'it is freed too early';
    return {
      detector: 'refcount',
      title: `wrong reference count: object[${index}].refs = ${refs}, held by ${held.length}`,
      detail: [
        `held by: ${held.map(({ who }) => who).join(', ') || 'nobody'}`,
        `so ${consequence}`,
      ],
      step: k.m.step,
      about: { words: [o.refs, ...held.map(({ word }) => word)] },
    };
  }
}

/** Who keeps an object though nobody has mapped it: its segment, and the word that says so. */
export function keepersOf(k: Kernel, index: number): { word: number; who: string }[] {
  return k.sysv.segments
    .filter((s) => k.m.words[s.object] === index + 1)
    .map((s) => ({ word: s.object, who: `segment[${s.index}]` }));
}

/** Whether an area's object is an object of pages by itself, and not by way of a segment. */
function hasObject(k: Kernel, v: Vma): boolean {
  const kind = kindOf(k, v);
  return kind === VMA_OBJECT || kind === VMA_FILE;
}

function pageAddress(vpn: number | undefined): string {
  return ((vpn ?? 0) * 4096).toString(16);
}
