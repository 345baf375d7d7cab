/** Console output (xv6 console.c and printf.c, of which only the output side has a use here). */
import type { Code, Layout } from '../machine/index.ts';
import type { Kernel } from './kernel.ts';
import type { Proc } from './proc.ts';
import { acquire, release, Spinlock } from './spinlock.ts';
import { copyin } from './vm.ts';

/** Bytes that one write moves while it holds the lock. */
const CHUNK = 128;

export class Console {
  readonly lock: Spinlock;

  constructor(layout: Layout) {
    this.lock = new Spinlock(layout, 'cons.lock');
  }
}

/** Prints a line of the kernel's own. Takes cons.lock. */
export function* printf(k: Kernel, text: string): Code<void> {
  acquire(k, k.console.lock) ?? (yield);
  k.print(text);
  release(k, k.console.lock) ?? (yield);
}

/**
 * User write()s to the console. Takes cons.lock for each chunk.
 *
 * @returns the bytes written, or -1 when the first chunk cannot be read.
 */
export function* consolewrite(k: Kernel, p: Proc, src: number, n: number): Code<number> {
  let done = 0;
  while (done < n) {
    const chunk = new Uint8Array(Math.min(CHUNK, n - done));
    const pagetable = k.m.words[p.pagetable] as number;
    if ((yield* copyin(k, pagetable, chunk, src + done)) < 0) return done > 0 ? done : -1;
    yield* printf(k, String.fromCharCode(...chunk));
    done += chunk.length;
  }
  return done;
}
