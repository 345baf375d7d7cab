import type { Driver } from './driver.ts';
import * as op from './operation.ts';
import { Thread } from './thread.ts';

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

/** A store that is not in memory yet. */
interface Entry {
  readonly address: op.Address;
  readonly value: number;
  /** The bits of the word that it stores: all, or a byte's. */
  readonly mask: number;
  readonly slot: number;
}

/** The operations that go on whatever is in the buffer; all others wait until it is empty. */
const PASSES: readonly boolean[] = Array.from({ length: op.OPERATION_NAMES.length }, (_, kind) =>
  [op.START, op.LOAD, op.STORE, op.STORE_BYTE, op.DRAIN, op.ENDED].includes(kind),
);

/**
 * The store buffers of all CPUs. That a store reaches memory is a step of its own, in a lane of its
 * own: the scheduler chooses when. With PSO a CPU has a lane for each word that its buffer may hold.
 *
 * Fences, read-modify-writes and whatever locks, unlocks, waits or wakes go on only when the buffer of
 * their CPU is empty. A thread that has ended leaves its stores behind, and they reach memory, too.
 */
export class StoreBuffers {
  /** Lanes of each CPU. */
  readonly slots: number;
  /** By CPU and slot: what the scheduler chooses to let the oldest store of the slot go. */
  readonly drains: readonly Thread[];
  private readonly isTotal: boolean;
  /** By CPU, in the order of the program. */
  private readonly entries: Entry[][];

  /** @param words that can be stored to, at most */
  constructor(model: 'tso' | 'pso', cpus: number, words: number) {
    this.isTotal = model === 'tso';
    this.slots = this.isTotal ? 1 : Math.max(1, Math.min(words, PSO_WORDS));
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
  }

  /** Number of the CPU whose buffer it is. */
  cpuOf(drain: Thread): number {
    return Math.floor(this.numberOf(drain) / this.slots);
  }

  isEmpty(cpu: number): boolean {
    return (this.entries[cpu] as Entry[]).length === 0;
  }

  /** Whether an operation of a CPU has to wait for stores before it to reach memory. */
  holdsBack(cpu: number, kind: number, a: op.Address): boolean {
    if (kind === op.STORE) return this.slotFor(cpu, a) < 0;
    if (kind === op.STORE_BYTE) return this.slotFor(cpu, a >> 2) < 0;
    return PASSES[kind] !== true && !this.isEmpty(cpu);
  }

  /** What a CPU sees in a word: memory, and its own stores over it. */
  seenBy(cpu: number, address: op.Address, inMemory: number): number {
    let seen = inMemory;
    for (const entry of this.entries[cpu] as Entry[]) {
      if (entry.address === address) seen = merged(seen, entry);
    }
    return seen;
  }

  /** Puts a store into a buffer. Answers whether that gave the scheduler one more lane to choose. */
  push(cpu: number, address: op.Address, value: number, mask: number): boolean {
    const slot = this.slotFor(cpu, address);
    (this.entries[cpu] as Entry[]).push({ address, value, mask, slot });
    return this.announce(cpu, slot);
  }

  /** The oldest store of a lane reaches memory. Answers its address. */
  drain(words: Int32Array, drain: Thread): op.Address {
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
  private slotFor(cpu: number, address: op.Address): number {
    if (this.isTotal) return 0;
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

/** A load or store of the current CPU through its buffer; undefined for any other operation. */
export function actBuffered(
  m: Driver,
  buffers: StoreBuffers,
  kind: number,
  a: number,
  b: number,
): number | undefined {
  const cpu = m.cpu.id;
  switch (kind) {
    case op.LOAD:
      return buffers.seenBy(cpu, a, m.words[a] as number);
    case op.STORE:
      return put(m, buffers, a, b, -1);
    case op.STORE_BYTE: {
      const shift = (a & 3) * 8;
      return put(m, buffers, a >> 2, b << shift, 0xff << shift);
    }
    default:
      return undefined;
  }
}

function put(m: Driver, buffers: StoreBuffers, a: op.Address, value: number, mask: number): number {
  // The scheduler may want the new lane before the thread that stored goes on.
  if (buffers.push(m.cpu.id, a, value, mask)) m.leaseEnd = m.step;
  return 0;
}
