/** Program images (xv6 exec.c). Programs are named, and have no file: code has no bytes here. */
import { type Code, PGSIZE, SFENCE } from '../machine/index.ts';
import type { Kernel } from './kernel.ts';
import { TRAMPOLINE, TRAPFRAME } from './memlayout.ts';
import { vmaExit } from './mmap.ts';
import { TEXT_PERM, uvmalloc, uvmclear, uvmfree, uvmunmap } from './pagetable.ts';
import { MAXARG, MAXPATH } from './param.ts';
import { type Proc, procFreepagetable, procPagetable } from './proc.ts';
import { shmExit } from './shm.ts';
import { copyin, copyinstr, copyout } from './vm.ts';

/** Program and data, guard page, stack. */
const IMAGEPAGES = 3;
const GUARD = 1;

/**
 * Fills an empty address space with a fresh image and the arguments on its stack.
 *
 * @returns the image's size in bytes, or -1 when memory is out or the arguments do not fit; pages
 *   allocated so far then stay mapped, and the caller frees them (their number is in `pages`).
 */
export function* loadImage(
  k: Kernel,
  pagetable: number,
  argv: readonly string[],
): Code<{ size: number; pages: number }> {
  if ((yield* uvmalloc(k, pagetable, 0, IMAGEPAGES, TEXT_PERM)) < 0) return { size: -1, pages: 0 };
  yield* uvmclear(k, pagetable, GUARD);
  const pushed = yield* pushArguments(k, pagetable, argv);
  return { size: pushed < 0 ? -1 : IMAGEPAGES * PGSIZE, pages: IMAGEPAGES };
}

/** Pushes argument strings and the array of pointers to them. Answers the stack pointer, or -1. */
function* pushArguments(k: Kernel, pagetable: number, argv: readonly string[]): Code<number> {
  const stackbase = (IMAGEPAGES - 1) * PGSIZE;
  let sp = IMAGEPAGES * PGSIZE;
  const ustack = new Int32Array((argv.length + 1) * 2);
  for (const [i, arg] of argv.entries()) {
    sp -= arg.length + 1;
    sp -= sp % 16; // RISC-V sp must be 16-byte aligned
    if (sp < stackbase) return -1;
    const bytes = Uint8Array.from([...arg, '\0'], (c) => c.charCodeAt(0));
    if ((yield* copyout(k, pagetable, sp, bytes)) < 0) return -1;
    ustack[2 * i] = sp;
  }
  sp -= ustack.byteLength;
  sp -= sp % 16;
  if (sp < stackbase) return -1;
  return (yield* copyout(k, pagetable, sp, new Uint8Array(ustack.buffer))) < 0 ? -1 : sp;
}

/** Fetches a NULL-terminated array of string pointers from user memory; undefined if it is bad. */
function* fetchArguments(k: Kernel, pagetable: number, uargv: number): Code<string[] | undefined> {
  const argv: string[] = [];
  const pointer = new Uint8Array(8);
  for (let i = 0; i < MAXARG; i++) {
    if ((yield* copyin(k, pagetable, pointer, uargv + 8 * i)) < 0) return undefined;
    const at = new Int32Array(pointer.buffer)[0] as number;
    if (at === 0) return argv;
    const arg = yield* copyinstr(k, pagetable, at, MAXPATH);
    if (arg === undefined) return undefined;
    argv.push(arg);
  }
  return undefined;
}

/**
 * Replaces the process's program. Its mappings go, and its shared memory is closed, once nothing can
 * fail.
 *
 * @returns the number of arguments, or -1 for an unknown program, bad arguments or no memory; then
 *   the old image goes on.
 */
export function* exec(k: Kernel, p: Proc, path: number, uargv: number): Code<number> {
  const { words } = k.m;
  const old = words[p.pagetable] as number;
  const name = yield* copyinstr(k, old, path, MAXPATH);
  const program = name === undefined ? undefined : k.programs.get(name);
  if (name === undefined || program === undefined) return -1;
  const argv = yield* fetchArguments(k, old, uargv);
  if (argv === undefined) return -1;

  const pagetable = yield* procPagetable(k, words[p.trapframe] as number);
  if (pagetable === 0) return -1;
  const { size, pages } = yield* loadImage(k, pagetable, argv);
  if (size < 0 && k.mutant['exec-oom-keeps-image']) return -1;
  if (size < 0) {
    yield* uvmunmap(k, pagetable, TRAMPOLINE, 1, false);
    yield* uvmunmap(k, pagetable, TRAPFRAME, 1, false);
    yield* uvmfree(k, pagetable, pages);
    return -1;
  }

  // Commit to the user image.
  if (!k.mutant['exec-keeps-areas']) yield* vmaExit(k, p);
  if (!k.mutant['exec-keeps-shm']) yield* shmExit(k, p);
  const oldsz = words[p.sz] as number;
  words[p.pagetable] = pagetable;
  words[p.sz] = size;
  if (!k.mutant['exec-no-sfence']) k.m.do(SFENCE, p.asid) ?? (yield);
  yield* procFreepagetable(k, old, oldsz);
  k.execImage(p, name, program, argv);
  return argv.length;
}
