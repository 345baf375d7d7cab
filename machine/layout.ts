import type { Address } from './operation.ts';

/**
 * Gives out the words of the kernel's data segment and remembers what each is called.
 *
 * Names are what reports, traces and focus patterns show (`proc[3].state`, `shm.lock`). A layout is
 * made once for a configuration, before the machine; executions only read it.
 */
export class Layout {
  private readonly names: string[] = [];

  /** Number of words given out so far. */
  get size(): number {
    return this.names.length;
  }

  /** One word, 0 at power-on. */
  word(name: string): Address {
    return this.names.push(name) - 1;
  }

  /** `count` neighbouring words; answers the first. */
  array(name: string, count: number): Address {
    const first = this.names.length;
    for (let i = 0; i < count; i++) this.names.push(`${name}[${i}]`);
    return first;
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
