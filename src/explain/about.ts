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

function ofKernel(k: Kernel, { about = {} }: Finding): About {
  const { words = [], frames = [], things = [], related = [], contested = [] } = about;
  const followed = frames.slice(0, FRAMES_MAX);
  const more = [
    ...followed.map((ppn) => refsOf(k, ppn)),
    ...related,
    ...countsBeside(k, contested),
    ...fieldsOf(k, thingsOf(k, things)),
  ];
  return { ...about, words: [...new Set([...words, ...more])], frames: followed };
}

/** Pipes and futexes that these words belong to: `pipe[0]`. */
function thingsOf({ m: { layout } }: Kernel, words: readonly number[]): string[] {
  return words.flatMap((word) => layout.nameOf(word)?.match(/^(pipe|futex)\[\d+\]/)?.[0] ?? []);
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
export function aboutTheEnd({ kernel: k, machine }: Stage, { about }: Finding): number[] {
  if (k === undefined || about?.isTheEnd !== true) return [];
  const { words, memory } = machine;
  return k.futex.waiters
    .filter((_, i) => words[k.ptable.procs[i]?.state ?? 0] === SLEEPING)
    .map(({ key }) => words[key] as number)
    .filter((at) => at > 0 && memory.isFrame(memory.ppnOf(at)));
}
