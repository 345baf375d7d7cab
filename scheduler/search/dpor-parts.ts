import { Chain } from './chain.ts';
import { type Division, OPERATIONS, type PartResult, type PartTask } from './division.ts';
import type { DporState, Request } from './dpor.ts';
import { type CutLoop, withCutLoops } from './loop-prover.ts';
import { finish, type Node, packNode, takeBranch, unpackNode } from './node.ts';
import type { SearchState } from './state.ts';
import { type Branch, insert, relationTo, type Step } from './wakeup-tree.ts';

/** A part of the search, between two slices of it. */
interface Part {
  /** Who has the nodes before `base`; those that it has itself are copies. */
  parent: Part | undefined;
  readonly base: number;
  /** invariant: the last one has its next branch, or none and lane -1; all others were explored from. */
  nodes: Node[];
  unsettled: readonly (readonly number[])[];
  /** Parts beneath it; each hangs on the node before its base, which must stay. */
  readonly children: Set<Part>;
  /** Whether it was never begun: then it is the whole search, and has no nodes. */
  isNew: boolean;
}

/** Parts that are made, if there is something to make them of. */
const PARTS = 16;
/** Redundant executions by traces from which on no further parts are made. */
const REDUNDANT_MAX = 1 / 8;

/**
 * Shares out a dpor. Parts are explored beside each other; what they want of each other is passed on
 * when all are at rest.
 *
 * What is beneath a node can be given away: the branch that leads there then sleeps, as it would
 * were it finished. The node stays until the other part has ended, for a race there may want a
 * sequence explored from it. Such a sequence is dropped if it can begin with a step that sleeps or
 * with the branch that is being explored: whoever explores a branch explores all that begins with it,
 * and needs the sequence only as a hint. So each trace is explored once, as in one search.
 */
export class DporParts implements Division {
  traces = 0;
  redundant = 0;
  cutLoops: readonly CutLoop[] = [];
  /** In the order of the whole. */
  private parts: Part[] = [newPart(undefined, 0, [])];
  private running: Part[] = [];
  private places: readonly string[] = [];

  get isComplete(): boolean {
    return this.parts.length === 0;
  }

  tasks(most: number): readonly PartTask[] {
    this.running = this.parts.filter(isReady).slice(0, most);
    return this.running.map((part) => ({
      state: { ...this.stateOf(part) },
      parts: 1,
      operations: OPERATIONS,
    }));
  }

  take(results: readonly PartResult[]): void {
    const requests: [Part, Request][] = [];
    for (const [i, result] of results.entries()) {
      const { rest, startsOver, traces, redundant } = result;
      if (startsOver) {
        this.parts = [newPart(undefined, 0, [])];
        [this.traces, this.redundant, requests.length] = [0, 0, 0];
        this.cutLoops = [];
      }
      this.cutLoops = withCutLoops(this.cutLoops, result.cutLoops);
      this.traces += traces;
      this.redundant += redundant;
      const state = rest[0] as SearchState & DporState;
      const part = (startsOver ? this.parts[0] : this.running[i]) as Part;
      part.isNew = false;
      const own = state.nodes.slice(part.base).map(unpackNode);
      part.nodes = [...part.nodes.slice(0, part.base), ...own];
      part.unsettled = state.unsettled;
      this.places = state.places;
      for (const request of state.requests) requests.push([part, request]);
    }
    for (const [part, request] of requests) grant(part, request);
    this.tidy();
    this.divide();
  }

  /** Wakes parts that were asked for something, and ends those that are done. */
  private tidy(): void {
    for (let changed = true; changed; ) {
      changed = false;
      for (const part of [...this.parts]) {
        if (isReady(part)) continue;
        if (part.nodes.length > part.base && advance(part)) continue;
        const { parent } = part;
        if (part.nodes.length === part.base) {
          this.parts.splice(this.parts.indexOf(part), 1);
          parent?.children.delete(part);
          changed = true;
          continue;
        }
        // What it waits for is left behind, to go on nearer to the root.
        const at = part.nodes.findLastIndex(({ tree }, k) => k >= part.base && tree.length > 0);
        if (at >= 0) this.giveAway(part, at);
      }
    }
  }

  /** Makes more parts if there are few: of what is nearest to the root, which is most. */
  private divide(): void {
    if (this.redundant > this.traces * REDUNDANT_MAX) return;
    let ready = this.parts.filter(isReady).length;
    for (let grew = true; grew && ready < PARTS; ) {
      grew = false;
      for (const part of this.parts.filter(isReady)) {
        const last = part.nodes.length - 1;
        const at = part.nodes.findIndex(({ tree }, k) => k >= part.base && tree.length > 0);
        if (at < 0 || at >= last || ready >= PARTS) continue;
        this.giveAway(part, at);
        ready++;
        grew = true;
      }
    }
  }

  /** Makes a part of its own of what is beneath the current branch of a node, and goes to the next branch. */
  private giveAway(part: Part, at: number): void {
    const way = part.nodes.slice(0, at + 1).map((node) => ({ ...node }));
    const child = newPart(part, at + 1, [...way, ...part.nodes.slice(at + 1)]);
    child.unsettled = part.unsettled;
    child.isNew = false;
    for (const other of part.children) {
      if (other.base <= child.base) continue;
      part.children.delete(other);
      child.children.add(other);
      other.parent = child;
    }
    part.children.add(child);
    part.nodes.length = at + 1;
    part.unsettled = part.unsettled.slice(0, at);
    const node = part.nodes[at] as Node;
    finish(node, node.codes);
    node.sleep = node.sleep.map((step) => ({ ...step, elsewhere: true }));
    advance(part);
    this.parts.splice(this.parts.indexOf(part), 0, child);
  }

  /** By the part of the tree that is explored, each branch of a node taken for as large as the others. */
  get estimate(): number {
    const left = this.parts.reduce((sum, part) => sum + weightOf(part), 0);
    return left < 1 ? Math.round(this.traces / (1 - left)) : Number.NaN;
  }

  private stateOf(part: Part): DporState {
    const { base, nodes, unsettled } = part;
    return {
      base,
      pinned: pinnedOf(part),
      nodes: [...foreign(part), ...nodes.slice(base)].map(packNode),
      unsettled,
      places: this.places,
      traces: 0,
      redundant: 0,
      requests: [],
    };
  }

  save(): SearchState {
    const parts = this.parts.map((part) => ({
      ...this.stateOf(part),
      parent: part.parent === undefined ? -1 : this.parts.indexOf(part.parent),
      isNew: part.isNew,
    }));
    const { places, traces, redundant, cutLoops } = this;
    return { parts, places, traces, redundant, cutLoops };
  }

  restore(state: SearchState): void {
    const { parts, ...fields } = state;
    Object.assign(this, fields);
    const saved = parts as (DporState & { parent: number; isNew: boolean })[];
    this.parts = saved.map(({ base, nodes, unsettled, isNew }) => {
      const part = newPart(undefined, base, nodes.map(unpackNode));
      return Object.assign(part, { unsettled, isNew });
    });
    for (const [i, { parent }] of saved.entries()) {
      const [part, above] = [this.parts[i] as Part, this.parts[parent]];
      part.parent = above;
      above?.children.add(part);
    }
  }
}

function newPart(parent: Part | undefined, base: number, nodes: Node[]): Part {
  return { parent, base, nodes, unsettled: [], children: new Set(), isNew: true };
}

/** Whether it has a branch to go on with. */
function isReady({ isNew, base, nodes }: Part): boolean {
  return isNew || (nodes.length > base && (nodes.at(-1) as Node).lane >= 0);
}

/** The last of its nodes that must stay; -1 for none. */
function pinnedOf({ children }: Part): number {
  let pinned = -1;
  for (const { base } of children) pinned = Math.max(pinned, base - 1);
  return pinned;
}

/** Of a part without a branch: goes back to the last node with one, if those behind it need not stay. */
function advance(part: Part): boolean {
  const { nodes, base } = part;
  const pinned = pinnedOf(part);
  for (let node = nodes.at(-1) as Node; !takeBranch(node); node = nodes.at(-1) as Node) {
    if (nodes.length - 1 === pinned) return false;
    nodes.pop();
    if (nodes.length === base) return false;
    const above = nodes.at(-1) as Node;
    finish(above, above.codes);
  }
  part.unsettled = part.unsettled.slice(0, nodes.length - 1);
  return true;
}

/** Inserts what a part wants explored, where that is. */
function grant(part: Part, { node: at, sequence, steps }: Request): void {
  let owner = part;
  while (owner.base > at) owner = owner.parent as Part;
  const { known, tree } = outlook(owner, at);
  const chain = new Chain(sequence, steps);
  if (known.some((step) => relationTo(step, sequence, chain) !== 'none')) return;
  const { length } = tree;
  insert(tree, [...sequence], chain);
  (owner.nodes[at] as Node).tree.push(...tree.slice(length));
}

/**
 * What is known of a node: the steps that sleep there or are being explored, and what is still to be,
 * with the branch that is next.
 */
function outlook({ nodes }: Part, at: number): { known: Step[]; tree: Branch[] } {
  const { lane, codes, sleep, tree, follow } = nodes[at] as Node;
  if (lane < 0) return { known: sleep, tree: [...tree] };
  if (at < nodes.length - 1)
    return { known: [...sleep, { lane, codes, elsewhere: true }], tree: [...tree] };
  return { known: sleep, tree: [{ lane, codes, next: follow }, ...tree] };
}

/** Nodes of others as a part needs them: its own way, and what is known of each. */
function foreign(part: Part): Node[] {
  const nodes = part.nodes.slice(0, part.base);
  for (let below = part; below.parent !== undefined; below = below.parent) {
    const above = below.parent;
    for (let at = above.base; at < below.base; at++) {
      const { sleep } = above.nodes[at] as Node;
      const seen =
        at < below.base - 1 ? { known: sleep, tree: above.nodes[at]?.tree } : outlook(above, at);
      nodes[at] = { ...(nodes[at] as Node), sleep: seen.known, tree: seen.tree ?? [] };
    }
  }
  return nodes;
}

/** The part of the whole tree that a part has still to explore. */
function weightOf(part: Part): number {
  let weight = 1;
  let left = 0;
  for (const at of part.nodes.keys()) {
    let owner = part;
    while (owner.base > at) owner = owner.parent as Part;
    const { done, tree } = owner.nodes[at] as Node;
    weight /= done + 1 + tree.length;
    if (owner === part) left += weight * tree.length;
  }
  return isReady(part) ? left + weight : left;
}
