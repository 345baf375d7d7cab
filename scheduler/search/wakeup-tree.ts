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

/**
 * Steps that follow each other with no other branch in between: one object for all of them, with a
 * list that others may share. Plans are long and branch seldom.
 */
class Run implements Branch {
  readonly lane: number;
  readonly codes: readonly TouchCode[];
  private readonly list: readonly Step[];
  private readonly from: number;
  private to: number;
  /** What follows the last step; left out behind a leaf. */
  private grown: Branch[] | undefined;

  constructor(list: readonly Step[], from: number, to: number, grown: Branch[] | undefined) {
    const { lane, codes } = list[from] as Step;
    this.lane = lane;
    this.codes = codes;
    this.list = list;
    this.from = from;
    this.to = to;
    this.grown = grown;
  }

  /** The run ends behind its first step from now on. */
  get next(): Branch[] {
    if (this.to > this.from + 1) this.split(this.from + 1);
    this.grown ??= [];
    return this.grown;
  }

  get steps(): readonly Step[] {
    return this.list.slice(this.from, this.to);
  }

  /** What follows its last step. */
  get branches(): readonly Branch[] {
    return this.grown ?? [];
  }

  /**
   * Takes steps out of `v`, which begins with the first of them, as far as it goes: see `insert`.
   *
   * @returns where to go on: another level, or none if that is settled
   */
  follow(v: number[], c: Events): Branch[] | undefined {
    const { list, to } = this;
    for (let at = this.from + 1; at < to; at++) {
      if (!takes(list[at] as Step, v, c)) return this.split(at);
    }
    // A leaf stands for everything that begins with it.
    return this.grown?.length === 0 ? undefined : this.grown;
  }

  /** Ends the run before one of its steps; what follows then begins with the rest. */
  private split(at: number): Branch[] {
    this.grown = [new Run(this.list, at, this.to, this.grown)];
    this.to = at;
    return this.grown;
  }
}

/** The first of a run of steps; none follows the last. */
export function runOf(steps: readonly Step[]): Branch {
  return new Run(steps, 0, steps.length, undefined);
}

/** A branch with all that follows as far as there is but one, and what comes then. */
export function stretchOf(branch: Branch): {
  readonly steps: readonly Step[];
  readonly next: readonly Branch[];
} {
  if (branch instanceof Run) return { steps: branch.steps, next: branch.branches };
  return { steps: [branch], next: branch.next };
}

/** Events that sequences are made of, by number. */
export interface Events {
  laneOf(e: number): number;
  /** Its lane, and what it touches; those that are alike may be one object. */
  stepOf(e: number): Step;
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
  for (let i = 0; i < v.length; i++) if (!c.commutes(codes, v[i] as number)) return 'none';
  return 'commutes';
}

/**
 * Inserts the sequence `v`, which it uses up, unless the tree has an equal or a shorter one
 * (definition 6.6); answers whether it had not. Must not be called where a step that sleeps is a weak
 * initial of `v`.
 */
export function insert(tree: Branch[], v: number[], c: Events): boolean {
  for (let level = tree; ; ) {
    const branch = whichTakes(level, v, c);
    if (branch === undefined) {
      if (v.length > 0) level.push(runOf(v.map((e) => c.stepOf(e))));
      return true;
    }
    const next = branch instanceof Run ? branch.follow(v, c) : branch.next;
    if (next === undefined || next.length === 0) return false;
    level = next;
  }
}

function whichTakes(level: readonly Branch[], v: number[], c: Events): Branch | undefined {
  for (let i = 0; i < level.length; i++) {
    if (takes(level[i] as Branch, v, c)) return level[i];
  }
  return undefined;
}

/** Whether `v` can be told with this step first; if so, and it is in `v`, takes it out. */
function takes(step: Step, v: number[], c: Events): boolean {
  const relation = relationTo(step, v, c);
  if (relation === 'leads') remove(v, firstOf(step.lane, v, c));
  return relation !== 'none';
}

function remove(v: number[], at: number): void {
  for (let i = at + 1; i < v.length; i++) v[i - 1] = v[i] as number;
  v.pop();
}

/**
 * How the steps that sleep at a node see the sequence `v`, which leads up to the event `end`.
 * `settled`: one of the steps up to there with which it can begin sleeps, so it is planned for, or
 * done with, whatever comes behind `end`. `known`: one that sleeps is a weak initial of it, but a step
 * behind `end` or one that only commutes with it, which says nothing of executions in which it must
 * come later. Else `new`.
 */
export function standingOf(
  sleep: readonly Step[],
  v: readonly number[],
  end: number,
  c: Events,
): 'settled' | 'known' | 'new' {
  let isKnown = false;
  for (let i = 0; i < sleep.length; i++) {
    const step = sleep[i] as Step;
    const relation = relationTo(step, v, c);
    if (relation === 'none') continue;
    if (relation === 'leads' && (v[firstOf(step.lane, v, c)] as number) <= end) return 'settled';
    isKnown = true;
  }
  return isKnown ? 'known' : 'new';
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
