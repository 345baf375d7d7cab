import type { Address, Code } from '../machine/index.ts';
import type { Kernel } from './kernel.ts';
import { SHMNAMEMAX } from './param.ts';

/** Words of the name of a shared object, NUL-padded. */
export const NAMEWORDS = (SHMNAMEMAX + 1) / 4;

function nameWord(name: string, word: number): number {
  let value = 0;
  for (let i = 3; i >= 0; i--) value = (value << 8) | (name.charCodeAt(4 * word + i) || 0);
  return value;
}

/** Whether the name at an address is this one. The lock of its table must be held. */
export function* isNamed(k: Kernel, at: Address, name: string): Code<boolean> {
  for (let i = 0; i < NAMEWORDS; i++) {
    const word = k.m.load(at + i) ?? (yield);
    if (word !== nameWord(name, i)) return false;
  }
  return true;
}

/** Writes a name to an address. The lock of its table must be held. */
export function* storeName(k: Kernel, at: Address, name: string): Code<void> {
  for (let i = 0; i < NAMEWORDS; i++) k.m.store(at + i, nameWord(name, i)) ?? (yield);
}

/** The name at an address. Not an operation. */
export function nameAt(k: Kernel, at: Address): string {
  const bytes = k.m.memory.bytes.subarray(at << 2, (at + NAMEWORDS) << 2);
  return String.fromCharCode(...bytes).replace(/\0.*/, '');
}
