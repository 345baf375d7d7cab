/** Whether a process was killed (xv6 proc.c setkilled and killed). */
import type { Code } from '../machine/index.ts';
import type { Kernel } from './kernel.ts';
import type { Proc } from './proc.ts';
import { acquire, acquireToTest, release } from './spinlock.ts';

/** Not a value of p->killed. */
const NEVER = -1;

export function* setkilled(k: Kernel, p: Proc): Code<void> {
  acquire(k, p.lock) ?? (yield);
  k.m.store(p.killed, 1) ?? (yield);
  release(k, p.lock) ?? (yield);
}

export function* killed(k: Kernel, p: Proc): Code<boolean> {
  acquireToTest(k, p.lock, p.killed, NEVER) ?? (yield);
  const is = k.m.load(p.killed) ?? (yield);
  release(k, p.lock) ?? (yield);
  return is !== 0;
}
