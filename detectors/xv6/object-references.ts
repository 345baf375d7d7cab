import type { Kernel } from '../../kernel/kernel.ts';
import { hasPageObject, type Vma } from '../../kernel/vma.ts';
import type { Finding } from '../finding.ts';

/**
 * Whenever otable.lock is free, each page object's count equals those who hold it: the mapped areas
 * that it is behind, counted anew from the process table, or the segment or
 * POSIX object that it is the memory of.
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
        if (!hasPageObject(k, v)) continue;
        const object = words[v.object] as number;
        counts[object] = (counts[object] as number) + 1;
      }
    }
    this.countKeepers(k.sysv.segments);
    this.countKeepers(k.posix.objects);
    for (const o of k.otable.objects) {
      if (words[o.refs] !== counts[o.index]) return this.report(o.index);
    }
    return undefined;
  }

  private countKeepers(keepers: readonly { readonly object: number }[]): void {
    const { k, counts } = this;
    for (const keeper of keepers) {
      const object = k.m.words[keeper.object] as number;
      if (object !== 0) counts[object - 1] = (counts[object - 1] as number) + 1;
    }
  }

  private report(index: number): Finding {
    const { k } = this;
    const { words } = k.m;
    const top = words[k.ptable.top] as number;
    const held = k.ptable.procs.slice(0, top).flatMap((p) =>
      p.vmas
        .filter((v) => hasPageObject(k, v) && words[v.object] === index)
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

/** Who keeps an object that nobody has mapped: its segment or POSIX object, and where that stands. */
export function keepersOf(k: Kernel, index: number): { word: number; who: string }[] {
  const { words } = k.m;
  const segments = k.sysv.segments.filter((s) => words[s.object] === index + 1);
  const objects = k.posix.objects.filter((o) => words[o.object] === index + 1);
  return [
    ...segments.map((s) => ({ word: s.object, who: `segment[${s.index}]` })),
    ...objects.map((o) => ({ word: o.object, who: `posix[${o.index}]` })),
  ];
}

function pageAddress(vpn: number | undefined): string {
  return ((vpn ?? 0) * 4096).toString(16);
}
