import {
  type ChoicePoint,
  isLoad,
  leaves,
  modifies,
  objectOf,
  puts,
  type Thread,
  type TouchCode,
} from '../../machine/index.ts';
import { GuestStacks } from './guest-stack.ts';
import type { History } from './history.ts';
import type { CutLoop, LoopProver } from './loop-prover.ts';
import { fieldsOf, restoreFields, type SearchState } from './state.ts';

/** Rounds of a loop that nothing proves to be one that are followed before its thread waits. */
export const ROUNDS_MAX = 64;
/** Operations of one round at most. */
const PERIOD_MAX = 16;
/** Operations in a row that repeat one before, and then their places are looked at. */
const REPEATED = 4;

const SAVED_APART = ['stacks', 'prover', 'codes', 'objects'];

/**
 * Recognises loops that wait, so that a search may treat their threads as waiting.
 *
 * A thread is at the end of a *round* if it is back at the same place of its program, where it finds
 * the same values, having changed nothing on the way. Whether it will do the same again depends on
 * what it keeps to itself, a counter for example, which no search can see. So there are two cases:
 *
 * - A prover knows that the loop keeps nothing from one round to the next. Then the thread is in the
 *   state that it was in, and waits until one of the values changes. Nothing is lost, as in GenMC for
 *   loops that it can see to have no effect (Kokologiannakis, Ren and Vafeiadis, Dynamic Partial
 *   Order Reductions for Spinloops, FMCAD 2021).
 * - Nobody knows. Then each round is explored, and after 64 that were alike the thread waits all the
 *   same. Such a loop is *cut*: what it does in later rounds was not seen, so the search proves nothing.
 *
 * Where nobody can step but threads that wait in this way, one of them goes on: see spinner.
 */
export class Spins {
  /** Rounds that are proven, by the numbers of their places. */
  private readonly proven = new Map<string, boolean>();
  /** Places of loops that wait. */
  readonly places = new Set<string>();
  /** Loops that were cut, by place. */
  readonly cut = new Map<string, CutLoop>();
  /** Whether one was found that was not known: what was explored before must be forgotten. */
  hasLearnt = false;
  /** Objects that a loop which waits looks at: at their operations the place is looked at. */
  private readonly watchedObjects = new Set<number>();
  /** By lane and number of its events before: length of the round that begins again, or 0. */
  private readonly rounds: number[][] = [];
  /** … the place where the lane then was; 0 if nobody looked. */
  private readonly sites: number[][] = [];
  /** … operations up to then, one after the other, that repeated one before. */
  private readonly runs: number[][] = [];
  /** … the step when it was asked there last. */
  private readonly steps: number[][] = [];
  /** … 1 if it performed more since the event before than that event. */
  private readonly noise: number[][] = [];
  /** By lane: events before it when it was asked last in this execution. */
  private readonly visited: number[] = [];
  /** By lane: operations of its round that were no events, since so many events; see spinner. */
  private readonly drift: number[] = [];
  private readonly driftAt: number[] = [];
  private readonly codes: TouchCode[] = [];
  private readonly objects: number[] = [];
  private readonly stacks = new GuestStacks();
  private readonly prover: LoopProver | undefined;
  /** The step of the last question, and how many were performed between it and the one before. */
  private lastStep = -1;
  private stepped = 1;

  /** @param prover left out, no loop is proven */
  constructor(prover?: LoopProver) {
    this.prover = prover;
  }

  clear(lanes: number): void {
    this.hasLearnt = false;
    this.cut.clear();
    this.drift.length = 0;
    this.driftAt.length = 0;
    this.visited.length = 0;
    for (const table of [this.rounds, this.sites, this.runs, this.steps, this.noise]) {
      table.length = 0;
      for (let i = 0; i < lanes; i++) table.push([]);
    }
    for (let i = 0; i < lanes; i++) {
      this.drift.push(0);
      this.driftAt.push(-1);
      this.visited.push(-1);
    }
  }

  /** Before each execution. */
  rewind(): void {
    this.driftAt.fill(-1);
    this.visited.fill(-1);
    this.lastStep = -1;
  }

  /** To be called at every question, also where the answer is known. */
  asked(step: number): void {
    this.stepped = this.lastStep < 0 ? 1 : step - this.lastStep;
    this.lastStep = step;
  }

  /** To be called while the lane that stepped last is announcing: its stack is on the host's. */
  announced(point: ChoicePoint, events: History): void {
    const thread = point.cpus[point.lane]?.thread;
    if (thread === null || thread === undefined) return;
    const { lane } = point;
    const nth = events.countOf(lane);
    const rounds = this.rounds[lane] as number[];
    if (this.driftAt[lane] === nth && this.isInRound(point, thread, lane, events)) return;
    this.driftAt[lane] = -1;
    this.listen(lane, nth, point.step);
    const sites = this.sites[lane] as number[];
    const runs = this.runs[lane] as number[];
    rounds[nth] = 0;
    sites[nth] = 0;
    runs[nth] = 0;
    if (!canSpin(thread.kind) || point.footprint(thread, this.codes) !== 1) return;
    const object = objectOf(this.codes[0] as TouchCode);
    const repeats = this.repeats(point, thread, object, events) !== 0;
    if (repeats) runs[nth] = nth > 0 ? (runs[nth - 1] as number) + 1 : 1;
    if ((runs[nth] as number) < REPEATED && !this.watchedObjects.has(object)) return;
    sites[nth] = this.stacks.number();
    if (repeats && sites[nth] !== 0) rounds[nth] = this.roundAt(point, lane, object, events);
  }

  /** Notes whether the lane did anything since the event before, besides that event. */
  private listen(lane: number, nth: number, step: number): void {
    const steps = this.steps[lane] as number[];
    const noise = this.noise[lane] as number[];
    if (this.visited[lane] === nth) noise[nth] = 1;
    else if (steps[nth] !== step) noise[nth] = this.stepped > 1 ? 1 : 0;
    steps[nth] = step;
    this.visited[lane] = nth;
  }

  /** Whether a lane that goes round without events is at the operation that comes next there. */
  private isInRound(point: ChoicePoint, thread: Thread, lane: number, events: History): boolean {
    const period = this.periodOf(lane, events);
    if (period === 0 || point.footprint(thread, this.codes) !== 1) return false;
    const behind = period - 1 - ((this.drift[lane] as number) % period);
    let e = events.lastOf(lane);
    for (let i = 0; i < behind; i++) e = events.previousOf(e);
    const object = objectOf(this.codes[0] as TouchCode);
    return events.objectOf(e) === object && events.valueOf(e) === point.words[object];
  }

  /** How many events ago the lane did the same and saw the same, with no effect since; or 0. */
  private repeats(point: ChoicePoint, thread: Thread, object: number, events: History): number {
    const value = point.words[object] as number;
    if (puts(thread.kind) && !leaves(thread.kind, thread.b, value)) return 0;
    let e = events.lastOf(point.lane);
    for (let period = 1; e >= 0 && period <= PERIOD_MAX && events.isIdle(e); period++) {
      if (events.objectOf(e) === object) return events.valueOf(e) === value ? period : 0;
      e = events.previousOf(e);
    }
    return 0;
  }

  /** The length of the round that a lane begins again if its thread is to wait from now on; or 0. */
  private roundAt(point: ChoicePoint, lane: number, object: number, events: History): number {
    const nth = events.countOf(lane);
    const sites = this.sites[lane] as number[];
    const site = sites[nth] as number;
    const value = point.words[object] as number;
    let e = events.lastOf(lane);
    for (let period = 1; e >= 0 && period <= PERIOD_MAX && events.isIdle(e); period++) {
      const isSame = events.objectOf(e) === object && events.valueOf(e) === value;
      if (isSame && sites[nth - period] === site) {
        if (this.isProven(lane, nth, period, events)) return period;
        return this.isLong(lane, nth, period) ? period : 0;
      }
      e = events.previousOf(e);
    }
    return 0;
  }

  /** Whether the state of the thread is known to be what it was at the beginning of the round. */
  private isProven(lane: number, nth: number, period: number, events: History): boolean {
    const sites = (this.sites[lane] as number[]).slice(nth - period, nth);
    const noise = this.noise[lane] as number[];
    if (sites.includes(0) || noise.slice(nth - period + 1, nth + 1).includes(1)) return false;
    const key = sites.join();
    let isProven = this.proven.get(key);
    if (isProven === undefined) {
      const round = sites.map((site) => this.stacks.framesOf(site));
      isProven = this.prover?.returnsTheSame(round) === true;
      this.proven.set(key, isProven);
    }
    if (isProven) this.learn(this.stacks.placeOf(sites[0] as number), lane, period, events);
    return isProven;
  }

  private learn(place: string, lane: number, period: number, events: History): void {
    let e = events.lastOf(lane);
    for (let i = 0; i < period; i++, e = events.previousOf(e)) {
      const object = events.objectOf(e);
      if (this.watchedObjects.has(object)) continue;
      this.watchedObjects.add(object);
      this.places.add(`${object} ${place}`);
      this.hasLearnt = true;
    }
  }

  /** Takes what another search has learnt. */
  know(places: readonly string[]): void {
    this.places.clear();
    this.watchedObjects.clear();
    for (const place of places) {
      this.places.add(place);
      this.watchedObjects.add(Number.parseInt(place, 10));
    }
  }

  save(): SearchState {
    const { stacks } = this;
    return { ...fieldsOf(this, SAVED_APART), stacks: stacks.save() };
  }

  restore({ stacks, ...fields }: SearchState): void {
    restoreFields(this, fields);
    this.stacks.restore(stacks as SearchState);
  }

  /** Whether so many rounds went by that the loop is followed no further. */
  private isLong(lane: number, nth: number, period: number): boolean {
    const sites = this.sites[lane] as number[];
    const site = sites[nth] as number;
    const first = nth - (this.runs[lane]?.[nth] as number);
    let rounds = 0;
    for (let at = nth - period; at >= first && sites[at] === site; at -= period) rounds++;
    if (rounds < ROUNDS_MAX) return false;
    const place = this.stacks.placeOf(site);
    this.cut.set(place, { place, rounds: ROUNDS_MAX });
    return true;
  }

  /** Whether a lane is about to begin a round that it has just been through. */
  isWaiting(point: ChoicePoint, lane: number, events: History): boolean {
    const period = this.periodOf(lane, events);
    let e = events.lastOf(lane);
    for (let i = 0; i < period; i++) {
      if (point.words[events.objectOf(e)] !== events.valueOf(e)) return false;
      e = events.previousOf(e);
    }
    return period > 0;
  }

  /**
   * Where nobody can step but who spins, one of them, for some rounds: it changes nothing, unless it
   * counts, so that is no event.
   */
  spinner(point: ChoicePoint, events: History): Thread | undefined {
    if (this.places.size === 0 && this.cut.size === 0) return undefined;
    for (let i = 0; i < point.enabledCount; i++) {
      const thread = point.enabled[i] as Thread;
      if (!this.isWaiting(point, point.laneOf(thread), events)) return undefined;
    }
    const thread = point.enabled[(point.step >> 6) % point.enabledCount] as Thread;
    const lane = point.laneOf(thread);
    const nth = events.countOf(lane);
    if (this.driftAt[lane] !== nth) this.drift[lane] = 0;
    this.driftAt[lane] = nth;
    this.drift[lane] = (this.drift[lane] as number) + 1;
    return thread;
  }

  /** Objects, besides the first, whose values a lane waits for; reused at the next call. */
  watched(lane: number, events: History): readonly number[] {
    const { objects } = this;
    while (objects.length > 0) objects.pop();
    const period = this.periodOf(lane, events);
    for (let i = 1, e = events.lastOf(lane); i < period; i++, e = events.previousOf(e)) {
      objects.push(events.objectOf(e));
    }
    return objects;
  }

  /** Events of the round that a lane is about to begin again; 0 if it is about to do something else. */
  periodOf(lane: number, events: History): number {
    return this.rounds[lane]?.[events.countOf(lane)] ?? 0;
  }
}

/** Whether an operation of this kind leaves memory as it is, if it does not write. */
export function canSpin(kind: number): boolean {
  return isLoad(kind) || modifies(kind);
}
