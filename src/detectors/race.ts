import type { Kernel } from '../../kernel/kernel.ts';
import type { Thread } from '../../machine/index.ts';
import { type Detector, type DetectorKind, found, here } from './detector.ts';

/** A vector clock: by thread, the newest of its epochs that is known to be over. */
type Clock = Int32Array;

/**
 * Happens-before races (Flanagan and Freund, FastTrack, PLDI 2009).
 *
 * Two accesses to a word, one of them a store, with no chain of synchronisation between them. Order
 * comes from spinlocks, atomic instructions and context switches; fork, wait, sleep and wakeup are
 * built on those. What a read-modify-write does is ordered with others on the same word, never with
 * plain accesses to it. Marked loads take no part.
 *
 * Exact for the execution it sees: each report is a race, and the first one that the execution has is
 * reported. Words that the kernel keeps private (plain reads of `m.words`) are not looked at.
 *
 * Departures from the paper: epochs are one number, thread in the low bits; clocks are forgotten,
 * not shrunk; the word's read clock is inflated once and stays so until a store.
 */
class RaceDetector implements Detector {
  readonly name = 'race';
  private readonly k: Kernel;
  private readonly threads: number;
  private readonly bits: number;
  private readonly mask: number;
  private readonly clocks: Clock[];
  /** By address: the epoch of the last store; 0 for none. */
  private readonly stores: Int32Array;
  /** By address: the epoch of the last load, or minus the number of an entry in `readers`. */
  private readonly loads: Int32Array;
  private readonly touched: Int32Array;
  private touchedCount = 0;
  /** Inflated read clocks; entry 0 is not used. */
  private readonly readers: Clock[] = [new Int32Array(0)];
  private readersUsed = 1;
  /** Entries below `readersUsed` whose word was stored to since. */
  private readonly freeReaders: number[] = [];
  /** By address of a lock or an atomic word: what its last holder knew. */
  private readonly syncs = new Map<number, Clock>();
  private readonly usedSyncs: Clock[] = [];

  constructor(k: Kernel) {
    this.k = k;
    this.threads = k.m.threads.length;
    this.bits = 32 - Math.clz32(this.threads - 1);
    this.mask = (1 << this.bits) - 1;
    this.clocks = Array.from({ length: this.threads }, () => new Int32Array(this.threads));
    const words = k.m.words.length;
    this.stores = new Int32Array(words);
    this.loads = new Int32Array(words);
    this.touched = new Int32Array(words);
  }

  begin(): void {
    for (let i = 0; i < this.touchedCount; i++) {
      const address = this.touched[i] as number;
      this.stores[address] = 0;
      this.loads[address] = 0;
    }
    this.touchedCount = 0;
    this.readersUsed = 1;
    this.freeReaders.length = 0;
    for (const clock of this.usedSyncs) clock.fill(0);
    this.usedSyncs.length = 0;
    for (let t = 0; t < this.threads; t++) {
      const clock = this.clocks[t] as Clock;
      clock.fill(0);
      clock[t] = 1;
    }
  }

  loaded(address: number, marked: boolean): void {
    if (marked) return;
    const tid = this.k.m.current.id;
    const clock = this.clocks[tid] as Clock;
    const epoch = ((clock[tid] as number) << this.bits) | tid;
    const last = this.loads[address] as number;
    if (last === epoch) return;
    const stored = this.stores[address] as number;
    if (stored !== 0 && this.isConcurrent(stored, clock)) this.report(address, stored, 'load');
    if (last === 0) {
      if (stored === 0) this.touch(address);
      this.loads[address] = epoch;
    } else if (last < 0) {
      (this.readers[-last] as Clock)[tid] = clock[tid] as number;
    } else if ((last & this.mask) === tid || !this.isConcurrent(last, clock)) {
      this.loads[address] = epoch;
    } else {
      this.loads[address] = -this.inflate(last, epoch);
    }
  }

  stored(address: number): void {
    const tid = this.k.m.current.id;
    const clock = this.clocks[tid] as Clock;
    const epoch = ((clock[tid] as number) << this.bits) | tid;
    const stored = this.stores[address] as number;
    const loads = this.loads[address] as number;
    if (stored === epoch && loads === 0) return;
    if (stored !== 0 && this.isConcurrent(stored, clock)) this.report(address, stored, 'store');
    if (loads > 0) {
      if (this.isConcurrent(loads, clock)) this.report(address, loads, 'store');
    } else if (loads < 0) {
      this.checkReaders(address, this.readers[-loads] as Clock, clock);
      this.freeReaders.push(-loads);
    } else if (stored === 0) {
      this.touch(address);
    }
    this.stores[address] = epoch;
    this.loads[address] = 0;
  }

  modified(address: number): void {
    this.acquired(address);
    this.stored(address);
    this.released(address);
  }

  accessed(address: number, _va: number, writes: boolean): void {
    if (writes) this.stored(address);
    else this.loaded(address, false);
  }

  acquired(lock: number): void {
    const sync = this.syncs.get(lock);
    if (sync !== undefined) join(this.clocks[this.k.m.current.id] as Clock, sync);
  }

  released(lock: number): void {
    const tid = this.k.m.current.id;
    const clock = this.clocks[tid] as Clock;
    let sync = this.syncs.get(lock);
    if (sync === undefined) {
      sync = new Int32Array(this.threads);
      this.syncs.set(lock, sync);
    }
    // Once for each thread at most, so that a long execution needs no more memory than a short one.
    if (sync[tid] === 0) this.usedSyncs.push(sync);
    sync.set(clock);
    clock[tid] = (clock[tid] as number) + 1;
  }

  switching(from: Thread, to: Thread): void {
    const clock = this.clocks[from.id] as Clock;
    join(this.clocks[to.id] as Clock, clock);
    clock[from.id] = (clock[from.id] as number) + 1;
  }

  private isConcurrent(epoch: number, clock: Clock): boolean {
    return epoch >> this.bits > (clock[epoch & this.mask] as number);
  }

  private touch(address: number): void {
    this.touched[this.touchedCount++] = address;
  }

  private inflate(first: number, second: number): number {
    const entry = this.freeReaders.pop() ?? this.readersUsed++;
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
      const epoch = ((readers[t] as number) << this.bits) | t;
      if (readers[t] !== 0 && this.isConcurrent(epoch, clock)) this.report(address, epoch, 'store');
    }
  }

  private report(address: number, other: number, kind: 'load' | 'store'): never {
    const { k } = this;
    const name = k.m.layout.nameOf(address) ?? `shared memory at word ${address}`;
    const thread = k.m.threads[other & this.mask];
    const process = k.ptable.procs[(other & this.mask) - k.param.ncpu];
    const pid = process === undefined ? 0 : (k.m.words[process.pid] as number);
    found(
      k,
      this.name,
      `data race on ${name}: ${here(k)} and ${thread?.name}`,
      [`${here(k)} does a ${kind} that nothing orders with what ${thread?.name} did before`],
      { words: [address], pids: [pid] },
    );
  }
}

function join(into: Clock, from: Clock): void {
  for (let i = 0; i < into.length; i++) {
    if ((from[i] as number) > (into[i] as number)) into[i] = from[i] as number;
  }
}

export const race: DetectorKind = {
  name: 'race',
  summary: 'two accesses to a word, one of them a store, that nothing orders',
  make: (k) => new RaceDetector(k),
};
