import type { Address } from './operands.ts';

/** In `Layout.guards`: nothing guards this word. */
export const NO_GUARD = -1;

/**
 * Gives out the words of the kernel's data segment and remembers what each is called.
 *
 * Names are what reports, traces and focus patterns show (`proc[3].state`, `shm.lock`). A layout is
 * made once for a configuration, before the machine; executions only read it.
 */
export class Layout {
  private readonly names: string[] = [];
  private readonly guardWords: Address[] = [];
  /**
   * Guards that are locks of processes, and the spinlock that goes with each: the guard's word holds
   * the pid of who has it, where a spinlock's holds a CPU.
   */
  readonly sleeplocks = new Map<Address, Address>();

  /** Words of atomic cells: they order threads, and no access to them is a race. */
  readonly atomics = new Set<Address>();

  /** Number of words given out so far. */
  get size(): number {
    return this.names.length;
  }

  /**
   * One word, 0 at power-on.
   *
   * @param guard the lock that must be held to load or store it: `guarded by`, for the detector of
   *   lock discipline. Left out for a lock, and for what is private to one thread.
   */
  word(name: string, guard: Address = NO_GUARD): Address {
    this.guardWords.push(guard);
    return this.names.push(name) - 1;
  }

  /** `count` neighbouring words; answers the first. */
  array(name: string, count: number, guard: Address = NO_GUARD): Address {
    const first = this.names.length;
    for (let i = 0; i < count; i++) this.word(`${name}[${i}]`, guard);
    return first;
  }

  /** By address, the lock word that guards it, or NO_GUARD. */
  get guards(): Int32Array {
    return Int32Array.from(this.guardWords);
  }

  /** The name of a word, or undefined for an address outside the data segment. */
  nameOf(address: Address): string | undefined {
    return this.names[address];
  }

  /** The word of that name, or undefined. Linear: for tests and reports. */
  find(name: string): Address | undefined {
    const at = this.names.indexOf(name);
    return at < 0 ? undefined : at;
  }
}
