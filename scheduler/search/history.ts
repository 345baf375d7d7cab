import {
  keepsValue,
  leaves,
  objectOf,
  puts,
  type Thread,
  type TouchCode,
  writes,
} from '../../machine/index.ts';
import { canSpin } from './spins.ts';
import { fieldsOf, restoreFields, type SearchState } from './state.ts';

export const NONE = -1;

/** As much of a thread as an event is made of. */
type Announced = Pick<Thread, 'kind' | 'b' | 'c'>;

/**
 * The events of one execution, as they come and go at its end.
 *
 * An event is an operation that touches something. Each knows its lane, the one before it there, and what
 * it touched; each touch the one before it of the same object, and the object's value then.
 */
export class History {
  /** Events; they are numbered from 0. */
  count = 0;
  protected lanes = 1;
  protected readonly lane: number[] = [];
  protected readonly kind: number[] = [];
  protected readonly operand: number[] = [];
  /** 1 if it puts back the value that it finds, whatever that is. */
  private readonly keeps: number[] = [];
  /** How many-eth event of its lane, from 1, and the one before it. */
  protected readonly nth: number[] = [];
  protected readonly previous: number[] = [];
  private readonly lastOfLane: number[] = [];

  // Touches: event e has those from `first[e]` to `first[e + 1]`.
  protected readonly first: number[] = [0];
  protected readonly codes: TouchCode[] = [];
  protected readonly owner: number[] = [];
  /** The touch before it of the same object, and the object's value before the event. */
  protected readonly before: number[] = [];
  protected readonly values: number[] = [];
  protected touches = 0;
  /** By object, its last touch. */
  private last = new Int32Array(0);

  /** Forgets everything. */
  clear(lanes: number, objects: number): void {
    this.truncate(0);
    this.lanes = lanes;
    this.lastOfLane.length = 0;
    for (let i = 0; i < lanes; i++) this.lastOfLane.push(NONE);
    if (this.last.length < objects) this.last = new Int32Array(objects).fill(NONE);
  }

  /**
   * Begins the next event: `touch` for all that it touches, then `close`.
   *
   * @param a thread that has announced it
   */
  open(lane: number, { kind, b, c }: Announced): void {
    const e = this.count;
    this.lane[e] = lane;
    this.kind[e] = kind;
    this.operand[e] = b;
    this.keeps[e] = keepsValue(kind, b, c) ? 1 : 0;
    const previous = this.lastOfLane[lane] as number;
    this.previous[e] = previous;
    this.nth[e] = previous < 0 ? 1 : (this.nth[previous] as number) + 1;
  }

  /** @param value the object's before the event */
  touch(code: TouchCode, value: number): void {
    const t = this.touches++;
    const object = objectOf(code);
    this.codes[t] = code;
    this.owner[t] = this.count;
    this.values[t] = value;
    this.before[t] = this.last[object] as number;
    this.last[object] = t;
  }

  /** Ends the event that was begun last. */
  close(): void {
    const e = this.count++;
    this.lastOfLane[this.lane[e] as number] = e;
    this.first[e + 1] = this.touches;
  }

  /** Forgets the events from `count` on, and one that is open. */
  truncate(count: number): void {
    for (let e = this.count - 1; e >= count; e--) {
      this.lastOfLane[this.lane[e] as number] = this.previous[e] as number;
    }
    const keep = this.first[count] as number;
    for (let t = this.touches - 1; t >= keep; t--) {
      this.last[objectOf(this.codes[t] as number)] = this.before[t] as number;
    }
    this.touches = keep;
    this.count = count;
  }

  /** Without what an object was touched by last, of which there are as many as memory has words. */
  save(): SearchState {
    return { ...fieldsOf(this, ['last']), objects: this.last.length };
  }

  restore({ objects, ...state }: SearchState): void {
    this.truncate(0);
    restoreFields(this, state);
    const { last } = this;
    if (last.length < (objects as number)) this.last = new Int32Array(objects as number).fill(NONE);
    for (let t = 0; t < this.touches; t++) this.last[objectOf(this.codes[t] as TouchCode)] = t;
  }

  laneOf(e: number): number {
    return this.lane[e] as number;
  }

  /** Number of a lane's events, the last of them, and the one before an event in its lane; -1 for none. */
  countOf(lane: number): number {
    const e = this.lastOfLane[lane] as number;
    return e < 0 ? 0 : (this.nth[e] as number);
  }

  lastOf(lane: number): number {
    return this.lastOfLane[lane] as number;
  }

  previousOf(e: number): number {
    return this.previous[e] as number;
  }

  /** The object that an event touches first, and its value before. */
  objectOf(e: number): number {
    return objectOf(this.codes[this.first[e] as number] as number);
  }

  valueOf(e: number): number {
    return this.values[this.first[e] as number] as number;
  }

  /** Whether an event left memory as it was. */
  isIdle(e: number): boolean {
    const kind = this.kind[e] as number;
    if (!canSpin(kind)) return false;
    if (this.keeps[e] === 1) return true;
    if (puts(kind)) return leaves(kind, this.operand[e] as number, this.valueOf(e));
    return !writes(this.codes[this.first[e] as number] as number);
  }
}
