import {
  canClaim,
  canWait,
  comparesFirst,
  goesOnAt,
  objectOf,
  type TouchCode,
  waitsForReady,
  waitsForSignal,
  waitsForWord,
  wakesWaiters,
  writes,
} from '../../machine/index.ts';
import { History, NONE } from './history.ts';
import { StepTable } from './step-table.ts';
import type { Step } from './wakeup-tree.ts';

/**
 * The happens-before relation of one execution.
 *
 * Events of one lane are ordered, and so are two events that touch the same object if one of them
 * writes it. Each event has a vector clock: by lane, how many of its events happen before or are the
 * event (Mattern 1989).
 */
export class Causality extends History {
  private clocks = new Int32Array(1024);
  /** Of an operation that waited in a spin loop: events of its lane in a round; else 0. */
  private readonly period: number[] = [];

  /** Of the event whose races were asked for: the clock of what it comes after in any order. */
  private readonly floor: number[] = [];
  /** That event, if it waits. */
  private waiter = NONE;
  /** See moveBefore. */
  private moved = NONE;
  private movedCode = 0;
  private readonly found: number[] = [];
  readonly known = new StepTable();
  /** By event; NONE until it is asked for. */
  private readonly numbers: number[] = [];
  /** By event: others that it cannot come before, whatever is reversed; undefined for none. */
  private readonly enablers: (readonly number[] | undefined)[] = [];

  /** The event that is open was made possible by others, not only by the one before it in its lane. */
  enabledBy(events: readonly number[]): void {
    this.enablers[this.count] = events.length === 0 ? undefined : [...events];
  }

  /** The event that is open waited in a spin loop, with so many events in a round. */
  waited(period: number): void {
    this.period[this.count] = period;
  }

  override close(): void {
    super.close();
    this.moved = NONE;
    const e = this.count - 1;
    this.numbers[e] = NONE;
    const { lanes } = this;
    if ((e + 1) * lanes > this.clocks.length) this.grow();
    const { clocks } = this;
    const at = e * lanes;
    const previous = this.previous[e] as number;
    if (previous < 0) clocks.fill(0, at, at + lanes);
    else clocks.copyWithin(at, previous * lanes, (previous + 1) * lanes);
    const enablers = this.enablers[e];
    if (enablers !== undefined) for (const other of enablers) this.join(at, other);
    for (let t = this.first[e] as number; t < this.touches; t++) {
      const wrote = writes(this.codes[t] as number);
      // A write comes after the reads since the last write, and so after that; a read after that.
      for (let b = this.before[t] as number; b >= 0; b = this.before[b] as number) {
        const isWrite = writes(this.codes[b] as number);
        if (wrote || isWrite) this.join(at, this.owner[b] as number);
        if (isWrite) break;
      }
    }
    clocks[at + (this.lane[e] as number)] = this.nth[e] as number;
  }

  private join(at: number, e: number): void {
    const { clocks, lanes } = this;
    const from = e * lanes;
    for (let i = 0; i < lanes; i++) {
      const tick = clocks[from + i] as number;
      if (tick > (clocks[at + i] as number)) clocks[at + i] = tick;
    }
  }

  private grow(): void {
    const more = new Int32Array(2 * this.clocks.length + this.lanes);
    more.set(this.clocks);
    this.clocks = more;
  }

  override truncate(count: number): void {
    super.truncate(count);
    this.moved = NONE;
  }

  /**
   * Whether `a`, which is earlier, happens before `b`. Of an operation that waits, whose races were
   * asked for last: whether it would if it came before the event that made it wait.
   */
  precedes(a: number, b: number): boolean {
    if (b === this.waiter) return this.isBelowFloor(a);
    const lane = this.lane[a] as number;
    return (this.clocks[b * this.lanes + lane] as number) >= (this.nth[a] as number);
  }

  /** The number of the step that an event is; of the one that `moveBefore` names, as it is there. */
  numberOf(e: number): number {
    const lane = this.lane[e] as number;
    if (e === this.moved) return this.known.numberOf(lane, [this.movedCode], 0, 1);
    let number = this.numbers[e] as number;
    if (number === NONE) {
      const [from, to] = [this.first[e] as number, this.first[e + 1] as number];
      number = this.known.numberOf(lane, this.codes, from, to);
      this.numbers[e] = number;
    }
    return number;
  }

  stepOf(e: number): Step {
    return this.known.steps[this.numberOf(e)] as Step;
  }

  /**
   * Lists the events from `x` on that do not come after it, and at the end `e`, which does; what
   * `into` had is dropped.
   */
  withoutAfter(x: number, e: number, into: number[]): void {
    const { clocks, lanes, count } = this;
    const nth = this.nth[x] as number;
    let n = 0;
    for (let y = x + 1, at = y * lanes + (this.lane[x] as number); y < count; y++, at += lanes) {
      if (y !== e && (clocks[at] as number) < nth) into[n++] = y;
    }
    into[n++] = e;
    // Setting its length would throw away its memory.
    while (into.length > n) into.pop();
  }

  /**
   * Supposes that `e` comes before `x`, with which it races: whether a compare-and-exchange then
   * stores, and a signal finds somebody, the value before `x` decides. A section that only looked
   * might then do more.
   */
  moveBefore(x: number, e: number): void {
    const kind = this.kind[e] as number;
    const swaps = comparesFirst(kind);
    const signals = wakesWaiters(kind);
    const code = this.codes[this.first[e] as number] as number;
    const looks = canClaim(kind) && !writes(code);
    this.moved = NONE;
    if (!swaps && !signals && !looks) return;
    const object = objectOf(code);
    const end = this.first[x + 1] as number;
    for (let t = this.first[x] as number; t < end; t++) {
      if (objectOf(this.codes[t] as number) !== object) continue;
      const value = this.values[t] as number;
      const stores = looks || (swaps ? value === this.operand[e] : value > 0);
      this.moved = e;
      this.movedCode = (object << 1) | (stores ? 1 : 0);
      return;
    }
  }

  /** Whether an operation that touches these commutes with an event of another lane. */
  commutes(codes: readonly TouchCode[], e: number): boolean {
    if (e === this.moved) return !clash(codes, this.movedCode);
    const end = this.first[e + 1] as number;
    for (let t = this.first[e] as number; t < end; t++) {
      if (clash(codes, this.codes[t] as number)) return false;
    }
    return true;
  }

  /**
   * The reversible races that an event closes: earlier events of other lanes that it could have
   * come before, with nothing in between that orders them. Reused at the next call.
   *
   * For an operation that waits, an event that made it possible is passed over: what it raced with is
   * the one that made it impossible (an acquire races with the acquire before it, not with the
   * release in between).
   */
  races(e: number): readonly number[] {
    const { found } = this;
    while (found.length > 0) found.pop();
    this.setFloor(e);
    const from = this.first[e] as number;
    const end = this.first[e + 1] as number;
    const kind = this.kind[e] as number;
    const spins = this.period[e] as number;
    this.waiter = canWait(kind) || spins === 1 ? e : NONE;
    if (waitsForSignal(kind)) {
      // The signal that woke it; its own context is nobody else's.
      const signal = this.before[from + 1] as number;
      if (signal >= 0) this.raiseFloor(this.owner[signal] as number);
    }
    if (this.waiter === e) {
      // A round of one operation waits for another value than it saw.
      const seen = spins === 1 ? this.valueOf(this.previous[e] as number) : undefined;
      this.waitedFor(from, (value) =>
        seen === undefined ? goesOn(kind, value, this.operand[e] as number) : value !== seen,
      );
    } else for (let t = from; t < end; t++) this.conflicts(t);
    return found.length < 2 ? found : this.immediate();
  }

  private setFloor(e: number): void {
    const previous = this.previous[e] as number;
    for (let i = 0; i < this.lanes; i++) {
      this.floor[i] = previous < 0 ? 0 : (this.clocks[previous * this.lanes + i] as number);
    }
    const enablers = this.enablers[e];
    if (enablers !== undefined) for (const other of enablers) this.raiseFloor(other);
    this.floor[this.lane[e] as number] = Number.POSITIVE_INFINITY;
  }

  private raiseFloor(e: number): void {
    for (let i = 0; i < this.lanes; i++) {
      const tick = this.clocks[e * this.lanes + i] as number;
      if (tick > (this.floor[i] as number)) this.floor[i] = tick;
    }
  }

  private isBelowFloor(e: number): boolean {
    return (this.nth[e] as number) <= (this.floor[this.lane[e] as number] as number);
  }

  private conflicts(t: number): void {
    const wrote = writes(this.codes[t] as number);
    for (let b = this.before[t] as number; b >= 0; b = this.before[b] as number) {
      const isWrite = writes(this.codes[b] as number);
      if (wrote || isWrite) this.add(this.owner[b] as number);
      if (isWrite) return;
    }
  }

  private add(e: number): void {
    if (!this.isBelowFloor(e) && !this.found.includes(e)) this.found.push(e);
  }

  /**
   * Goes back to the last event before which the operation need not have waited. Sections that only
   * looked are not in its way, but it could have come before each of them.
   */
  private waitedFor(t: number, isFree: (value: number) => boolean): void {
    const wrote = writes(this.codes[t] as number);
    for (let b = this.before[t] as number; b >= 0; b = this.before[b] as number) {
      const isWrite = writes(this.codes[b] as number);
      if (!wrote && !isWrite) continue;
      if (isFree(this.values[b] as number)) this.add(this.owner[b] as number);
      else if (!this.isBelowFloor(this.owner[b] as number)) continue;
      if (isWrite) return;
    }
  }

  /** Drops what happens before another of those found. */
  private immediate(): readonly number[] {
    const { found } = this;
    for (let i = found.length - 1; i >= 0; i--) {
      const e = found[i] as number;
      if (found.some((other) => other !== e && other > e && this.precedes(e, other))) {
        found.splice(i, 1);
      }
    }
    return found;
  }
}

/** Whether an operation that touches these depends on one that touches that. */
export function clash(codes: readonly TouchCode[], mine: TouchCode): boolean {
  for (let i = 0; i < codes.length; i++) {
    const other = codes[i] as number;
    if (other >> 1 === mine >> 1 && ((other | mine) & 1) !== 0) return true;
  }
  return false;
}

/** Whether it need not wait, by that object's value. */
function goesOn(kind: number, value: number, b: number): boolean {
  if (waitsForWord(kind)) return goesOnAt(kind, value, b);
  // The mutex that it takes then.
  if (waitsForSignal(kind)) return value === 0;
  // Of a barrier, nothing but the arrival that let it go on can be in its way.
  return waitsForReady(kind) && value > 0;
}
