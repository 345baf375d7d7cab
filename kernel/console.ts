/** Console output (xv6 console.c and printf.c, of which only the output side has a use here). */
import type { Code, Layout } from '../machine/index.ts';
import type { Kernel } from './kernel.ts';
import type { Proc } from './proc.ts';
import { acquiresleep, releasesleep, Sleeplock } from './sleeplock.ts';
import { acquire, release, Spinlock } from './spinlock.ts';
import { copyin } from './vm.ts';

/** Bytes that one write moves while it holds the lock. */
const CHUNK = 128;

export class Console {
  /** One piece of text at a time; the kernel's own messages take only this. */
  readonly lock: Spinlock;
  /** One write() at a time, so that the chunks of two do not mix. Departure from xv6, where they do. */
  readonly writing: Sleeplock;

  constructor(layout: Layout) {
    this.lock = new Spinlock(layout, 'cons.lock');
    this.writing = new Sleeplock(layout, 'cons.writing');
  }
}

/** Prints a line of the kernel's own. Takes cons.lock. */
export function* printf(k: Kernel, text: string): Code<void> {
  acquire(k, k.console.lock) ?? (yield);
  k.print(text);
  release(k, k.console.lock) ?? (yield);
}

function textOf(bytes: Uint8Array): string {
  let text = '';
  for (let i = 0; i < bytes.length; i++) text += String.fromCharCode(bytes[i] as number);
  return text;
}

/**
 * User write()s to the console. Sleeps while another process writes.
 *
 * @returns the bytes written, or -1 when the first chunk cannot be read.
 */
export function* consolewrite(k: Kernel, p: Proc, src: number, n: number): Code<number> {
  const pagetable = k.m.words[p.pagetable] as number;
  if (k.mutant['write-sleeps-with-lock']) acquire(k, k.console.lock) ?? (yield);
  yield* acquiresleep(k, k.console.writing);
  if (k.mutant['write-sleeps-with-lock']) release(k, k.console.lock) ?? (yield);
  let done = 0;
  while (done < n) {
    const chunk = new Uint8Array(Math.min(CHUNK, n - done));
    if ((yield* copyin(k, pagetable, chunk, src + done)) < 0) break;
    yield* printf(k, textOf(chunk));
    done += chunk.length;
  }
  yield* releasesleep(k, k.console.writing);
  return done === 0 && n > 0 ? -1 : done;
}
