import type { Machine } from '../../machine/index.ts';

/** The digest of a machine's state, as traces write it. */
export function digestOf({ memory, step }: Machine): string {
  return memory.digest(step).toString(16).padStart(8, '0');
}
