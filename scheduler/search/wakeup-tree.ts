import type { TouchCode } from '../../machine/index.ts';
import type { StepTable } from './step-table.ts';

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
  /** Steps by number, and the numbers in a row: a string has a byte or two for each, a list eight. */
  private readonly known: readonly Step[];
  private readonly row: string;
  private readonly from: number;
  private to: number;
  /** What follows the last step; left out behind a leaf. */
  private grown: Branch[] | undefined;

  constructor(known: readonly Step[], row: string, from: number, to: number, next?: Branch[]) {
    this.known = known;
    this.row = row;
    this.from = from;
    this.to = to;
    this.grown = next;
  }

  get first(): Step {
    return this.at(this.from);
  }

  private at(i: number): Step {
    return this.known[this.row.charCodeAt(i)] as Step;
  }

  get lane(): number {
    return this.first.lane;
  }

  get codes(): readonly TouchCode[] {
    return this.first.codes;
  }

  /** The run ends behind its first step from now on. */
  get next(): Branch[] {
    const { from, to, grown = [] } = this;
    this.grown = grown;
    if (to > from + 1) this.split(from + 1);
    return this.grown;
  }

  get steps(): readonly Step[] {
    const steps: Step[] = [];
    for (let i = this.from; i < this.to; i++) steps.push(this.at(i));
    return steps;
  }

  /** What follows its last step. */
  get branches(): readonly Branch[] {
    return this.grown ?? [];
  }

  /**
   * Takes the steps behind the first out of `v`, as far as it goes, and inserts what is left where
   * that parts from them. See `insert`.
   *
   * @returns the level where to go on, or whether that was new
   */
  follow(v: number[], c: Events): Branch[] | boolean {
    const { to, grown } = this;
    for (let i = this.from + 1; i < to; i++) {
      if (takes(this.at(i), v, c)) continue;
      this.split(i, branchOf(v, c));
      return true;
    }
    // A leaf stands for everything that begins with it.
    return grown === undefined || grown.length === 0 ? false : grown;
  }

  /** Ends the run before one of its steps; what follows then begins with the rest, and what is new. */
  private split(at: number, added?: Branch): void {
    const rest = new Run(this.known, this.row, at, this.to, this.grown);
    // As many places as are needed now: adding to an array makes sixteen more.
    this.grown = added === undefined ? [rest] : [rest, added];
    this.to = at;
  }
}

/** Steps in one string at most, and numbers that its units can hold. */
const ROW_MAX = 8192;
const NUMBERS_MAX = 0x10000;

/** The first of a run of steps, given by their numbers in a table; nothing follows the last. */
export function runOf({ steps }: StepTable, numbers: readonly number[]): Branch {
  let branch: Branch | undefined;
  for (let to = numbers.length; to > 0; ) {
    const from = to > ROW_MAX ? to - ROW_MAX : 0;
    const row = to === numbers.length && from === 0 ? numbers : numbers.slice(from, to);
    const next = branch === undefined ? undefined : [branch];
    const isShort = row.every((number) => number < NUMBERS_MAX);
    branch = isShort
      ? new Run(steps, String.fromCharCode(...row), 0, row.length, next)
      : new Run(
          row.map((n) => steps[n] as Step),
          String.fromCharCode(...row.keys()),
          0,
          row.length,
          next,
        );
    to = from;
  }
  return branch as Branch;
}

/** The events of `v` as a branch. */
function branchOf(v: readonly number[], c: Events): Branch {
  return runOf(
    c.known,
    v.map((e) => c.numberOf(e)),
  );
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
  /** The step that it is, by its number in a table. */
  numberOf(e: number): number;
  readonly known: StepTable;
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
  // Another part explores `v` behind it, but its result does not reach this part.
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
      if (v.length > 0) level.push(branchOf(v, c));
      return true;
    }
    const next = branch instanceof Run ? branch.follow(v, c) : branch.next;
    if (typeof next === 'boolean') return next;
    if (next.length === 0) return false;
    level = next;
  }
}

function whichTakes(level: readonly Branch[], v: number[], c: Events): Branch | undefined {
  for (let i = 0; i < level.length; i++) {
    const branch = level[i] as Branch;
    if (takes(branch instanceof Run ? branch.first : branch, v, c)) return branch;
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
