import type { ChoicePoint, Thread } from '../../machine/index.ts';
import { threadOn } from '../../scheduler/search/path.ts';
import { type Segment, Segments } from '../../scheduler/strategies/segments.ts';
import type { Strategy } from '../../scheduler/strategy.ts';
import type { Failing, Trial, Trials } from './trials.ts';

/**
 * Where a thread is preempted, told by its own operations and not by steps and lanes: it comes there
 * whatever the others did before, and on whichever CPU.
 */
export interface Anchor {
  /** Number of the thread. */
  readonly thread: number;
  /** Operations that it has performed. */
  readonly operations: number;
}

/** Steps that no lane takes before it has to wait. */
const ALL = 1_000_000_000;

/** The anchors of a schedule's preemptions, in order. Takes an execution. */
export function anchorsOf(trials: Trials, { list, stretches }: Failing): Anchor[] {
  const places = new Map<number, number>();
  for (const [i, { preempts, from }] of stretches.entries()) {
    if (preempts) places.set(from, stretches[i - 1]?.lane ?? -1);
  }
  const log = new AnchorLog(list, places);
  trials.execute(log);
  return log.anchors;
}

/** A list that goes back to whom an execution preempted last after a share of what the others did. */
export function returning({ stretches }: Trial, share: number): Segment[] {
  const at = stretches.findLastIndex(({ preempts }) => preempts);
  const held = stretches[at - 1];
  if (held === undefined) return [...stretches];
  const back = stretches.findIndex(({ lane }, i) => i > at && lane === held.lane);
  const others = stretches.slice(at, back < 0 ? undefined : back);
  const all = others.reduce((sum, { steps }) => sum + steps, 0);
  const some = beginning(others, Math.round(share * all));
  return [...stretches.slice(0, at), ...some, { lane: held.lane, steps: ALL }];
}

/** The first so many steps of a list. */
function beginning(list: readonly Segment[], steps: number): Segment[] {
  let left = steps;
  return list.flatMap(({ lane, steps: own }) => {
    const some = Math.min(left, own);
    left -= some;
    return some > 0 ? [{ lane, steps: some }] : [];
  });
}

/** Counts the operations of each thread. */
class OperationCounts {
  private readonly counts = new Map<number, number>();
  private last = -1;
  private since = 0;

  clear(): void {
    this.counts.clear();
    this.last = -1;
    this.since = 0;
  }

  /** To be told of each choice. */
  chosen(point: ChoicePoint, thread: Thread): Thread {
    this.last = thread.id;
    point.lease = 1;
    return thread;
  }

  /** To be told of each question, first of all. */
  asked({ step }: ChoicePoint): void {
    this.counts.set(this.last, (this.counts.get(this.last) ?? 0) + step - this.since);
    this.since = step;
  }

  isAt({ id }: Thread, { thread, operations }: Anchor): boolean {
    return id === thread && this.of(id) === operations;
  }

  of(thread: number): number {
    return this.counts.get(thread) ?? 0;
  }
}

/** Follows segments, and takes down who is preempted where. */
class AnchorLog implements Strategy {
  readonly name = 'schedule';
  readonly asksAlways = true;
  readonly anchors: Anchor[] = [];
  private readonly segments: Segments;
  /** By step: the lane that is preempted there. */
  private readonly places: ReadonlyMap<number, number>;
  private readonly counts = new OperationCounts();

  constructor(list: readonly Segment[], places: ReadonlyMap<number, number>) {
    this.segments = new Segments(list);
    this.places = places;
  }

  begin(seed: number, lanes: number): void {
    this.segments.begin(seed, lanes);
    this.counts.clear();
  }

  choose(point: ChoicePoint): Thread {
    const { counts, anchors } = this;
    counts.asked(point);
    const lane = this.places.get(point.step);
    const thread = lane === undefined ? undefined : threadOn(point, lane);
    if (thread !== undefined && !anchors.some((anchor) => counts.isAt(thread, anchor))) {
      anchors.push({ thread: thread.id, operations: counts.of(thread.id) });
    }
    return counts.chosen(point, this.segments.choose(point));
  }
}

/**
 * Another strategy up to the first anchor that is come to; from there on threads are preempted at
 * anchors and nowhere else: who was goes on when all others have to wait, or stand at theirs.
 */
export class Anchored implements Strategy {
  readonly name = 'schedule';
  readonly asksAlways = true;
  private readonly anchors: readonly Anchor[];
  private readonly before: Strategy;
  private readonly counts = new OperationCounts();
  /** Anchors that were come to, and the threads that wait there, the first one first. */
  private readonly passed = new Set<Anchor>();
  private readonly held: Thread[] = [];

  constructor(anchors: readonly Anchor[], before: Strategy) {
    this.anchors = anchors;
    this.before = before;
  }

  begin(seed: number, lanes: number): void {
    this.before.begin(seed, lanes);
    this.counts.clear();
    this.passed.clear();
    this.held.length = 0;
  }

  choose(point: ChoicePoint): Thread {
    this.counts.asked(point);
    let thread = this.passed.size === 0 ? this.before.choose(point) : this.next(point);
    while (this.stops(thread)) {
      this.held.push(thread);
      thread = this.next(point);
    }
    return this.counts.chosen(point, thread);
  }

  private stops(thread: Thread): boolean {
    const isNew = (anchor: Anchor): boolean => !this.passed.has(anchor);
    const anchor = this.anchors.find((each) => isNew(each) && this.counts.isAt(thread, each));
    if (anchor !== undefined) this.passed.add(anchor);
    return anchor !== undefined;
  }

  /** Whoever runs, else the first that is not held, else who was held first; timers last. */
  private next(point: ChoicePoint): Thread {
    const { held } = this;
    const enabled = point.enabled.slice(0, point.enabledCount);
    const free = enabled.filter((thread) => thread.id >= 0 && !held.includes(thread));
    const next = free.find((thread) => point.laneOf(thread) === point.lane) ?? free[0];
    if (next !== undefined) return next;
    const at = held.findIndex((thread) => enabled.includes(thread));
    return held.splice(at, at < 0 ? 0 : 1)[0] ?? (enabled[0] as Thread);
  }
}
