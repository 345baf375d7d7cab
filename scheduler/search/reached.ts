/** Beginnings of executions that were reached, as plain data: see Reached. */
export interface ReachedState {
  readonly lanes: number;
  readonly values: Float64Array;
  readonly fewest: Int32Array;
}

/** The same in memory that threads share; only who made it writes, and only while nobody reads. */
export interface ReachedTable extends ReachedState {
  readonly slots: Int32Array;
}

/** Beginnings remembered at most, 20 bytes each and 4 more for each lane. */
const MEMORY = 5_000_000;
const NEVER = 0x7fffffff;
const CAPACITY = 1 << 10;

/**
 * The beginnings of executions that a search has reached, by signature: the fewest preemptions that
 * it took, for each lane that ran last; and whether an execution ended there.
 *
 * A hash table with open addressing, half full at most: its entries lie in the order in which they
 * came, as in the dictionaries of Python. Once it is full nothing is added, and traces may be repeated.
 */
export class Reached {
  private lanes = 0;
  private count = 0;
  private values: Float64Array = new Float64Array(0);
  /** By entry and lane; in the column behind the last lane 0 where an execution ended. */
  private fewest: Int32Array = new Int32Array(0);
  /** Number of an entry, from 1; 0 for none. */
  private slots: Int32Array = new Int32Array(0);

  /** The table that somebody else shares, to be read only. */
  static of({ lanes, values, fewest, slots }: ReachedTable): Reached {
    const reached = new Reached();
    Object.assign(reached, { lanes, values, fewest, slots });
    return reached;
  }

  /** Forgets everything. */
  clear(lanes: number): void {
    this.lanes = lanes;
    this.count = 0;
    this.allocate(CAPACITY);
  }

  private allocate(capacity: number): void {
    this.values = sharedFloats(capacity, this.values.subarray(0, this.count));
    const { columns } = this;
    this.fewest = sharedInts(capacity * columns, this.fewest.subarray(0, this.count * columns));
    this.slots = sharedInts(2 * capacity);
    for (let entry = 0; entry < this.count; entry++) {
      this.slots[this.slotOf(this.values[entry] as number)] = entry + 1;
    }
  }

  private get columns(): number {
    return this.lanes + 1;
  }

  /** Where a value is, or would be. */
  private slotOf(value: number): number {
    const { slots, values } = this;
    const mask = slots.length - 1;
    let slot = value & mask;
    for (let entry = slots[slot] as number; entry !== 0; entry = slots[slot] as number) {
      if (values[entry - 1] === value) break;
      slot = (slot + 1) & mask;
    }
    return slot;
  }

  /** Where the columns of a value begin; negative for one that is not there. */
  private rowOf(value: number): number {
    if (this.slots.length === 0) return -1;
    return ((this.slots[this.slotOf(value)] as number) - 1) * this.columns;
  }

  has(value: number): boolean {
    return this.rowOf(value) >= 0;
  }

  /** Whether a beginning was reached with as few preemptions, the switch to this lane included. */
  covers(value: number, lane: number, used: number): boolean {
    const row = this.rowOf(value);
    if (row < 0) return false;
    const { fewest, lanes } = this;
    if ((fewest[row + lane] as number) <= used) return true;
    for (let i = row; i < row + lanes; i++) if ((fewest[i] as number) < used) return true;
    return false;
  }

  /** A beginning was reached. */
  add(value: number, lane: number, used: number): void {
    const row = this.makeRow(value);
    if (row >= 0) this.lower(row + lane, used);
  }

  /** An execution ended there: whether it is the first. */
  end(value: number): boolean {
    const row = this.makeRow(value);
    return row < 0 || this.lower(row + this.lanes, 0);
  }

  hasEnded(value: number): boolean {
    const row = this.rowOf(value);
    return row >= 0 && this.fewest[row + this.lanes] === 0;
  }

  private lower(at: number, used: number): boolean {
    if ((this.fewest[at] as number) <= used) return false;
    this.fewest[at] = used;
    return true;
  }

  /** Negative if there is no more room. */
  private makeRow(value: number): number {
    const { columns } = this;
    let slot = this.slotOf(value);
    const known = this.slots[slot] as number;
    if (known !== 0) return (known - 1) * columns;
    if (this.count >= MEMORY) return -1;
    if (this.count === this.values.length) {
      this.allocate(2 * this.count);
      slot = this.slotOf(value);
    }
    const row = this.count * columns;
    this.values[this.count++] = value;
    this.slots[slot] = this.count;
    this.fewest.fill(NEVER, row, row + columns);
    return row;
  }

  /** Adds what another one reached. Answers how many executions ended where none did before. */
  merge({ lanes, values, fewest }: ReachedState): number {
    if (this.lanes !== lanes) this.clear(lanes);
    const { columns } = this;
    let ended = 0;
    for (const [entry, value] of values.entries()) {
      const from = entry * columns;
      const row = this.makeRow(value);
      for (let i = 0; i < lanes && row >= 0; i++) this.lower(row + i, fewest[from + i] as number);
      const isEnd = fewest[from + lanes] === 0;
      if (isEnd && (row < 0 || this.lower(row + lanes, 0))) ended++;
    }
    return ended;
  }

  /** A copy. */
  save(): ReachedState {
    const { lanes, count, columns } = this;
    return {
      lanes,
      values: Float64Array.from(this.values.subarray(0, count)),
      fewest: Int32Array.from(this.fewest.subarray(0, count * columns)),
    };
  }

  restore(state: ReachedState): void {
    this.clear(state.lanes);
    this.merge(state);
  }

  /** Itself, for threads to read. */
  get table(): ReachedTable {
    const { lanes, values, fewest, slots } = this;
    return { lanes, values, fewest, slots };
  }
}

function sharedFloats(length: number, from: ArrayLike<number>): Float64Array<SharedArrayBuffer> {
  const array = new Float64Array(new SharedArrayBuffer(8 * length));
  array.set(from);
  return array;
}

function sharedInts(length: number, from: ArrayLike<number> = []): Int32Array<SharedArrayBuffer> {
  const array = new Int32Array(new SharedArrayBuffer(4 * length));
  array.set(from);
  return array;
}
