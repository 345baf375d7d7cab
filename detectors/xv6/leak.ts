import type { Kernel } from '../../kernel/kernel.ts';
import { STATE_NAMES, UNUSED } from '../../kernel/proc.ts';
import type { Ending } from '../../machine/index.ts';
import type { Detector, DetectorKind } from '../detector.ts';
import type { Finding } from '../finding.ts';
import type { Watched } from '../watched.ts';
import { fileSurvivors } from './files.ts';
import { forKernel } from './for-kernel.ts';
import { keepersOf } from './object-references.ts';
import { FrameCount, readOwnership } from './ownership.ts';

/** A frame that is not where it should be, and how that shows. */
interface Stray {
  readonly ppn: number;
  readonly line: string;
}

/** Frames that nobody owns, or that are free and owned at once. */
function strays(k: Kernel): Stray[] {
  const { owners, free } = readOwnership(k);
  const { firstPpn, endPpn } = k.m.memory;
  const found: Stray[] = [];
  for (let ppn = firstPpn; ppn < endPpn; ppn++) {
    const list = owners.get(ppn);
    if ((list === undefined) === free.has(ppn)) continue;
    const name = `frame 0x${ppn.toString(16)}`;
    const line = list === undefined ? 'is neither free nor used' : `is free and used: ${list}`;
    found.push({ ppn, line: `${name} ${line}` });
  }
  return found;
}

/** Lines for objects, descriptors and processes that outlived everybody who could need them. */
function survivors(k: Kernel): string[] {
  const { words } = k.m;
  const lines: string[] = [];
  const { objects } = k.shm;
  const used = words[k.shm.top] as number;
  for (let i = 0; i < used; i++) {
    const refs = words[objects[i]?.refs as number] as number;
    if (refs !== 0) lines.push(`shm[${i}] still exists, refs = ${refs}`);
  }
  for (let i = 0; i < k.otable.objects.length; i++) {
    const o = k.otable.objects[i] as (typeof k.otable.objects)[number];
    const refs = words[o.refs] as number;
    // A segment or POSIX object that nobody has removed lasts.
    if (refs === keepersOf(k, o.index).length) continue;
    lines.push(`object[${o.index}] still exists, refs = ${refs}`);
  }
  const top = words[k.ptable.top] as number;
  for (let i = 0; i < top; i++) {
    const p = k.ptable.procs[i] as (typeof k.ptable.procs)[number];
    const state = words[p.state] as number;
    if (i > 0 && state !== UNUSED) {
      lines.push(`pid ${words[p.pid]} is still there: ${STATE_NAMES[state]}`);
    }
    for (let od = 0; od < p.shm.count; od++) {
      if (words[p.shm.object(od)] !== 0) lines.push(`slot ${i} still has descriptor ${od} open`);
    }
    for (let j = 0; j < p.vmas.length; j++) {
      const mode = words[p.vmas[j]?.mode as number];
      if (mode !== 0) lines.push(`slot ${i} still has area ${j}`);
    }
    for (let fd = 0; fd < p.files.count && i > 0; fd++) {
      if (words[p.files.at(fd)] !== 0) lines.push(`slot ${i} still has file ${fd} open`);
    }
  }
  return lines;
}

/**
 * At the end, with only init left: every frame is free or init's, and no object, descriptor or
 * process is left. Read from the machine: free list, page tables, objects. Assumes that init opens
 * nothing; never wrong then. Tells who allocated a frame that is lost, and who used it last. Costs a
 * walk of the free list an execution, and a line of notes an allocation.
 */
class Leak implements Detector {
  readonly name = 'leak';
  private readonly guest: Watched;
  private readonly k: Kernel;
  private readonly count: FrameCount;
  private readonly first: number;
  /** By frame: when it was allocated last; 0 for never in this execution. */
  private readonly at: Int32Array;
  /** By frame: who allocated it, and in which system call. */
  private readonly pids: Int32Array;
  private readonly calls: string[] = [];

  constructor(guest: Watched, k: Kernel) {
    this.guest = guest;
    this.k = k;
    this.count = new FrameCount(k);
    this.first = k.m.memory.firstPpn;
    const frames = k.m.memory.endPpn - this.first;
    this.at = new Int32Array(frames);
    this.pids = new Int32Array(frames);
  }

  begin(): void {
    this.at.fill(0);
  }

  allocated(ppn: number): void {
    const { m, calls } = this.guest;
    const frame = ppn - this.first;
    this.at[frame] = m.step;
    this.pids[frame] = this.k.currentPid();
    this.calls[frame] = calls[m.current.id] as string;
  }

  ended(ending: Ending): Finding | undefined {
    if (ending !== 'halted') return undefined;
    const { k } = this;
    const files = fileSurvivors(k);
    const lines = [...survivors(k), ...files.lines];
    const lost = this.count.addsUp() ? [] : strays(k);
    for (const { ppn, line } of lost) lines.push(line + this.origin(ppn - this.first));
    if (lines.length === 0) return undefined;
    const first = lost[0] ?? { line: lines[0] };
    const title = `leak: ${lines.length > lost.length ? lines[0] : first.line}`;
    return {
      detector: this.name,
      title: lines.length > 1 ? `${title}, and ${lines.length - 1} more` : title,
      detail: lines,
      step: k.m.step,
      about: {
        frames: lost.map(({ ppn }) => ppn),
        words: [
          ...[...k.shm.objects, ...k.otable.objects]
            .map((o) => o.refs)
            .filter((word) => k.m.words[word] !== 0),
          ...files.words,
        ],
        related: [
          ...k.ptable.procs.flatMap((p) => [p.state, p.parent]),
          ...(lost.length > 0 ? [k.kmem.freelist] : []),
        ],
      },
    };
  }

  private origin(frame: number): string {
    const step = this.at[frame] as number;
    if (step === 0) return '';
    const call = this.calls[frame] || 'no system call';
    return `; pid ${this.pids[frame]} allocated it at step ${step} in ${call}`;
  }
}

export const leak: DetectorKind = {
  name: 'leak',
  summary: 'frames, objects, descriptors or page-table pages that no process can reach or free',
  make: forKernel((guest, k) => new Leak(guest, k)),
};
