import type { Driver } from './driver.ts';
import { type Address, BEFORE_FENCE } from './operands.ts';
import * as op from './operation.ts';
import { Thread } from './thread.ts';
import { fillsBuffer, passesBuffer } from './traits.ts';

/**
 * How memory orders what CPUs do.
 *
 * - `sc`: sequential consistency; a store is in memory at once.
 * - `tso`: total store order (Owens, Sarkar and Sewell, A Better x86 Memory Model: x86-TSO, TPHOLs
 *   2009; SPARC's TSO is the same for loads and stores). A store goes into its CPU's buffer, and
 *   reaches memory later, first in, first out. The CPU itself sees its stores at once.
 * - `pso`: partial store order (SPARC Architecture Manual, version 8, appendix D). The same, but only
 *   stores to one word keep their order.
 */
export type MemoryModel = 'sc' | 'tso' | 'pso';

export const MEMORY_MODELS: readonly MemoryModel[] = ['sc', 'tso', 'pso'];

/** Words that a PSO buffer holds at most; a store to one more waits. A TSO buffer has no limit. */
const PSO_WORDS = 256;

const NOBODY = -1;
const EVERYBODY = -2;

/** A store that is not in memory yet. */
interface Entry {
  readonly address: Address;
  readonly value: number;
  /** The bits of the word that it stores: all, or a byte's. */
  readonly mask: number;
  readonly slot: number;
}

/**
 * The store buffers of all CPUs. That a store reaches memory is a step of its own, in a lane of its
 * own: the scheduler chooses when. With PSO a CPU has a lane for each word that its buffer may hold.
 *
 * Fences, read-modify-writes and whatever locks, unlocks, waits or wakes go on only when the buffer of
 * their CPU is empty. A thread that has ended leaves its stores behind, and they reach memory, too; so
 * do those of all CPUs when the power goes off. The release of a spinlock is a fence and then a store:
 * the lock is free for others when that store reaches memory.
 *
 * While code of a CPU runs, memory itself shows what that CPU sees: see `enter`. So a kernel's plain
 * reads of its words see its own stores, too.
 *
 * Departures from hardware. What a kernel writes without an operation (a page that it fills, words that
 * no other CPU looks at before a lock has changed hands) is in memory at once, unless an older store to
 * the word still waits: then it waits behind that. The same goes for a user program's stores to pages
 * that only it reaches. A walk through page tables sees stores of its own CPU at once, which RISC-V
 * promises only behind an sfence.vma; the bits A and D are set in memory at once.
 */
export class StoreBuffers {
  /** Lanes of each CPU. */
  readonly slots: number;
  /** By CPU and slot: what the scheduler chooses to let the oldest store of the slot go. */
  readonly drains: readonly Thread[];
  private readonly isTotal: boolean;
  /** Whether each word has a slot of its own, its address. */
  private readonly hasAll: boolean;
  /** Stores that a CPU's buffer holds at most. */
  private readonly most: number;
  /** By CPU, in the order of the program. */
  private readonly entries: Entry[][];
  /** The CPU as which memory is shown now; NOBODY for what it is, EVERYBODY with the stores of all. */
  private viewer = NOBODY;
  /** Words that it shows otherwise, with what they are and what is shown. */
  private readonly covered = new Map<Address, { readonly inMemory: number; shown: number }>();

  /**
   * @param words that can be stored to, at most
   * @param most stores that a buffer holds at most
   */
  constructor(model: 'tso' | 'pso', cpus: number, words: number, most: number) {
    this.isTotal = model === 'tso';
    this.slots = this.isTotal ? 1 : Math.max(1, Math.min(words, most, PSO_WORDS));
    this.hasAll = !this.isTotal && this.slots === words;
    this.most = most;
    this.entries = Array.from({ length: cpus }, () => []);
    // Behind the numbers of the timers, so that lanes follow theirs.
    this.drains = Array.from({ length: cpus * this.slots }, (_, i) => {
      const cpu = Math.floor(i / this.slots);
      return new Thread(-1 - cpus - i, `store buffer ${cpu}`);
    });
  }

  reset(): void {
    for (const each of this.entries) each.length = 0;
    for (const drain of this.drains) drain.kind = op.NONE;
    this.covered.clear();
    this.viewer = NOBODY;
  }

  /** Shows memory as a CPU sees it: with the stores of its buffer. Until `leave`. */
  enter(words: Int32Array, cpu: number): void {
    if (this.viewer === cpu) return;
    this.leave(words);
    this.viewer = cpu;
    for (const entry of this.entries[cpu] as Entry[]) this.cover(words, entry);
  }

  /** Shows memory as it is. What was written past the buffer to a word that has a store in it comes next. */
  leave(words: Int32Array): void {
    const cpu = this.viewer;
    if (cpu === NOBODY) return;
    this.viewer = NOBODY;
    for (const [address, { inMemory, shown }] of this.covered) {
      const now = words[address] as number;
      words[address] = inMemory;
      if (now === shown || cpu === EVERYBODY) continue;
      const slot = this.slotFor(cpu, address);
      (this.entries[cpu] as Entry[]).push({ address, value: now, mask: -1, slot });
    }
    this.covered.clear();
  }

  /**
   * Shows memory as it comes to be when all stores have reached it, for whoever checks rules that hold
   * between words, and only looks. Until `enter` or `leave`.
   */
  settle(words: Int32Array): void {
    this.leave(words);
    this.viewer = EVERYBODY;
    for (const entries of this.entries) for (const entry of entries) this.cover(words, entry);
  }

  private cover(words: Int32Array, entry: Entry): void {
    const { address } = entry;
    const before = words[address] as number;
    const shown = merged(before, entry);
    words[address] = shown;
    const known = this.covered.get(address);
    if (known === undefined) this.covered.set(address, { inMemory: before, shown });
    else known.shown = shown;
  }

  /** Number of the CPU whose buffer it is. */
  cpuOf(drain: Thread): number {
    return Math.floor(this.numberOf(drain) / this.slots);
  }

  isEmpty(cpu: number): boolean {
    return (this.entries[cpu] as Entry[]).length === 0;
  }

  /** Whether an operation of a CPU has to wait for stores before it to reach memory. */
  holdsBack(cpu: number, kind: number, a: Address, b: number): boolean {
    if (kind === op.STORE) return this.isFull(cpu, a);
    if (kind === op.STORE_BYTE) return this.isFull(cpu, a >> 2);
    // Where a user's store goes is known when it is performed.
    if (fillsBuffer(kind)) return this.isFull(cpu, -1);
    if (kind === op.RELEASE && b === BEFORE_FENCE) return this.isFull(cpu, a);
    return !passesBuffer(kind) && !this.isEmpty(cpu);
  }

  private isFull(cpu: number, address: Address): boolean {
    return (this.entries[cpu] as Entry[]).length >= this.most || this.slotFor(cpu, address) < 0;
  }

  /**
   * Puts a store of the CPU that runs into its buffer. Answers whether that gave the scheduler one more
   * lane to choose.
   */
  push(words: Int32Array, cpu: number, address: Address, value: number, mask: number): boolean {
    const slot = this.slotFor(cpu, address);
    const entry = { address, value, mask, slot };
    (this.entries[cpu] as Entry[]).push(entry);
    this.cover(words, entry);
    return this.announce(cpu, slot);
  }

  /** The power goes off: what waits reaches memory, CPU by CPU. */
  flush(words: Int32Array): void {
    this.leave(words);
    for (const entries of this.entries) {
      for (const entry of entries) {
        words[entry.address] = merged(words[entry.address] as number, entry);
      }
    }
    this.reset();
  }

  /** The oldest store of a lane reaches memory. Answers its address. */
  drain(words: Int32Array, drain: Thread): Address {
    const at = this.numberOf(drain);
    const cpu = Math.floor(at / this.slots);
    const slot = at % this.slots;
    const entries = this.entries[cpu] as Entry[];
    const first = entries.findIndex((entry) => entry.slot === slot);
    const [entry] = entries.splice(first, 1) as [Entry];
    words[entry.address] = merged(words[entry.address] as number, entry);
    drain.kind = op.NONE;
    this.announce(cpu, slot);
    return entry.address;
  }

  /** Adds the lanes that could step to those that are there; answers how many there are then. */
  gather(enabled: Thread[], count: number): number {
    let all = count;
    for (let cpu = 0; cpu < this.entries.length; cpu++) {
      const entries = this.entries[cpu] as Entry[];
      for (const [i, { slot }] of entries.entries()) {
        if (entries.findIndex((entry) => entry.slot === slot) !== i) continue;
        enabled[all++] = this.drains[cpu * this.slots + slot] as Thread;
      }
    }
    return all;
  }

  private numberOf(drain: Thread): number {
    return -1 - this.entries.length - drain.id;
  }

  /** Shows the oldest store of a slot as the operation that its lane is about to perform. */
  private announce(cpu: number, slot: number): boolean {
    const drain = this.drains[cpu * this.slots + slot] as Thread;
    if (drain.kind === op.DRAIN) return false;
    const entry = this.entries[cpu]?.find((each) => each.slot === slot);
    if (entry === undefined) return false;
    drain.kind = op.DRAIN;
    drain.a = entry.address;
    drain.b = entry.value;
    return true;
  }

  /** The slot for a store to a word; -1 where none is free. */
  private slotFor(cpu: number, address: Address): number {
    if (this.isTotal) return 0;
    // So that which lane a store comes from does not depend on what else has reached memory.
    if (this.hasAll) return address;
    const entries = this.entries[cpu] as Entry[];
    const same = entries.find((entry) => entry.address === address);
    if (same !== undefined) return same.slot;
    for (let slot = 0; slot < this.slots; slot++) {
      if (!entries.some((entry) => entry.slot === slot)) return slot;
    }
    return -1;
  }
}

function merged(word: number, { value, mask }: Entry): number {
  return (word & ~mask) | (value & mask);
}

/**
 * A store of the current CPU into its buffer; undefined for any other operation.
 *
 * @param a address of a word, of a byte for stores of bytes: of a user's, too, in physical memory
 */
export function storeBuffered(
  m: Driver,
  buffers: StoreBuffers,
  kind: number,
  a: number,
  b: number,
): number | undefined {
  switch (kind) {
    case op.STORE:
      return put(m, buffers, a, b, -1);
    case op.USER_STORE:
      return put(m, buffers, a >> 2, b, -1);
    case op.STORE_BYTE:
    case op.USER_STORE_BYTE: {
      const shift = (a & 3) * 8;
      return put(m, buffers, a >> 2, b << shift, 0xff << shift);
    }
    default:
      return undefined;
  }
}

function put(m: Driver, buffers: StoreBuffers, a: Address, value: number, mask: number): number {
  // The scheduler may want the new lane before the thread that stored goes on.
  if (buffers.push(m.words, m.cpu.id, a, value, mask)) m.leaseEnd = m.step;
  return 0;
}

/**
 * The release of a spinlock whose store waits in the buffer like any other. If it comes before its fence,
 * the fence is what the thread announces next.
 */
export function releaseBuffered(m: Driver, buffers: StoreBuffers, lock: Address, b: number) {
  put(m, buffers, lock, 0, -1);
  m.letGo(lock);
  if (b !== BEFORE_FENCE) return 0;
  const { current } = m;
  current.kind = op.FENCE;
  current.a = 0;
  return undefined;
}
