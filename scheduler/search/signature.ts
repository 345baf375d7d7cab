import { objectOf, type TouchCode, writes } from '../../machine/index.ts';
import { fieldsOf, restoreFields, type SearchState } from './state.ts';

/**
 * A number for the Mazurkiewicz trace of the execution so far: equal for executions that differ only
 * in the order of operations that commute, as Musuvathi and Qadeer use it (Partial-Order Reduction
 * for Context-Bounded State Exploration, MSR-TR-2007-12).
 *
 * Each event has a hash of what it depends on: the event before it in its lane, and for each object
 * the last write, for a write also the reads since. The signature is the sum of the hashes, twice with
 * different mixing, 53 bits in all: among a million traces two are confused with a chance of 10^-4.
 */
export class Signature {
  private lanes = new Int32Array(0);
  /** By object, 4 numbers: hash of the last write, sum of the reads since; each twice. */
  private state = new Int32Array(0);
  private a = 0;
  private b = 0;
  /** Undo log: for each change where it was and what was there. */
  private readonly places: number[] = [];
  private readonly olds: number[] = [];
  /** For each event: lane, and of lane and sum what was there before, and the length of the undo log. */
  private readonly marks: number[] = [];
  private nextA = 0;
  private nextB = 0;

  clear(lanes: number, objects: number): void {
    this.truncate(0);
    this.lanes = new Int32Array(2 * lanes).map((_, i) => mix(0x2545f491, i));
    if (this.state.length < 4 * objects) this.state = new Int32Array(4 * objects);
  }

  /** Of the state only what is not as it was at first. */
  save(): SearchState {
    const changed = [...new Set(this.places)].map((at) => [at, this.state[at] as number]);
    return { ...fieldsOf(this, ['state']), size: this.state.length, changed };
  }

  restore({ size, changed, ...rest }: SearchState): void {
    this.truncate(0);
    restoreFields(this, rest);
    if (this.state.length < (size as number)) this.state = new Int32Array(size as number);
    for (const [at, value] of changed as [number, number][]) this.state[at] = value;
  }

  get value(): number {
    return key(this.a, this.b);
  }

  /** Events taken in. */
  get count(): number {
    return this.marks.length / MARK;
  }

  /** What the signature would be after an event of a lane that touches these. */
  after(lane: number, codes: readonly TouchCode[], count: number): number {
    this.hash(lane, codes, count);
    return key((this.a + this.nextA) | 0, (this.b + this.nextB) | 0);
  }

  private hash(lane: number, codes: readonly TouchCode[], count: number): void {
    const { state } = this;
    let a = mix(this.lanes[2 * lane] as number, lane);
    let b = mix(this.lanes[2 * lane + 1] as number, ~lane);
    for (let i = 0; i < count; i++) {
      const code = codes[i] as number;
      const at = 4 * objectOf(code);
      a = mix(a, state[at] as number);
      b = mix(b, state[at + 1] as number);
      if (!writes(code)) continue;
      a = mix(a, state[at + 2] as number);
      b = mix(b, state[at + 3] as number);
    }
    this.nextA = a;
    this.nextB = b;
  }

  /** Takes an event in. */
  push(lane: number, codes: readonly TouchCode[], count: number): void {
    this.hash(lane, codes, count);
    const { lanes, state, nextA, nextB } = this;
    const [beforeA, beforeB] = [lanes[2 * lane] as number, lanes[2 * lane + 1] as number];
    this.marks.push(lane, beforeA, beforeB, this.a, this.b, this.places.length);
    lanes[2 * lane] = nextA;
    lanes[2 * lane + 1] = nextB;
    this.a = (this.a + nextA) | 0;
    this.b = (this.b + nextB) | 0;
    for (let i = 0; i < count; i++) {
      const code = codes[i] as number;
      const at = 4 * objectOf(code);
      if (writes(code)) {
        this.set(at, nextA);
        this.set(at + 1, nextB);
        this.set(at + 2, 0);
        this.set(at + 3, 0);
      } else {
        this.set(at + 2, ((state[at + 2] as number) + nextA) | 0);
        this.set(at + 3, ((state[at + 3] as number) + nextB) | 0);
      }
    }
  }

  private set(at: number, value: number): void {
    this.places.push(at);
    this.olds.push(this.state[at] as number);
    this.state[at] = value;
  }

  /** Forgets the events from `count` on. */
  truncate(count: number): void {
    const { marks, places, olds } = this;
    while (marks.length > MARK * count) {
      const undo = marks.pop() as number;
      while (places.length > undo) this.state[places.pop() as number] = olds.pop() as number;
      this.b = marks.pop() as number;
      this.a = marks.pop() as number;
      const [beforeB, beforeA] = [marks.pop() as number, marks.pop() as number];
      const lane = marks.pop() as number;
      this.lanes[2 * lane] = beforeA;
      this.lanes[2 * lane + 1] = beforeB;
    }
  }
}

const MARK = 6;

/** 53 bits of the 64. */
function key(a: number, b: number): number {
  return (a >>> 0) * 0x200000 + (b >>> 11);
}

/** Mixes a number into a hash (the finaliser of MurmurHash3). */
function mix(hash: number, value: number): number {
  let h = Math.imul(hash, 31) ^ value;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}
