import type { TouchCode } from '../../machine/index.ts';
import type { Causality } from './causality.ts';

/** The next operation of a lane that need not go first here: every trace that begins with it is seen. */
export interface Sleeper {
  readonly lane: number;
  readonly codes: readonly TouchCode[];
}

/** A step that some trace still to be seen begins with, and the steps that must follow it. */
export interface Branch {
  readonly lane: number;
  readonly codes: readonly TouchCode[];
  readonly next: Branch[];
}

/**
 * Whether an operation can come first in some execution of the trace `v`, or before it (a weak
 * initial: JACM 64(4), definition 5.3).
 */
export function isWeakInitial(
  { lane, codes }: Sleeper,
  v: readonly number[],
  c: Causality,
): boolean {
  const at = firstOf(lane, v, c);
  return at < 0 ? v.every((e) => c.commutes(codes, e)) : isInitial(at, v, c);
}

/**
 * Inserts the sequence `v`, which it uses up, unless the tree has an equal or a shorter one
 * (definition 6.6). Must not be called where a sleeper is a weak initial of `v`.
 */
export function insert(tree: Branch[], v: number[], c: Causality): void {
  for (let level = tree; ; ) {
    const branch = level.find((b) => leads(b, v, c));
    if (branch === undefined) {
      append(level, v, c);
      return;
    }
    // A leaf stands for everything that begins with it.
    if (branch.next.length === 0) return;
    level = branch.next;
  }
}

/** Whether `v` can be told with this branch first; if so, and it is in `v`, takes it out. */
function leads(branch: Branch, v: number[], c: Causality): boolean {
  const at = firstOf(branch.lane, v, c);
  if (at < 0) return v.every((e) => c.commutes(branch.codes, e));
  if (!isInitial(at, v, c)) return false;
  v.splice(at, 1);
  return true;
}

function append(level: Branch[], v: readonly number[], c: Causality): void {
  let last = level;
  for (const e of v) {
    const branch: Branch = { lane: c.laneOf(e), codes: c.codesOf(e), next: [] };
    last.push(branch);
    last = branch.next;
  }
}

function firstOf(lane: number, v: readonly number[], c: Causality): number {
  for (let i = 0; i < v.length; i++) if (c.laneOf(v[i] as number) === lane) return i;
  return -1;
}

function isInitial(at: number, v: readonly number[], c: Causality): boolean {
  const e = v[at] as number;
  for (let i = 0; i < at; i++) if (c.precedes(v[i] as number, e)) return false;
  return true;
}
