import type { TouchCode } from '../../machine/index.ts';
import { StepTable } from './step-table.ts';
import { type Branch, runOf, type Step, stretchOf } from './wakeup-tree.ts';

/** A point of the current execution where an event was chosen; node n is before event n. */
export interface Node {
  /** Lane of event n; -1 when there is no branch left. */
  lane: number;
  /** What event n touches, as far as is known before it happens. */
  codes: readonly TouchCode[];
  /** Lanes whose next operation need not go first: those that did, and what was inherited. */
  sleep: Step[];
  /** What is still to be explored from here, after the branch that is being explored. */
  tree: Branch[];
  /** What must follow the current branch. */
  follow: Branch[];
  /** Branches that are finished. */
  done: number;
}

/** Takes the next branch of a node; answers whether there was one. */
export function takeBranch(node: Node): boolean {
  const branch = node.tree.shift();
  node.lane = branch?.lane ?? -1;
  node.codes = branch?.codes ?? [];
  node.follow = branch?.next ?? [];
  if (branch === undefined) return false;
  node.done++;
  return true;
}

/**
 * Puts the current branch, which touches these, among those that sleep. Steps that only commute with it
 * may be told of in vain while another branch of the node is explored elsewhere, for what that one
 * wants explored comes late: it may stand in the way. So the branch counts as one of those.
 */
export function finish({ lane, sleep }: Node, codes: readonly TouchCode[]): void {
  sleep.push({ lane, codes, elsewhere: sleep.some(({ elsewhere }) => elsewhere === true) });
}

/** A node as plain data: flat, for trees are deep. */
export interface PackedNode {
  readonly lane: number;
  readonly codes: readonly TouchCode[];
  readonly done: number;
  readonly sleep: readonly number[];
  readonly tree: readonly number[];
  readonly follow: readonly number[];
}

export function packNode(node: Node): PackedNode {
  const { lane, codes, done, sleep, tree, follow } = node;
  const sleepers: number[] = [];
  for (const step of sleep) packStep(sleepers, step, 0);
  return {
    lane,
    codes: [...codes],
    done,
    sleep: sleepers,
    tree: pack(tree),
    follow: pack(follow),
  };
}

export function unpackNode({ lane, codes, done, sleep, tree, follow }: PackedNode): Node {
  const known = new StepTable();
  return {
    lane,
    codes: [...codes],
    done,
    sleep: unpackSteps(sleep),
    tree: unpack(tree, known),
    follow: unpack(follow, known),
  };
}

/** Each branch as its lane, inverted if elsewhere, how many codes and branches follow, and these. */
function pack(tree: readonly Branch[]): number[] {
  const flat: number[] = [];
  const rest = [...tree].reverse();
  for (let branch = rest.pop(); branch !== undefined; branch = rest.pop()) {
    const { steps, next } = stretchOf(branch);
    const last = steps.length - 1;
    for (const [i, step] of steps.entries()) packStep(flat, step, i < last ? 1 : next.length);
    for (let i = next.length - 1; i >= 0; i--) rest.push(next[i] as Branch);
  }
  return flat;
}

function packStep(flat: number[], { lane, codes, elsewhere }: Step, branches: number): void {
  flat.push(elsewhere === true ? ~lane : lane, codes.length, branches, ...codes);
}

function unpackSteps(flat: readonly number[]): Step[] {
  const steps: Step[] = [];
  for (let at = 0; at < flat.length; ) {
    const lane = flat[at] as number;
    const end = at + 3 + (flat[at + 1] as number);
    const codes = flat.slice(at + 3, end);
    steps.push(lane < 0 ? { lane: ~lane, codes, elsewhere: true } : { lane, codes });
    at = end;
  }
  return steps;
}

function unpack(flat: readonly number[], known: StepTable): Branch[] {
  const tree: Branch[] = [];
  /** Branches that wait for what follows them, and for how many more. */
  const open: { next: Branch[]; missing: number }[] = [];
  let run: number[] = [];
  for (let at = 0; at < flat.length; ) {
    const end = at + 3 + (flat[at + 1] as number);
    const missing = flat[at + 2] as number;
    run.push(known.numberOf(flat[at] as number, flat, at + 3, end));
    at = end;
    if (missing === 1) continue;
    const next: Branch[] = [];
    const parent = open.at(-1);
    (parent?.next ?? tree).push(missing === 0 ? runOf(known, run) : chained(known, run, next));
    run = [];
    if (parent !== undefined && --parent.missing === 0) open.pop();
    if (missing > 0) open.push({ next, missing });
  }
  return tree;
}

/** The first branch of a run of steps, behind the last of which there are several. */
function chained({ steps }: StepTable, run: readonly number[], next: Branch[]): Branch {
  let branch: Branch | undefined;
  for (const number of [...run].reverse()) {
    const { lane, codes } = steps[number] as Step;
    branch = { lane, codes, next: branch === undefined ? next : [branch] };
  }
  return branch as Branch;
}
