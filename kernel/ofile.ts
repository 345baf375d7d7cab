import type { Address, Layout } from '../machine/index.ts';

/** What a descriptor holds that is the console's input, or its output. Others hold a file + 1. */
export const CONSIN = -1;
export const CONSOUT = -2;

/**
 * A process's open files (xv6 proc.h ofile). Private to it, so no lock: its parent fills them before
 * it first runs.
 *
 * Departure from xv6: the console takes no entry of the file table, and so no references, since
 * nothing can make it go away. Descriptors 0, 1 and 2 are the console's in every process that has not
 * closed them.
 */
export class Descriptors {
  readonly count: number;
  private readonly first: Address;

  constructor(layout: Layout, owner: string, nofile: number) {
    this.count = nofile;
    this.first = layout.array(`${owner}.ofile`, nofile);
  }

  /** Entry of the file table + 1, CONSIN or CONSOUT; 0 for a descriptor that is not open. */
  at(fd: number): Address {
    return this.first + fd;
  }
}
