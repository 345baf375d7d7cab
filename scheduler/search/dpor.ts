import {
  type ChoicePoint,
  canWait,
  endsAll,
  isDrain,
  objectCount,
  objectOf,
  runLineObject,
  StopExecution,
  type Thread,
  type TouchCode,
} from '../../machine/index.ts';
import type { Search } from '../search.ts';
import { Causality } from './causality.ts';
import { Drains } from './drains.ts';
import type { CutLoop } from './loop-prover.ts';
import { finish, type Node, type PackedNode, packNode, takeBranch, unpackNode } from './node.ts';
import { Path, threadOn } from './path.ts';
import { Spins } from './spins.ts';
import type { SearchState } from './state.ts';
import { View, type ViewOptions, valueAt } from './view.ts';
import { insert, type Step, standingOf } from './wakeup-tree.ts';

/**
 * What a search has left to explore, or a part of one: plain data. Nodes before `base` are another
 * part's: what is to be explored from there is asked for. The last node stays up to `pinned`, because
 * other parts are beneath it.
 */
export interface DporState {
  base: number;
  pinned: number;
  /** The last is about to take its branch, or has none left. */
  nodes: readonly PackedNode[];
  /** See Dpor.unsettled, of the events of all nodes but the last. */
  unsettled: readonly (readonly number[])[];
  /** Places of spin loops. */
  places: readonly string[];
  traces: number;
  redundant: number;
  /** Made since it was restored. */
  requests: readonly Request[];
}

/** A sequence that a part wants explored from a node of another. */
export interface Request {
  readonly node: number;
  /** Numbers of the events in it, and these. */
  readonly sequence: readonly number[];
  readonly steps: readonly Step[];
}

/**
 * Dynamic partial-order reduction: one execution of each Mazurkiewicz trace, none twice.
 *
 * Optimal-DPOR with sleep sets and wake-up trees (Abdulla, Aronis, Jonsson, Sagonas, Source Sets: A
 * Foundation for Optimal Dynamic Partial Order Reduction, JACM 64(4), 2017, algorithm 2). When an
 * execution is over, each race in it that could be the other way round adds the shortest-known
 * beginning of a trace in which it is to the node where it must part.
 *
 * Departures. An operation that touches nothing is no event and runs as soon as it is announced.
 * Operations that wait (locks, semaphores, conditions, `wfi`) race with what made them wait, and
 * those that wait for ever when an execution ends race, too: see Causality.races. A race that was
 * looked at in an execution before is looked at again only while it is not settled. `halt`, which
 * ends every lane at once, comes when no other lane can step. Timer interrupts are no events either:
 * one that is pending is taken at once, so a machine that raises them by itself is not explored
 * completely. A thread in a spin loop waits: see Spins.
 */
export class Dpor implements Search {
  readonly name = 'dpor';
  readonly asksAlways = true;
  traces = 0;
  redundant = 0;

  private readonly events = new Causality();
  private readonly path = new Path();
  private readonly nodes: Node[] = [];
  /** By node: where the path stood and how many steps had been taken. */
  private readonly marks: number[] = [];
  private readonly steps: number[] = [];
  private depth = 0;
  /** See DporState. */
  private base = 0;
  private pinned = -1;
  private requests: Request[] = [];
  /** First event that no execution before had. */
  private fresh = 0;
  /** By event: those it races with whose reversal may depend on what comes behind. */
  private readonly unsettled: number[][] = [];
  private point: ChoicePoint | undefined;
  /** Whether the last event is still open, and the run line before it. */
  private isOpen = false;
  private lineBefore = 0;
  private gaveUp = false;
  /** Whether the execution is past what it repeats. */
  private isLive = false;
  /** Where the last question stood: see resume. */
  private lastMark = 0;
  private lastStep = 0;
  private readonly view: View;
  private readonly spins: Spins;
  /** Undefined where stores are in memory at once. */
  private drains: Drains | undefined;
  private readonly sequence: number[] = [];

  constructor(options: Omit<ViewOptions, 'focus'> = {}) {
    this.view = new View(options);
    this.spins = new Spins(options.prover);
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
    this.drains?.truncate(this.path.liveFrom);
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
    this.spins.announced(point, this.events);
    if (this.spins.hasLearnt) this.giveUp();
    const local = this.local(point);
    if (local !== undefined) this.drains?.local(point, local, this.events);
    const thread = local ?? this.spins.spinner(point, this.events) ?? this.atNode(point);
    this.path.push(step, point.laneOf(thread));
    point.lease = 1;
    return thread;
  }

  private start(point: ChoicePoint): void {
    this.point = point;
    this.drains = Drains.has(point) ? new Drains(point) : undefined;
    const lanes = this.drains === undefined ? point.cpus.length : point.lanes;
    this.events.clear(lanes, objectCount(point));
    this.spins.clear(point.cpus.length);
  }

  private giveUp(): never {
    this.gaveUp = true;
    throw new StopExecution();
  }

  private isSpinning(point: ChoicePoint, lane: number): boolean {
    return this.spins.isWaiting(point, lane, this.events);
  }

  /** An enabled thread whose operation touches nothing: nobody can tell when it steps. */
  private local(point: ChoicePoint): Thread | undefined {
    for (let i = point.enabledCount - 1; i >= 0; i--) {
      const thread = point.enabled[i] as Thread;
      if (thread.id < 0 && !isDrain(thread.kind)) return thread;
      if (!endsAll(thread.kind) && this.look(point, thread) === 0) return thread;
    }
    return undefined;
  }

  private look(point: ChoicePoint, thread: Thread): number {
    const { drains, view } = this;
    return drains === undefined ? view.look(point, thread) : drains.look(point, thread, view);
  }

  private atNode(point: ChoicePoint): Thread {
    const at = this.events.count;
    const node = at < this.depth ? (this.nodes[at] as Node) : this.newNode(point);
    this.marks[at] = this.path.mark;
    this.steps[at] = point.step;
    const thread = threadOn(point, node.lane);
    if (thread === undefined || this.isSpinning(point, node.lane)) this.giveUp();
    this.openEvent(point, thread);
    return thread;
  }

  private newNode(point: ChoicePoint): Node {
    const at = this.depth++;
    const node = this.nodes[at] ?? emptyNode();
    this.nodes[at] = node;
    node.sleep.length = 0;
    node.tree = [];
    const parent = this.nodes[at - 1];
    if (at > 0 && parent !== undefined) {
      node.tree = parent.follow;
      parent.follow = [];
      const { sleep } = parent;
      for (let i = 0; i < sleep.length; i++) {
        const step = sleep[i] as Step;
        if (this.events.commutes(step.codes, at - 1)) node.sleep.push(step);
      }
    }
    if (!takeBranch(node)) node.lane = this.free(point, node);
    node.done = 0;
    return node;
  }

  /** Any lane that is awake, the one that ran last if possible; -1 when all sleep. */
  private free(point: ChoicePoint, { sleep }: Node): number {
    let first = -1;
    let halts = -1;
    for (let i = 0; i < point.enabledCount; i++) {
      const thread = point.enabled[i] as Thread;
      const lane = point.laneOf(thread);
      if (hasLane(sleep, lane) || this.isSpinning(point, lane)) continue;
      if (endsAll(thread.kind)) halts = lane;
      else if (lane === point.lane) return lane;
      else if (first < 0) first = lane;
    }
    if (first >= 0) return first;
    return point.enabledCount === 1 ? halts : -1;
  }

  private openEvent(point: ChoicePoint, thread: Thread): void {
    const { events, view, spins } = this;
    const count = this.look(point, thread);
    const lane = point.laneOf(thread);
    const period = spins.periodOf(lane, events);
    const watched = spins.watched(lane, events);
    events.open(lane, thread);
    if (this.drains !== undefined) events.enabledBy(this.drains.before(lane, thread, events));
    events.waited(period);
    for (let i = 0; i < count; i++) {
      const code = view.codes[i] as TouchCode;
      events.touch(code, valueAt(point, objectOf(code)));
    }
    // Any of the values that the loop looks at may have let it go on.
    for (const object of watched) events.touch(object << 1, valueAt(point, object));
    this.isOpen = true;
    this.lineBefore = point.runLine;
  }

  /** The event is over; what it did besides its operation is known now. */
  private closeEvent(point: ChoicePoint): void {
    if (!this.isOpen) return;
    if (point.runLine !== this.lineBefore) {
      this.events.touch((runLineObject(point.words) << 1) | 1, this.lineBefore);
    }
    this.events.close();
    this.isOpen = false;
  }

  resume(): void {
    this.events.truncate(this.events.count);
    this.isOpen = false;
    if (this.isLive) this.path.cut(this.lastMark, this.lastStep);
  }

  next(): boolean {
    const { point, events } = this;
    if (point === undefined) return false;
    if (this.spins.hasLearnt) return this.startOver(point);
    this.closeEvent(point);
    if (this.gaveUp) this.redundant++;
    else this.traces++;
    for (let e = 0; e < events.count; e++) this.reverseRaces(e);
    if (!this.gaveUp) this.reverseWaits(point);
    return this.backtrack();
  }

  /** Of an event that an execution before had, only the races that are not settled. */
  private reverseRaces(e: number): void {
    const { events, unsettled } = this;
    const isKnown = e < this.fresh;
    const own = unsettled[e] ?? [];
    if (isKnown && own.length === 0) return;
    const races = events.races(e);
    if (!isKnown) {
      unsettled[e] = own;
      for (let i = 0; i < races.length; i++) own[i] = races[i] as number;
      truncate(own, races.length);
    }
    let left = 0;
    for (let i = 0; i < own.length; i++) {
      const x = own[i] as number;
      if (!this.reverse(x, e)) own[left++] = x;
    }
    truncate(own, left);
  }

  /** A spin loop came to light: what was explored is not what it would have been with it known. */
  private startOver(point: ChoicePoint): boolean {
    this.start(point);
    this.isOpen = false;
    this.depth = 0;
    this.base = 0;
    this.pinned = -1;
    this.requests = [];
    this.fresh = 0;
    this.traces = 0;
    this.redundant = 0;
    this.path.cut(0, 0);
    return true;
  }

  /** Threads that wait for ever might have gone on, had they come earlier. */
  private reverseWaits(point: ChoicePoint): void {
    const { events } = this;
    const { count } = events;
    this.fresh = Math.min(this.fresh, count);
    for (const { thread } of point.cpus) {
      if (thread === null || thread.ended) continue;
      const spins = this.isSpinning(point, point.laneOf(thread));
      if (!spins && (!canWait(thread.kind) || point.isEnabled(thread))) continue;
      this.openEvent(point, thread);
      this.closeEvent(point);
      if (thread.ticket === 0) this.reverseRaces(count);
      events.truncate(count);
    }
  }

  /**
   * Plans a trace in which `e` comes before `x`: what does not depend on `x`, then `e`. Answers
   * whether that is settled, whatever other executions have behind `e`.
   */
  private reverse(x: number, e: number): boolean {
    const { events, sequence } = this;
    events.withoutAfter(x, e, sequence);
    events.moveBefore(x, e);
    const { sleep, tree } = this.nodes[x] as Node;
    const standing = standingOf(sleep, sequence, e, events);
    if (standing !== 'new') return standing === 'settled';
    // What a node of another part takes in is asked for there; `insert` uses the sequence up.
    const asked = x < this.base ? [...sequence] : undefined;
    if (insert(tree, sequence, events) && asked !== undefined) {
      const steps = asked.map((y) => events.stepOf(y));
      this.requests.push({ node: x, sequence: asked, steps });
    }
    return false;
  }

  /** Goes back to the last node with something left to explore. */
  private backtrack(): boolean {
    const { events } = this;
    for (; this.depth > this.base; this.depth--) {
      const at = this.depth - 1;
      const node = this.nodes[at] as Node;
      if (at < events.count) {
        finish(node, events.stepOf(at).codes);
        events.truncate(at);
      }
      this.fresh = at;
      if (takeBranch(node)) {
        this.path.cut(this.marks[at] as number, this.steps[at] as number);
        return true;
      }
      if (at === this.pinned) return false;
    }
    return false;
  }

  save(): SearchState & DporState {
    const { base, pinned, traces, redundant, requests, events } = this;
    const nodes = this.nodes.slice(0, this.depth).map((node, at) => {
      const codes = at < events.count ? events.stepOf(at).codes : node.codes;
      return packNode({ ...node, codes });
    });
    const unsettled = structuredClone(this.unsettled.slice(0, this.fresh));
    const places = this.spinLoops;
    return { base, pinned, nodes, unsettled, places, traces, redundant, requests };
  }

  restore(state: SearchState): void {
    const { nodes, unsettled, places, ...part } = state as SearchState & DporState;
    const { base, pinned, traces, redundant } = part;
    Object.assign(this, { base, pinned, traces, redundant, requests: [], point: undefined });
    this.events.truncate(0);
    this.depth = nodes.length;
    for (const [at, node] of nodes.entries()) this.nodes[at] = unpackNode(node);
    this.fresh = unsettled.length;
    for (const [e, races] of unsettled.entries()) this.unsettled[e] = [...races];
    this.spins.know(places);
    this.path.cut(0, 0);
  }

  get estimate(): number {
    let weight = 1;
    let seen = 0;
    for (const { done, tree } of this.nodes.slice(0, this.depth)) {
      const branches = done + 1 + tree.length;
      seen += (weight * done) / branches;
      weight /= branches;
    }
    return this.depth === 0 ? this.traces : Math.round(this.traces / (seen + weight));
  }
}

/** Setting the length would throw the memory away. */
function truncate(list: number[], length: number): void {
  while (list.length > length) list.pop();
}

function hasLane(steps: readonly Step[], lane: number): boolean {
  for (let i = 0; i < steps.length; i++) if ((steps[i] as Step).lane === lane) return true;
  return false;
}

function emptyNode(): Node {
  return { lane: -1, codes: [], sleep: [], tree: [], follow: [], done: 0 };
}
