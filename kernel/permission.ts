/** Who may do what with a named piece of memory: owner, creator and mode, as for a file. */
import type { Code } from '../machine/index.ts';
import { argint } from './argument.ts';
import type { Kernel } from './kernel.ts';
import type { Proc } from './proc.ts';

export const MAY_READ = 4;
export const MAY_WRITE = 2;

/**
 * Whether a process may. User 0 may all; the owner and the creator have the rights in the mode's
 * digit of hundreds, others those of its last. There are no groups.
 *
 * @param wanted MAY_READ, MAY_WRITE or both
 */
export function permitted(
  k: Kernel,
  p: Proc,
  owners: readonly number[],
  mode: number,
  wanted: number,
): boolean {
  const uid = k.m.words[p.uid] as number;
  if (uid === 0) return true;
  const rights = owners.includes(uid) ? mode >> 6 : mode;
  return (rights & wanted) === wanted;
}

/** Whether a process is one of the owners, or user 0. */
export function owns(k: Kernel, p: Proc, owners: readonly number[]): boolean {
  const uid = k.m.words[p.uid] as number;
  return uid === 0 || owners.includes(uid);
}

/** getuid(): the user. */
export function* sysGetuid(k: Kernel, p: Proc): Code<number> {
  return k.m.words[p.uid] as number;
}

/** setuid(int uid): 0, or -1: only user 0 may become another. */
export function* sysSetuid(k: Kernel, p: Proc): Code<number> {
  const { words } = k.m;
  const uid = argint(k, p, 0);
  if (uid < 0 || (words[p.uid] !== 0 && words[p.uid] !== uid)) return -1;
  words[p.uid] = uid;
  return 0;
}
