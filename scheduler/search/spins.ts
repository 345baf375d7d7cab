import {
  type ChoicePoint,
  COMPARE_EXCHANGE,
  EXCHANGE,
  LOAD,
  objectOf,
  type Thread,
  type TouchCode,
  USER_COMPARE_EXCHANGE,
  USER_EXCHANGE,
  USER_LOAD,
  USER_LOAD_BYTE,
} from '../../machine/index.ts';
import type { History } from './history.ts';

/** Rounds in which a loop must change nothing, and see nothing change, to be taken for a spin loop. */
const ROUNDS = 12;
/** Operations of one round at most. */
const PERIOD_MAX = 6;
/** Frames of the host's stack that tell one place in a program from another. */
const DEPTH = 40;

const CAN_SPIN = new Set([
  LOAD,
  COMPARE_EXCHANGE,
  EXCHANGE,
  USER_LOAD,
  USER_LOAD_BYTE,
  USER_EXCHANGE,
  USER_COMPARE_EXCHANGE,
]);

const MACHINE = new URL('../../machine/', import.meta.url).pathname;

/**
 * Recognises spin loops, so that a search may treat their threads as waiting.
 *
 * A thread spins if it is back at the same place of its program, where it finds the same values,
 * having stored nothing on the way. What it does from there on it has done before, unless it counts;
 * so a place is a spin loop only if a thread came round to it 12 times in some execution. From then on
 * a thread that is back there waits until one of the values changes. As GenMC does for loops that it
 * can see to have no effect (Kokologiannakis, Ren and Vafeiadis, Dynamic Partial Order Reductions for
 * Spinloops, FMCAD 2021); here a loop that gives up after 12 rounds or more is mistaken for one,
 * and goes round again only when nobody else can step.
 */
export class Spins {
  /** Places of spin loops. */
  readonly places = new Set<string>();
  /** Whether one was found that was not known: what was explored before must be forgotten. */
  hasLearnt = false;
  /** By lane and number of its events before: length of the round that begins again, and where. */
  private readonly rounds: number[][] = [];
  private readonly sites: (string | undefined)[][] = [];
  /** By lane: operations of its round that were no events, since so many events; see spinner. */
  private readonly drift: number[] = [];
  private readonly driftAt: number[] = [];
  private readonly codes: TouchCode[] = [];
  private readonly objects: number[] = [];

  clear(lanes: number): void {
    this.hasLearnt = false;
    this.rounds.length = 0;
    this.sites.length = 0;
    this.drift.length = 0;
    this.driftAt.length = 0;
    for (let i = 0; i < lanes; i++) {
      this.drift.push(0);
      this.driftAt.push(-1);
      this.rounds.push([]);
      this.sites.push([]);
    }
  }

  /** Before each execution. */
  rewind(): void {
    this.driftAt.fill(-1);
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
    rounds[nth] = 0;
    const period = CAN_SPIN.has(thread.kind) ? this.periodAt(point, thread, lane, events) : 0;
    const sites = this.sites[lane] as (string | undefined)[];
    sites[nth] = undefined;
    if (period === 0) return;
    const site = placeOf();
    sites[nth] = site;
    if (this.places.has(site)) rounds[nth] = period;
    else if (sinceWhen(sites, nth, period, site) >= ROUNDS) this.learn(site);
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

  private learn(site: string): void {
    this.places.add(site);
    this.hasLearnt = true;
  }

  /** How many events ago the lane did the same and saw the same, with no effect since; or 0. */
  private periodAt(point: ChoicePoint, thread: Thread, lane: number, events: History): number {
    if (point.footprint(thread, this.codes) !== 1) return 0;
    const object = objectOf(this.codes[0] as TouchCode);
    const value = point.words[object] as number;
    if (exchanges(thread.kind) && thread.b !== value) return 0;
    let e = events.lastOf(lane);
    for (let period = 1; e >= 0 && period <= PERIOD_MAX && events.isIdle(e); period++) {
      if (events.objectOf(e) === object) return events.valueOf(e) === value ? period : 0;
      e = events.previousOf(e);
    }
    return 0;
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
    if (this.places.size === 0) return undefined;
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
    objects.length = 0;
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

export function exchanges(kind: number): boolean {
  return kind === EXCHANGE || kind === USER_EXCHANGE;
}

/** Whether an operation of this kind leaves memory as it is, if it does not write. */
export function canSpin(kind: number): boolean {
  return CAN_SPIN.has(kind);
}

/** Rounds in which the lane came to this place. */
function sinceWhen(
  sites: readonly (string | undefined)[],
  nth: number,
  period: number,
  site: string,
): number {
  let count = 0;
  for (let at = nth; at >= 0 && sites[at] === site; at -= period) count++;
  return count;
}

/** Where in the guest's code the operation is that is being announced: its part of the host's stack. */
function placeOf(): string {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = DEPTH;
  const lines = (new Error().stack ?? '').split('\n');
  Error.stackTraceLimit = stackTraceLimit;
  const isMachine = (line: string): boolean => line.includes(MACHINE);
  const entered = lines.findIndex(isMachine);
  const from = lines.findIndex((line, i) => i > entered && !isMachine(line));
  const to = lines.findIndex((line, i) => i > from && isMachine(line));
  return lines.slice(from, to < 0 ? lines.length : to).join('\n');
}
