import type { TouchCode } from '../../machine/index.ts';

/** The next operation of a lane, and what it touches. */
export interface Step {
  readonly lane: number;
  readonly codes: readonly TouchCode[];
  /**
   * Of a step that sleeps: whether what begins with it is explored elsewhere, and what is found there
   * is not told here in time.
   */
  readonly elsewhere?: boolean;
}

/** A step that some trace still to be seen begins with, and the steps that must follow it. */
export interface Branch extends Step {
  readonly next: Branch[];
}

/** Events that sequences are made of, by number. */
export interface Events {
  laneOf(e: number): number;
  codesOf(e: number): TouchCode[];
  /** Whether `a`, which is earlier, happens before `b`. */
  precedes(a: number, b: number): boolean;
  /** Whether an operation that touches these commutes with an event of another lane. */
  commutes(codes: readonly TouchCode[], e: number): boolean;
}

/**
 * How an operation relates to the trace `v`: `leads` if it is in it and nothing in it must come
 * before, `commutes` if it is not in it and commutes with all of it. In both cases it is a weak
 * initial of `v` (JACM 64(4), definition 5.3): some execution that begins with it has `v` in it.
 */
export type Relation = 'leads' | 'commutes' | 'none';

export function relationTo(
  { lane, codes, elsewhere }: Step,
  v: readonly number[],
  c: Events,
): Relation {
  const at = firstOf(lane, v, c);
  if (at >= 0) return isInitial(at, v, c) ? 'leads' : 'none';
  // That others come upon `v` behind it would only help here if they told.
  if (elsewhere === true) return 'none';
  return v.every((e) => c.commutes(codes, e)) ? 'commutes' : 'none';
}

/**
 * Inserts the sequence `v`, which it uses up, unless the tree has an equal or a shorter one
 * (definition 6.6); answers whether it had not. Must not be called where a step that sleeps is a weak
 * initial of `v`.
 */
export function insert(tree: Branch[], v: number[], c: Events): boolean {
  for (let level = tree; ; ) {
    const branch = level.find((b) => takes(b, v, c));
    if (branch === undefined) {
      append(level, v, c);
      return true;
    }
    // A leaf stands for everything that begins with it.
    if (branch.next.length === 0) return false;
    level = branch.next;
  }
}

/** Whether `v` can be told with this branch first; if so, and it is in `v`, takes it out. */
function takes(branch: Branch, v: number[], c: Events): boolean {
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
  steps: readonly Step[],
  v: readonly number[],
  end: number,
  c: Events,
): boolean {
  return steps.some((step) => {
    const at = firstOf(step.lane, v, c);
    return at >= 0 && (v[at] as number) <= end && isInitial(at, v, c);
  });
}

function append(level: Branch[], v: readonly number[], c: Events): void {
  let last = level;
  for (const e of v) {
    const branch: Branch = { lane: c.laneOf(e), codes: c.codesOf(e), next: [] };
    last.push(branch);
    last = branch.next;
  }
}

function firstOf(lane: number, v: readonly number[], c: Events): number {
  for (let i = 0; i < v.length; i++) if (c.laneOf(v[i] as number) === lane) return i;
  return -1;
}

function isInitial(at: number, v: readonly number[], c: Events): boolean {
  const e = v[at] as number;
  for (let i = 0; i < at; i++) if (c.precedes(v[i] as number, e)) return false;
  return true;
}
