import {
  type ChoicePoint,
  endsAll,
  isBeginning,
  isDrain,
  objectCount,
  objectOf,
  runLineObject,
  StopExecution,
  type Thread,
  type TouchCode,
} from '../../machine/index.ts';
import type { Search } from '../search.ts';
import { History } from './history.ts';
import type { CutLoop } from './loop-prover.ts';
import { Path, threadOn } from './path.ts';
import { Reached, type ReachedState, type ReachedTable } from './reached.ts';
import { Signature } from './signature.ts';
import { Spins } from './spins.ts';
import { fieldsOf, restoreFields, type SearchState } from './state.ts';
import { type Preemptible, Stretches } from './stretches.ts';
import { View, type ViewOptions, valueAt } from './view.ts';

export interface DfsOptions extends ViewOptions {
  /** Preemptions at most: switches away from a lane that could go on. Default: any number. */
  readonly preemptions?: number;
  /**
   * Whether a trace that was seen before is not followed again, by its signature: then the search
   * covers the traces that the bound allows, not each of their interleavings.
   */
  readonly merges?: boolean;
}

/** A point where more than one lane may go on. */
interface Node extends Preemptible {
  mark: number;
  step: number;
  /** Events before it. */
  events: number;
  /** Preemptions before it. */
  used: number;
  /** The signature after each one's next operation; NaN for a local one. */
  readonly after: number[];
}

/** Fields of which no state has a copy. */
const MADE_ANEW = 'point view reached before history signature stretches spins'.split(' ');

/**
 * Depth-first search over all interleavings, or those with few preemptions (Musuvathi and Qadeer,
 * Iterative Context Bounding for Systematic Testing of Multithreaded Programs, PLDI 2007), each one
 * once; or, merging, over the traces that those interleavings show.
 *
 * Merging remembers for each trace of a beginning that ends with a choice, and the lane that ran last,
 * the fewest preemptions that it was reached with, and goes no further where it was reached with as
 * few. So it covers exactly the traces with an interleaving of at most `preemptions` preemptions.
 *
 * Departures. Going on with the running lane's operations that touch nothing is no choice. `halt`,
 * which ends every lane at once, comes when no other lane can step. Merging takes a pending timer
 * interrupt at once, so a machine that raises them by itself is not explored completely. A thread
 * in a spin loop waits: see Spins.
 */
export class Dfs implements Search {
  readonly name: string;
  readonly asksAlways = true;
  traces = 0;
  redundant = 0;

  private readonly preemptions: number;
  readonly merges: boolean;
  private readonly view: View;
  private readonly history = new History();
  private readonly spins: Spins;
  private readonly signature = new Signature();
  private reached = new Reached();
  /** What all parts of the search had reached when this one was last gone on with. */
  private before = new Reached();
  /** Undefined where each interleaving is to be run, or no bound makes preemptions count. */
  private readonly stretches: Stretches | undefined;
  private readonly path = new Path();
  private readonly nodes: Node[] = [];
  private depth = 0;
  /** Nodes that are another search's to explore: see split. */
  private base = 0;
  private used = 0;
  private point: ChoicePoint | undefined;
  /** Whether what came before is known from a state. */
  private isRestored = false;
  private isOpen = false;
  private openLane = -1;
  /** Whether the open event was one of several that might have come next. */
  private isChosen = false;
  private lineBefore = 0;
  private gaveUp = false;
  /** Whether the execution is past what it repeats. */
  private isLive = false;
  private lastMark = 0;
  private lastStep = 0;

  constructor(options: DfsOptions = {}) {
    const { preemptions = Number.POSITIVE_INFINITY, merges = false } = options;
    const base = merges ? 'dpor' : 'dfs';
    this.name = Number.isFinite(preemptions) ? `${base}:${preemptions}` : base;
    this.preemptions = preemptions;
    this.merges = merges;
    this.view = new View(options);
    this.spins = new Spins(options.prover);
    if (merges && Number.isFinite(preemptions)) this.stretches = new Stretches();
  }

  get spinLoops(): readonly string[] {
    return [...this.spins.places];
  }

  get cutLoops(): readonly CutLoop[] {
    return [...this.spins.cut.values()];
  }

  begin(_seed: number, _lanes: number): void {
    this.path.rewind();
    this.spins.rewind();
    this.isLive = false;
    this.isOpen = false;
    this.gaveUp = false;
  }

  choose(point: ChoicePoint): Thread {
    if (this.point !== point) this.start(point);
    const { step } = point;
    this.spins.asked(step);
    if (step < this.path.liveFrom) return this.path.follow(point) as Thread;
    this.isLive = true;
    this.closeEvent(point);
    this.lastMark = this.path.mark;
    this.lastStep = step;
    this.spins.announced(point, this.history);
    if (this.spins.hasLearnt) this.giveUp();
    const thread = this.pick(point);
    this.path.push(step, point.laneOf(thread));
    point.lease = 1;
    return thread;
  }

  private start(point: ChoicePoint): void {
    this.point = point;
    if (this.isRestored) return;
    const { lanes } = point;
    this.signature.clear(lanes, this.merges ? objectCount(point) : 0);
    this.history.clear(lanes, objectCount(point));
    this.spins.clear(lanes);
    this.reached.clear(point.cpus.length);
    this.before = new Reached();
  }

  private giveUp(): never {
    this.stretches?.lose();
    this.gaveUp = true;
    throw new StopExecution();
  }

  private isSpinning(point: ChoicePoint, lane: number): boolean {
    return this.spins.isWaiting(point, lane, this.history);
  }

  private pick(point: ChoicePoint): Thread {
    const first = this.goesFirst(point) ?? this.spins.spinner(point, this.history);
    if (first !== undefined) return first;
    const node = this.nodes[this.depth - 1];
    if (node !== undefined && node.step === point.step) return this.branch(point, node);
    const goesOn = this.depth > 0 && !this.isSpinning(point, point.lane);
    const current = goesOn ? threadOn(point, point.lane) : undefined;
    if (current !== undefined && this.goesOnAlone(point, current)) return current;
    return this.branch(point, this.newNode(point, current));
  }

  /** Threads that must run before anything is known of them; merging, timers too. */
  private goesFirst(point: ChoicePoint): Thread | undefined {
    for (let i = 0; i < point.enabledCount; i++) {
      const thread = point.enabled[i] as Thread;
      if (isBeginning(thread.kind) || (this.merges && thread.id < 0 && !isDrain(thread.kind)))
        return thread;
    }
    return undefined;
  }

  /** Whether this is no choice point for the running thread; if so, its event begins. */
  private goesOnAlone(point: ChoicePoint, current: Thread): boolean {
    if (endsAll(current.kind)) return point.enabledCount === 1;
    if (this.lookAt(point, current) === 0) return true;
    const isChoice = point.enabledCount > 1 && this.used < this.preemptions && this.view.isInFocus;
    if (!isChoice) this.openEvent(point, current, false);
    return !isChoice;
  }

  /** Lists what a thread's operation touches; any of the values it spins for may have freed it. */
  private lookAt(point: ChoicePoint, thread: Thread): number {
    const { view, spins } = this;
    if (view.look(point, thread) === 0) return 0;
    for (const object of spins.watched(point.laneOf(thread), this.history)) view.add(object << 1);
    return view.count;
  }

  private newNode(point: ChoicePoint, current: Thread | undefined): Node {
    const node = this.nodes[this.depth] ?? emptyNode();
    this.nodes[this.depth++] = node;
    const isCurrent = current !== undefined && !endsAll(current.kind);
    node.mark = this.path.mark;
    node.step = point.step;
    node.events = this.history.count;
    node.used = this.used;
    node.current = isCurrent ? point.lane : -1;
    node.at = 0;
    node.lanes.length = 0;
    node.after.length = 0;
    this.stretches?.reach(node, this.nodes[this.depth - 2]);
    this.noteWaiting(point);
    if (isCurrent) this.addBranch(point, node, current);
    for (let i = 0; i < point.enabledCount; i++) {
      const thread = point.enabled[i] as Thread;
      const halts = endsAll(thread.kind) && point.enabledCount > 1;
      const waits = halts || this.isSpinning(point, point.laneOf(thread));
      if (!(isCurrent && thread === current) && !waits) this.addBranch(point, node, thread);
    }
    return node;
  }

  /** Who cannot step now might, if an operation before it came later. */
  private noteWaiting(point: ChoicePoint): void {
    const { stretches, view } = this;
    if (stretches?.areRunning !== true) return;
    for (const { thread } of point.cpus) {
      if (thread === null || point.isEnabled(thread)) continue;
      stretches.touch(view.codes, view.look(point, thread));
    }
  }

  private addBranch(point: ChoicePoint, node: Node, thread: Thread): void {
    const lane = point.laneOf(thread);
    node.lanes.push(lane);
    const { view } = this;
    const isEvent = this.merges && this.lookAt(point, thread) > 0;
    node.after.push(isEvent ? this.signature.after(lane, view.codes, view.count) : Number.NaN);
  }

  /** Takes the branch of a node that is due. */
  private branch(point: ChoicePoint, node: Node): Thread {
    const lane = node.lanes[node.at] as number;
    this.used = usedBy(node, node.at);
    this.stretches?.take(node);
    const thread = threadOn(point, lane) as Thread;
    if (this.lookAt(point, thread) > 0) this.openEvent(point, thread, true);
    return thread;
  }

  private openEvent(point: ChoicePoint, thread: Thread, isChosen: boolean): void {
    const { history, view } = this;
    this.isOpen = true;
    this.isChosen = isChosen;
    this.openLane = point.laneOf(thread);
    this.lineBefore = point.runLine;
    history.open(this.openLane, thread);
    for (let i = 0; i < view.count; i++) {
      const code = view.codes[i] as TouchCode;
      history.touch(code, valueAt(point, objectOf(code)));
    }
  }

  /** The event is over: what it did besides its operation is known now. */
  private closeEvent(point: ChoicePoint): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    this.history.close();
    if (!this.merges) return;
    const { signature, view } = this;
    if (point.runLine !== this.lineBefore) view.add((runLineObject(point.words) << 1) | 1);
    signature.push(this.openLane, view.codes, view.count);
    this.stretches?.perform(this.openLane, view.codes, view.count, this.nodes[this.depth - 1]);
    const { value } = signature;
    if (this.wasReached(value, this.openLane, this.used)) this.giveUp();
    if (this.isChosen) this.reached.add(value, this.openLane, this.used);
  }

  private wasReached(value: number, lane: number, used: number): boolean {
    const { before, reached } = this;
    if (this.preemptions === Number.POSITIVE_INFINITY)
      return before.has(value) || reached.has(value);
    return before.covers(value, lane, used) || reached.covers(value, lane, used);
  }

  resume(): void {
    this.history.truncate(this.history.count);
    this.isOpen = false;
    if (this.isLive) this.path.cut(this.lastMark, this.lastStep);
  }

  next(): boolean {
    const { point } = this;
    if (point === undefined) return false;
    if (this.spins.hasLearnt) return this.startOver(point);
    this.closeAtEnd(point);
    this.noteWaiting(point);
    if (this.isNew()) this.traces++;
    else this.redundant++;
    return this.backtrack();
  }

  /** Whether the execution that is over showed a trace that no other did. */
  private isNew(): boolean {
    if (this.gaveUp || !this.merges) return !this.gaveUp;
    const { value } = this.signature;
    return !this.before.hasEnded(value) && this.reached.end(value);
  }

  /** A spin loop came to light: what was explored is not what it would have been with it known. */
  private startOver(point: ChoicePoint): boolean {
    this.isRestored = false;
    this.start(point);
    this.isOpen = false;
    this.base = 0;
    this.depth = 0;
    this.used = 0;
    this.traces = 0;
    this.redundant = 0;
    this.path.cut(0, 0);
    return true;
  }

  private closeAtEnd(point: ChoicePoint): void {
    try {
      this.closeEvent(point);
    } catch (error) {
      if (!(error instanceof StopExecution)) throw error;
    }
  }

  /** Goes back to the last node with a branch that the bound allows and that is not known. */
  private backtrack(): boolean {
    for (; this.depth > this.base; this.depth--) {
      const node = this.nodes[this.depth - 1] as Node;
      while (++node.at < node.lanes.length) {
        const used = usedBy(node, node.at);
        if (used > this.preemptions) continue;
        if (this.isKnown(node, used)) continue;
        this.history.truncate(node.events);
        if (this.merges) this.signature.truncate(node.events);
        this.path.cut(node.mark, node.step);
        return true;
      }
    }
    return false;
  }

  /** Whether the branch of a node that is due would show nothing new. */
  private isKnown(node: Node, used: number): boolean {
    if (!this.merges) return false;
    if (this.stretches?.isSame(node) === true) return true;
    const { lanes, after, at } = node;
    if (!this.wasReached(after[at] as number, lanes[at] as number, used)) return false;
    this.stretches?.pass(node);
    return true;
  }

  save(): SearchState {
    return { ...this.saveAlone(), reached: this.reached.save() };
  }

  /** Without what was reached, which parts of a search have in common; and the first nodes only. */
  private saveAlone(depth = this.depth): SearchState {
    const { history, signature, spins } = this;
    const nodes = this.nodes.slice(0, depth);
    return {
      ...fieldsOf({ ...this, nodes }, MADE_ANEW),
      history: history.save(),
      signature: signature.save(),
      spins: spins.save(),
    };
  }

  restore({ reached, history, signature, spins, ...fields }: SearchState): void {
    restoreFields(this, fields);
    this.history.restore(history as SearchState);
    this.signature.restore(signature as SearchState);
    this.spins.restore(spins as SearchState);
    if (reached !== undefined) this.reached.restore(reached as ReachedState);
    this.isRestored = this.depth > 0;
  }

  /** Before a part of a merging search is gone on with: what all parts have reached so far. */
  knows(table: ReachedTable): void {
    this.before = Reached.of(table);
    this.reached.clear(table.lanes);
  }

  /** What this part of a merging search has reached since. */
  get news(): ReachedState {
    return this.reached.save();
  }

  /** The states of searches that together explore what is left, at most `most`, in search order. */
  divide(most: number): SearchState[] {
    const given: SearchState[] = [];
    for (let parts = most; parts > 1; parts--) {
      const state = this.split(parts);
      if (state !== undefined) given.unshift(state);
    }
    return [this.saveAlone(), ...given];
  }

  /**
   * Gives away the branches at the points nearest to the root that have any left, all of which come
   * behind what stays: the state of a search that explores those and nothing else. To be called
   * between two executions. Answers undefined where there is nothing to give.
   *
   * @param parts gives one in so many of the points, or else one point
   */
  split(parts = Number.POSITIVE_INFINITY): SearchState | undefined {
    const open: number[] = [];
    for (let i = this.base; i < this.depth; i++) {
      const { lanes, at } = this.nodes[i] as Node;
      if (at + 1 < lanes.length) open.push(i);
    }
    for (let end = 0; end < open.length; ) {
      end += Math.max(1, Math.ceil((open.length - end) / parts));
      const [first, last] = [open[0] as number, open[end - 1] as number];
      const other = new Dfs({ preemptions: this.preemptions, merges: this.merges });
      other.restore(this.saveAlone(last + 2));
      other.take(first, last, this);
      for (let i = first; i <= last; i++) dropBranches(this.nodes[i] as Node);
      if (other.backtrack()) return other.saveAlone();
    }
    return undefined;
  }

  /** Keeps the branches that are left at some nodes, and nothing else. */
  private take(first: number, last: number, from: Dfs): void {
    const node = this.nodes[last] as Node;
    this.traces = 0;
    this.redundant = 0;
    this.base = first;
    this.depth = last + 1;
    this.before = from.before;
    this.reached = from.reached;
    this.stretches?.leave(node, last + 1 < from.depth ? this.nodes[last + 1] : undefined);
    node.lanes.splice(0, node.at + 1);
    node.after.splice(0, node.at + 1);
    node.at = -1;
  }

  get estimate(): number {
    if (this.merges) return Number.NaN;
    let weight = 1;
    let seen = 0;
    for (let i = this.base; i < this.depth; i++) {
      const { at, lanes } = this.nodes[i] as Node;
      seen += (weight * at) / lanes.length;
      weight /= lanes.length;
    }
    return this.depth === this.base ? this.traces : Math.round(this.traces / (seen + weight));
  }
}

/** Forgets the branches that are left. */
function dropBranches({ lanes, after, at }: Node): void {
  lanes.length = at + 1;
  after.length = at + 1;
}

function usedBy(node: Node, at: number): number {
  return node.current >= 0 && node.lanes[at] !== node.current ? node.used + 1 : node.used;
}

function emptyNode(): Node {
  return {
    mark: 0,
    step: 0,
    events: 0,
    used: 0,
    current: -1,
    lanes: [],
    at: 0,
    after: [],
    own: [],
    running: [],
    touched: new Map(),
    later: undefined,
  };
}
