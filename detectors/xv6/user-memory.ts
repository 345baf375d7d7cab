import type { Kernel } from '../../kernel/kernel.ts';
import { walk } from '../../kernel/pagetable.ts';
import { SHMNAMEMAX } from '../../kernel/param.ts';
import type { Proc } from '../../kernel/proc.ts';
import { PTE_R, PTE_U, PTE_V, PTE_W, ppnOfPte } from '../../machine/index.ts';
import { FileBytes } from '../calls/file-bytes.ts';

/** Address in memory of a byte of a process, or -1 where it has not these rights. */
function place(k: Kernel, p: Proc, va: number, rights: number): number {
  if (va < 0 || va > 0x7fff_ffff) return -1;
  const { memory, words } = k.m;
  const at = walk(k, words[p.pagetable] as number, va >>> 12);
  const pte = at === 0 ? 0 : (words[at] as number);
  const wanted = rights | PTE_V | PTE_U;
  return (pte & wanted) === wanted ? (memory.frame(ppnOfPte(pte)) << 2) + (va & 4095) : -1;
}

/** The name that a shm_open asks for; undefined for one that no object can have. */
export function readName(k: Kernel, p: Proc, va: number): string | undefined {
  return readString(k, p, va, SHMNAMEMAX + 1) || undefined;
}

/** A string of at most so many bytes, its NUL among them; undefined where none is. */
export function readString(k: Kernel, p: Proc, va: number, max: number): string | undefined {
  let text = '';
  let at = -1;
  for (let i = 0; i < max; i++) {
    at = at < 0 || ((va + i) & 4095) === 0 ? place(k, p, va + i, PTE_R) : at + 1;
    if (at < 0) return undefined;
    const byte = k.m.memory.bytes[at] as number;
    if (byte === 0) return text;
    text += String.fromCharCode(byte);
  }
  return undefined;
}

/** Bytes of the process's own memory; undefined as for `ownWord`. */
export function ownBytes(k: Kernel, p: Proc, va: number, count: number): FileBytes | undefined {
  const { memory } = k.m;
  const bytes = new Uint8Array(count);
  for (let done = 0; done < count; ) {
    const at = place(k, p, va + done, PTE_R);
    if (at < 0 || memory.isShared(memory.ppnOf(at >> 2))) return undefined;
    const piece = Math.min(count - done, 4096 - ((va + done) & 4095));
    bytes.set(memory.bytes.subarray(at, at + piece), done);
    done += piece;
  }
  return new FileBytes(bytes);
}

/** Whether the kernel can write so many bytes there, as far as pages are there that need no fault. */
export function isWritable(k: Kernel, p: Proc, va: number, bytes: number): boolean {
  for (let at = va; at < va + bytes; at += 4096) if (place(k, p, at, PTE_W) < 0) return false;
  return place(k, p, va + bytes - 1, PTE_W) >= 0;
}

/**
 * A word of the process's own memory, as a call left it there; undefined where others may have changed
 * it since, and where there is none.
 */
export function ownWord(k: Kernel, p: Proc, va: number): number | undefined {
  const { memory } = k.m;
  const at = place(k, p, va, PTE_R);
  if (at < 0 || at % 4 !== 0 || memory.isShared(memory.ppnOf(at >> 2))) return undefined;
  return memory.words[at >> 2];
}
