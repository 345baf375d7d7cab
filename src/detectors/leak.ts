import type { Kernel } from '../../kernel/kernel.ts';
import { STATE_NAMES, UNUSED } from '../../kernel/proc.ts';
import type { DetectorKind } from './detector.ts';
import { framesAddUp, readOwnership } from './ownership.ts';

/** Lines for frames that nobody owns, or that are free and owned at once; adds them to `lost`. */
function frames(k: Kernel, lost: number[]): string[] {
  const { owners, free } = readOwnership(k);
  const lines: string[] = [];
  const { firstPpn, endPpn } = k.m.memory;
  for (let ppn = firstPpn; ppn < endPpn; ppn++) {
    const list = owners.get(ppn);
    const name = `frame 0x${ppn.toString(16)}`;
    if ((list === undefined) !== free.has(ppn)) lost.push(ppn);
    if (list === undefined && !free.has(ppn)) lines.push(`${name} is neither free nor used`);
    if (list !== undefined && free.has(ppn))
      lines.push(`${name} is free and used: ${list.join(', ')}`);
  }
  return lines;
}

/** Lines for objects, descriptors and processes that outlived everybody who could need them. */
function survivors(k: Kernel): string[] {
  const { words } = k.m;
  const lines: string[] = [];
  for (const o of k.shm.objects) {
    const refs = words[o.refs] as number;
    if (refs !== 0) lines.push(`shm[${o.index}] still exists, refs = ${refs}`);
  }
  for (const p of k.ptable.procs.slice(1, words[k.ptable.top])) {
    const state = words[p.state] as number;
    if (state !== UNUSED) lines.push(`pid ${words[p.pid]} is still there: ${STATE_NAMES[state]}`);
  }
  for (const p of k.ptable.procs.slice(0, words[k.ptable.top])) {
    for (let od = 0; od < p.shm.count; od++) {
      if (words[p.shm.object(od)] !== 0)
        lines.push(`slot ${p.index} still has descriptor ${od} open`);
    }
  }
  return lines;
}

/**
 * At the end, with only init left: every frame is free or init's, and no object, descriptor or
 * process is left. Assumes that init opens nothing. Costs one walk of all tables an execution.
 */
export const leak: DetectorKind = {
  name: 'leak',
  summary: 'frames, objects, descriptors or page-table pages that nobody can reach or free',
  make: (k) => ({
    name: 'leak',
    ended(ending) {
      if (ending !== 'halted') return undefined;
      const lines = survivors(k);
      const lost: number[] = [];
      if (!framesAddUp(k)) lines.push(...frames(k, lost));
      if (lines.length === 0) return undefined;
      return {
        detector: 'leak',
        title: `leak: ${lines[0]}${lines.length > 1 ? `, and ${lines.length - 1} more` : ''}`,
        detail: lines,
        step: k.m.step,
        about: {
          frames: lost,
          words: k.shm.objects.map((o) => o.refs).filter((w) => k.m.words[w]),
        },
      };
    },
  }),
};
