import type { About, Finding } from '../../detectors/finding.ts';
import { refsOf } from '../../kernel/kalloc.ts';
import type { Kernel } from '../../kernel/kernel.ts';
import { SLEEPING } from '../../kernel/proc.ts';
import type { Machine } from '../../machine/index.ts';
import type { Stage } from '../stage/stage.ts';

/** Frames that one explanation follows. */
const FRAMES_MAX = 16;
/** Words of a thing that are followed: what has more is a table or a name. */
const FIELDS_MAX = 16;

/** What to watch: what the detector names, and what only an explanation needs besides. */
export function aboutOf({ kernel: k, machine }: Stage, finding: Finding): About {
  return k === undefined ? everything(machine, finding) : ofKernel(k, finding);
}

/** Threads without a kernel share little, and each of it may matter. */
function everything({ layout }: Machine, { about = {} }: Finding): About {
  const all = Array.from({ length: layout.size }, (_, word) => word);
  return { ...about, words: all, locks: all };
}

function ofKernel(k: Kernel, { detector, title, detail, about = {} }: Finding): About {
  const { words = [], frames = [] } = about;
  const followed = frames.slice(0, FRAMES_MAX);
  const more = followed.map((ppn) => refsOf(k, ppn));
  const names = words.map((word) => k.m.layout.nameOf(word)).join(' ');
  switch (detector) {
    case 'objects':
    case 'linearizability':
      more.push(k.shm.top);
      for (const [, index] of `${title} ${names}`.matchAll(/shm\[(\d+)\]/g)) {
        const o = k.shm.objects[Number(index)];
        if (o !== undefined) more.push(o.refs, o.pages, o.name);
      }
      if (names.includes('segment[')) more.push(...k.sysv.segments.map((s) => s.key));
      if (names.includes('posix[')) more.push(...k.posix.objects.map((o) => o.name));
      break;
    case 'race':
      more.push(...countsBeside(k, words));
      break;
    case 'life-cycle':
      if (names.includes('posix[')) more.push(...k.posix.objects.map((o) => o.name));
      break;
    case 'deadlock':
    case 'lost-wakeup':
      more.push(...fieldsOf(k, `${title} ${detail.join(' ')}`.match(/(pipe|futex)\[\d+\]/g) ?? []));
      break;
    case 'program':
      more.push(k.console.writing.locked);
      break;
    case 'leak':
      more.push(...k.ptable.procs.flatMap((p) => [p.state, p.parent]));
      if (frames.length > 0) more.push(k.kmem.freelist);
  }
  return { ...about, words: [...new Set([...words, ...more])], frames: followed };
}

/** All words of things such as `pipe[0]`. */
function fieldsOf({ m: { layout } }: Kernel, things: readonly string[]): number[] {
  const all: number[] = [];
  for (const thing of new Set(things)) {
    const own: number[] = [];
    for (let word = 0; word < layout.size; word++) {
      if (layout.nameOf(word)?.startsWith(`${thing}.`)) own.push(word);
    }
    all.push(...own.filter((word) => !isLock(layout.nameOf(word))).slice(0, FIELDS_MAX));
  }
  return all;
}

const isLock = (name: string | undefined): boolean => name?.endsWith('.lock') ?? false;

/** Who raced for a thing may both have been given it: its count, or the map of what is free. */
function countsBeside({ m: { layout } }: Kernel, words: readonly number[]): number[] {
  return words.flatMap((word) => {
    const [, table = '', index = ''] =
      /^(\w+)\[(\d+)\]\.\w+$/.exec(layout.nameOf(word) ?? '') ?? [];
    const bit = `disk.bitmap[${Math.floor(Number(index) / 32)}]`;
    const count = table === 'block' ? bit : `${table}[${index}].ref`;
    return layout.find(count) ?? [];
  });
}

/**
 * What is known only when all is over: words that processes sleep for, known by where they are, as
 * futexes are.
 */
export function aboutTheEnd({ kernel: k, machine }: Stage, { detector }: Finding): number[] {
  if (k === undefined || detector !== 'deadlock') return [];
  const { words, memory } = machine;
  return k.futex.waiters
    .filter((_, i) => words[k.ptable.procs[i]?.state ?? 0] === SLEEPING)
    .map(({ key }) => words[key] as number)
    .filter((at) => at > 0 && memory.isFrame(memory.ppnOf(at)));
}
