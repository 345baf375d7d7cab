import type { TouchCode } from '../../machine/index.ts';
import type { Branch, Step } from './wakeup-tree.ts';

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
  const sleepers = sleep.map((step) => ({ ...step, next: [] }));
  return {
    lane,
    codes: [...codes],
    done,
    sleep: pack(sleepers),
    tree: pack(tree),
    follow: pack(follow),
  };
}

export function unpackNode({ lane, codes, done, sleep, tree, follow }: PackedNode): Node {
  return { lane, codes, done, sleep: unpack(sleep), tree: unpack(tree), follow: unpack(follow) };
}

/** Each branch as its lane, inverted if elsewhere, how many codes and branches follow, and these. */
function pack(tree: readonly Branch[]): number[] {
  const flat: number[] = [];
  const rest = [...tree].reverse();
  for (let branch = rest.pop(); branch !== undefined; branch = rest.pop()) {
    const { lane, codes, next, elsewhere } = branch;
    flat.push(elsewhere === true ? ~lane : lane, codes.length, next.length, ...codes);
    for (let i = next.length - 1; i >= 0; i--) rest.push(next[i] as Branch);
  }
  return flat;
}

function unpack(flat: readonly number[]): Branch[] {
  const tree: Branch[] = [];
  /** Branches that wait for what follows them, and for how many more. */
  const open: { next: Branch[]; missing: number }[] = [];
  for (let at = 0; at < flat.length; ) {
    const [lane = 0, codes = 0, missing = 0] = flat.slice(at, at + 3);
    const [own, elsewhere] = lane < 0 ? [~lane, true] : [lane, false];
    const branch: Branch = {
      lane: own,
      codes: flat.slice(at + 3, at + 3 + codes),
      next: [],
      elsewhere,
    };
    at += 3 + codes;
    const parent = open.at(-1);
    (parent?.next ?? tree).push(branch);
    if (parent !== undefined && --parent.missing === 0) open.pop();
    if (missing > 0) open.push({ next: branch.next, missing });
  }
  return tree;
}
