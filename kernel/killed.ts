/** Whether a process was killed (xv6 proc.c setkilled and killed). */
import type { Code } from '../machine/index.ts';
import type { Kernel } from './kernel.ts';
import type { Proc } from './proc.ts';
import { acquire, release } from './spinlock.ts';

export function* setkilled(k: Kernel, p: Proc): Code<void> {
  acquire(k, p.lock) ?? (yield);
  k.m.store(p.killed, 1) ?? (yield);
  release(k, p.lock) ?? (yield);
}

export function* killed(k: Kernel, p: Proc): Code<boolean> {
  acquire(k, p.lock) ?? (yield);
  const is = k.m.load(p.killed) ?? (yield);
  release(k, p.lock) ?? (yield);
  return is !== 0;
}
