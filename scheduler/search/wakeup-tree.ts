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
 * How an operation relates to the trace `v`: `leads` if it is in it and nothing in it must come
 * before, `commutes` if it is not in it and commutes with all of it. In both cases it is a weak
 * initial of `v` (JACM 64(4), definition 5.3): some execution that begins with it has `v` in it.
 */
export type Relation = 'leads' | 'commutes' | 'none';

export function relationTo(
  { lane, codes }: Sleeper | Branch,
  v: readonly number[],
  c: Causality,
): Relation {
  const at = firstOf(lane, v, c);
  if (at >= 0) return isInitial(at, v, c) ? 'leads' : 'none';
  return v.every((e) => c.commutes(codes, e)) ? 'commutes' : 'none';
}

/**
 * Inserts the sequence `v`, which it uses up, unless the tree has an equal or a shorter one
 * (definition 6.6). Must not be called where a sleeper is a weak initial of `v`.
 */
export function insert(tree: Branch[], v: number[], c: Causality): void {
  for (let level = tree; ; ) {
    const branch = level.find((b) => takes(b, v, c));
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
function takes(branch: Branch, v: number[], c: Causality): boolean {
  const relation = relationTo(branch, v, c);
  if (relation === 'leads') v.splice(firstOf(branch.lane, v, c), 1);
  return relation !== 'none';
}

/**
 * Whether `v` is sure to be explored whatever comes behind `end`: one of the steps up to there with
 * which it can begin is planned for, or done with. Steps that only commute with it say nothing of
 * executions in which they must come later.
 */
export function isSettled(
  steps: readonly (Sleeper | Branch)[],
  v: readonly number[],
  end: number,
  c: Causality,
): boolean {
  return steps.some((step) => {
    const at = firstOf(step.lane, v, c);
    return at >= 0 && (v[at] as number) <= end && isInitial(at, v, c);
  });
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
