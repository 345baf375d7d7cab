import { invariant, type Machine, type Thread } from '../machine/index.ts';
import { type Detector, type DetectorKind, found } from './detector.ts';
import type { Watched } from './watched.ts';

/** A vector clock: by thread, the newest of its epochs that is known to be over. */
type Clock = Int32Array;

/** What the last holder of a lock, or everybody who signalled, knew. */
interface Sync {
  readonly clock: Clock;
  /** Entries of the clock that count. */
  length: number;
  /** The thread whose clock it is; ANYBODY if it was joined from several, NOBODY in this execution. */
  owner: number;
  /** How often its owner had learnt of others by then. */
  learnt: number;
}

const NOBODY = -2;
const ANYBODY = -1;

/**
 * Happens-before races (Flanagan and Freund, FastTrack, PLDI 2009).
 *
 * Two accesses to a word, one of them a store, with no chain of synchronisation between them. Order
 * comes from spinlocks, mutexes, semaphores, conditions (the machine has no spurious wake-ups, so a
 * signal orders), atomic instructions and context switches; fork, wait, sleep and wakeup are built
 * on those. A read-modify-write is ordered with others on the same word, never with plain accesses
 * to it: who reads a counter that others fetchAdd uses fetchAdd(0), or a marked load. Marked loads
 * take no part. A load of an atomic cell of a bare program is ordered after the store that it reads
 * from, and after those that read-modify-writes go back to; a store there after nothing.
 *
 * Exact for the execution it sees: each report is a race, and the first one that the execution has is
 * reported. A race can be meant, as in litmus tests or a flag that is spun on with plain loads: mark
 * the load, or leave this detector out. A semaphore keeps no record of which post it was that a wait
 * took, so all before count as the order; that can only hide a race. Where stores wait in buffers the
 * rules are the same: whatever orders here waits for the stores before it, so a program with no race
 * does there what it does under sequential consistency, and a fence alone orders nothing between threads.
 * A kernel's lock that is let go before its fence orders here all the same: that hides a race. Words that the kernel keeps
 * private (plain reads of `m.words`) are not looked at. Costs two array reads an access, and a copy
 * of a vector as long as there are threads a release, unless it knows no more than at the last one.
 *
 * Departures from the paper: epochs are one number of 31 bits, thread in the low bits. When a clock no
 * longer fits, every thread's clocks get the smallest numbers in the same order: only the order counts,
 * so nothing is lost however long the execution is. Clocks are forgotten, not shrunk; the word's read clock is inflated once and stays so until a store.
 */
class RaceDetector implements Detector {
  readonly name = 'race';
  private readonly guest: Watched;
  private readonly m: Machine;
  private readonly threads: number;
  private readonly bits: number;
  private readonly mask: number;
  private readonly clocks: Clock[];
  /** By thread: its own entry in its clock, as an epoch. */
  private readonly now: Int32Array;
  /** By thread: how often its clock took in another. */
  private readonly learnt: Float64Array;
  /** One past the highest thread that ever synchronised: no clock has an entry beyond. */
  private used = 0;
  /**
   * Two numbers a word. The first: the epoch of the last store, 0 for none. The second: the epoch of
   * the last load, or minus the number of an entry in `readers`.
   */
  private readonly epochs: Int32Array;
  private readonly touched: number[] = [];
  private touchedCount = 0;
  /** Inflated read clocks; entry 0 is not used. */
  private readonly readers: Clock[] = [new Int32Array(0)];
  private readersUsed = 1;
  /** Entries that no word has any more. */
  private readonly readersFree: number[] = [];
  /** By address of a lock or an atomic word. */
  private readonly syncs: (Sync | undefined)[];
  /** The same for words outside the data segment. */
  private readonly farSyncs = new Map<number, Sync>();
  private readonly usedSyncs: Sync[] = [];
  /** The largest clock that there may be. */
  private readonly clockMax: number;

  constructor(guest: Watched, clockMax: number) {
    this.guest = guest;
    const { m } = guest;
    this.m = m;
    this.threads = m.threads.length;
    this.bits = 32 - Math.clz32(this.threads - 1);
    this.mask = (1 << this.bits) - 1;
    this.clockMax = Math.min(clockMax, 2 ** (31 - this.bits) - 1);
    this.clocks = Array.from({ length: this.threads }, () => new Int32Array(this.threads));
    this.now = new Int32Array(this.threads);
    this.learnt = new Float64Array(this.threads);
    for (let t = 0; t < this.threads; t++) this.restart(t);
    this.epochs = new Int32Array(2 * m.words.length);
    this.syncs = Array.from({ length: m.layout.size });
  }

  begin(): void {
    const { epochs, touched, used } = this;
    for (let i = 0; i < this.touchedCount; i++) {
      const at = touched[i] as number;
      epochs[at] = 0;
      epochs[at + 1] = 0;
    }
    this.touchedCount = 0;
    this.readersUsed = 1;
    this.readersFree.length = 0;
    for (let i = 0; i < this.usedSyncs.length; i++) (this.usedSyncs[i] as Sync).owner = NOBODY;
    this.usedSyncs.length = 0;
    for (let t = 0; t < used; t++) {
      const clock = this.clocks[t] as Clock;
      for (let i = 0; i < used; i++) clock[i] = 0;
      this.restart(t);
    }
    this.used = 0;
  }

  private restart(tid: number): void {
    (this.clocks[tid] as Clock)[tid] = 1;
    this.now[tid] = (1 << this.bits) | tid;
  }

  /** Whoever has this thread's clock now does not know what it does from here on. */
  private advance(tid: number): void {
    const clock = this.clocks[tid] as Clock;
    if ((clock[tid] as number) >= this.clockMax) this.renumber();
    clock[tid] = (clock[tid] as number) + 1;
    this.now[tid] = (this.now[tid] as number) + (1 << this.bits);
  }

  /**
   * Makes all clocks as small as they can be. A clock of a thread is only ever compared with another of
   * the same thread, so their numbers in ascending order serve as well.
   */
  private renumber(): void {
    const known = Array.from({ length: this.threads }, () => new Set<number>());
    this.eachClock((thread, clock) => {
      (known[thread] as Set<number>).add(clock);
      return clock;
    });
    const numbers = known.map((clocks) => {
      const ascending = [...clocks].sort((a, b) => a - b);
      return new Map(ascending.map((clock, i) => [clock, i + 1]));
    });
    this.eachClock(
      (thread, clock) => (numbers[thread] as Map<number, number>).get(clock) as number,
    );
    for (let t = 0; t < this.threads; t++) {
      const clock = (this.clocks[t] as Clock)[t] as number;
      invariant(clock < this.clockMax, 'fewer clocks are in use than there are numbers');
      this.now[t] = (clock << this.bits) | t;
    }
  }

  /** Replaces every clock that is in use by what `change` answers; 0, nothing known, stays. */
  private eachClock(change: (thread: number, clock: number) => number): void {
    const { epochs, bits, mask } = this;
    const all = (clocks: Clock, length: number): void => {
      for (let t = 0; t < length; t++) {
        if (clocks[t] !== 0) clocks[t] = change(t, clocks[t] as number);
      }
    };
    for (const clocks of this.clocks) all(clocks, this.threads);
    for (const { clock, length } of this.usedSyncs) all(clock, length);
    for (let i = 1; i < this.readersUsed; i++) all(this.readers[i] as Clock, this.threads);
    for (let i = 0; i < this.touchedCount; i++) {
      const first = this.touched[i] as number;
      for (let at = first; at <= first + 1; at++) {
        const epoch = epochs[at] as number;
        if (epoch > 0) epochs[at] = (change(epoch & mask, epoch >> bits) << bits) | (epoch & mask);
      }
    }
  }

  loaded(address: number, marked: boolean): void {
    if (marked) return;
    const { epochs } = this;
    const tid = this.m.current.id;
    const epoch = this.now[tid] as number;
    const last = epochs[2 * address + 1] as number;
    if (last === epoch) return;
    const clock = this.clocks[tid] as Clock;
    const stored = epochs[2 * address] as number;
    if (stored !== 0 && this.isConcurrent(stored, clock)) {
      this.report(address, stored, 'load', 'store');
    }
    if (last === 0) {
      if (stored === 0) this.touched[this.touchedCount++] = 2 * address;
      epochs[2 * address + 1] = epoch;
    } else if (last < 0) {
      (this.readers[-last] as Clock)[tid] = clock[tid] as number;
    } else if ((last & this.mask) === tid || !this.isConcurrent(last, clock)) {
      epochs[2 * address + 1] = epoch;
    } else {
      epochs[2 * address + 1] = -this.inflate(last, epoch);
    }
  }

  stored(address: number): void {
    const { epochs } = this;
    const tid = this.m.current.id;
    const epoch = this.now[tid] as number;
    const stored = epochs[2 * address] as number;
    const loads = epochs[2 * address + 1] as number;
    if (stored === epoch && loads === 0) return;
    const clock = this.clocks[tid] as Clock;
    if (stored !== 0 && this.isConcurrent(stored, clock)) {
      this.report(address, stored, 'store', 'store');
    }
    if (loads > 0) {
      if (this.isConcurrent(loads, clock)) this.report(address, loads, 'store', 'load');
    } else if (loads < 0) {
      this.checkReaders(address, this.readers[-loads] as Clock, clock);
      this.readersFree.push(-loads);
    } else if (stored === 0) {
      this.touched[this.touchedCount++] = 2 * address;
    }
    epochs[2 * address] = epoch;
    epochs[2 * address + 1] = 0;
  }

  modified(address: number): void {
    this.acquired(address);
    this.stored(address);
    this.released(address);
  }

  accessed(address: number, _va: number, writes: boolean, atomic: boolean): void {
    if (atomic) this.modified(address);
    else if (writes) this.stored(address);
    else this.loaded(address, false);
  }

  ordered(address: number, reads: boolean, writes: boolean): void {
    if (reads) this.acquired(address);
    if (writes) this.released(address);
  }

  added(address: number): void {
    this.signalled(address);
  }

  acquired(lock: number): void {
    const sync = lock < this.syncs.length ? this.syncs[lock] : this.farSyncs.get(lock);
    if (sync === undefined || sync.owner === NOBODY) return;
    const tid = this.m.current.id;
    // Its own clock tells it nothing new.
    if (sync.owner === tid) return;
    this.learn(tid, sync.clock, sync.length);
  }

  private learn(tid: number, from: Clock, length: number): void {
    if (tid >= this.used) this.used = tid + 1;
    this.learnt[tid] = (this.learnt[tid] as number) + 1;
    join(this.clocks[tid] as Clock, from, length);
  }

  released(lock: number): void {
    const tid = this.m.current.id;
    if (tid >= this.used) this.used = tid + 1;
    const { used } = this;
    const clock = this.clocks[tid] as Clock;
    const sync = this.syncAt(lock);
    const into = sync.clock;
    if (sync.owner === tid && sync.learnt === this.learnt[tid]) {
      // 40 to 60 % of the releases of a kernel; about 3 % of an execution.
      into[tid] = clock[tid] as number;
    } else {
      for (let i = 0; i < used; i++) into[i] = clock[i] as number;
      sync.length = used;
      sync.owner = tid;
      sync.learnt = this.learnt[tid] as number;
    }
    this.advance(tid);
  }

  signalled(word: number): void {
    const tid = this.m.current.id;
    if (tid >= this.used) this.used = tid + 1;
    const sync = this.syncAt(word);
    if (sync.length < this.used) sync.clock.fill(0, sync.length, this.used);
    sync.length = this.used;
    sync.owner = ANYBODY;
    join(sync.clock, this.clocks[tid] as Clock, this.used);
    this.advance(tid);
  }

  awaited(word: number): void {
    this.acquired(word);
  }

  switching(from: Thread, to: Thread): void {
    if (from.id >= this.used) this.used = from.id + 1;
    this.learn(to.id, this.clocks[from.id] as Clock, this.used);
    this.advance(from.id);
  }

  private syncAt(word: number): Sync {
    const far = word >= this.syncs.length;
    let sync = far ? this.farSyncs.get(word) : this.syncs[word];
    if (sync === undefined) {
      sync = { clock: new Int32Array(this.threads), length: 0, owner: NOBODY, learnt: 0 };
      if (far) this.farSyncs.set(word, sync);
      else this.syncs[word] = sync;
    }
    if (sync.owner === NOBODY) {
      sync.length = 0;
      this.usedSyncs.push(sync);
    }
    return sync;
  }

  private isConcurrent(epoch: number, clock: Clock): boolean {
    return epoch >> this.bits > (clock[epoch & this.mask] as number);
  }

  private inflate(first: number, second: number): number {
    const entry = this.readersFree.pop() ?? this.readersUsed++;
    let clock = this.readers[entry];
    if (clock === undefined) {
      clock = new Int32Array(this.threads);
      this.readers.push(clock);
    } else {
      clock.fill(0);
    }
    clock[first & this.mask] = first >> this.bits;
    clock[second & this.mask] = second >> this.bits;
    return entry;
  }

  private checkReaders(address: number, readers: Clock, clock: Clock): void {
    for (let t = 0; t < this.threads; t++) {
      if ((readers[t] as number) <= (clock[t] as number)) continue;
      this.report(address, ((readers[t] as number) << this.bits) | t, 'store', 'load');
    }
  }

  private report(
    address: number,
    other: number,
    kind: 'load' | 'store',
    otherKind: 'load' | 'store',
  ): never {
    const { guest } = this;
    const name = guest.nameOf(address);
    const here = guest.here();
    const thread = guest.m.threads[other & this.mask] as Thread;
    const title = `data race on ${name}: ${here} and ${thread.name}`;
    const detail = [
      `${here} does a ${kind} of ${name}; ${thread.name} did a ${otherKind} before`,
      'nothing orders the two: no lock, no wakeup, no atomic instruction between them',
    ];
    found(guest, this.name, title, detail, { words: [address], contested: [address] });
  }
}

function join(into: Clock, from: Clock, length: number): void {
  for (let i = 0; i < length; i++) {
    if ((from[i] as number) > (into[i] as number)) into[i] = from[i] as number;
  }
}

export const race: DetectorKind = {
  name: 'race',
  summary: 'two accesses to a word, one of them a store, that nothing orders',
  make: (guest) => new RaceDetector(guest, Number.POSITIVE_INFINITY),
};

/** The same with clocks that are renumbered much sooner, to test that. */
export function raceWithClocks(clockMax: number): DetectorKind {
  return { ...race, make: (guest) => new RaceDetector(guest, clockMax) };
}
