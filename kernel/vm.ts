/**
 * User memory as the kernel sees it (the second half of xv6 vm.c): page faults, and copies to and
 * from user memory, which fault pages in as the user's own accesses do.
 */
import {
  type Address,
  CAUSE_LOAD_FAULT,
  CAUSE_STORE_FAULT,
  COMPARE_EXCHANGE,
  type Code,
  EXCHANGE,
  flagsOfPte,
  makePte,
  PGSIZE,
  PTE_A,
  PTE_D,
  PTE_R,
  PTE_U,
  PTE_V,
  PTE_W,
  ppnOfPte,
  SFENCE,
  STORE_BYTE,
} from '../machine/index.ts';
import { hex } from './hex.ts';
import { hasOtherOwners, kalloc, kfree } from './kalloc.ts';
import type { Kernel } from './kernel.ts';
import { pageRoundUp, SHMBASE } from './memlayout.ts';
import { myproc } from './myproc.ts';
import { mapowned, mappage, PTE_COW, pruneTables, TEXT_PERM, walk } from './pagetable.ts';
import type { Proc } from './proc.ts';
import { acquire, release } from './spinlock.ts';
import { findVma, isSharedVma, kindOf, pageBehind, permOf, VMA_FILE, type Vma } from './vma.ts';

/**
 * Handles a page fault: gives the current process the page, if it may have it. Takes kmem.lock, and
 * the locks of what is behind the page; may sleep for a file's page, unless a spinlock is held, when
 * such a page is refused.
 *
 * @param writes whether the access was a store
 * @returns whether the access can be tried again; if not it is not allowed, or memory is out.
 */
export function* vmfault(k: Kernel, p: Proc, va: number, writes: boolean): Code<boolean> {
  const { m } = k;
  if (va < 0 || va > 0x7fff_ffff) return false;
  const vpn = va >>> 12;
  const at = walk(k, m.words[p.pagetable] as number, vpn);
  // Marked, here and in walkaddr: whoever shrinks an object makes its entries invalid meanwhile.
  const pte = at === 0 ? 0 : (m.loadMarked(at) ?? (yield));
  if ((pte & PTE_V) !== 0) {
    if (!writes || (pte & PTE_U) === 0 || (pte & PTE_COW) === 0) return false;
    return yield* breakCow(k, p, at, pte, va);
  }
  if (pte !== 0) {
    // The object behind it has lost the page, and left the frame to us.
    m.do(EXCHANGE, at, 0) ?? (yield);
    yield* kfree(k, ppnOfPte(pte));
  }
  let perm = PTE_U | PTE_R | TEXT_PERM;
  let found = 0;
  let now = 'zeros';
  if (vpn * PGSIZE < pageRoundUp(m.words[p.sz] as number)) {
    found = yield* zeroPage(k, p, vpn, perm);
  } else {
    const v = findVma(k, p, vpn);
    if (v === undefined) return false;
    perm = permOf(k, v);
    if ((perm & (writes ? PTE_W : PTE_R)) === 0) return false;
    const ops = k.vmops[kindOf(k, v)];
    if (ops === undefined) found = yield* zeroPage(k, p, vpn, perm);
    else if (ops.sleeps && m.cpu.noff > 0) found = -1;
    else found = yield* objectPage(k, p, v, vpn, perm, writes);
    if (ops !== undefined) now = behind(k, v, writes);
  }
  if (found === 0) {
    handled(k, va, writes, now);
    return true;
  }
  // Tables that were made on the way. Whoever shrinks an object may be looking at them.
  acquire(k, k.otable.lock) ?? (yield);
  yield* pruneTables(k, m.words[p.pagetable] as number, vpn, 1);
  release(k, k.otable.lock) ?? (yield);
  return false;
}

/** Tells whoever records it that a page fault was handled. */
function handled(k: Kernel, va: number, writes: boolean, now: string): void {
  const { m, events } = k;
  if (events === null) return;
  const cause = writes ? CAUSE_STORE_FAULT : CAUSE_LOAD_FAULT;
  events.page(m.step, m.cpu.id, k.currentPid(), cause, hex(va), now);
}

/** What a page of an object is to a process, in words. */
function behind(k: Kernel, v: Vma, writes: boolean): string {
  if (isSharedVma(k, v)) return kindOf(k, v) === VMA_FILE ? 'page of a file' : 'shared page';
  return writes ? 'copy of a page' : 'page to be copied on write';
}

/** Maps a fresh frame of zeros. Answers 0, or -1 when memory is out. */
function* zeroPage(k: Kernel, p: Proc, vpn: number, perm: number): Code<number> {
  const ppn = yield* kalloc(k);
  if (ppn === 0) return -1;
  k.m.memory.fill(ppn, 0);
  return yield* mapFresh(k, p, vpn, ppn, perm);
}

/** Maps a frame that has no other owner. Answers 0, or -1, and the frame is free, without memory. */
function* mapFresh(k: Kernel, p: Proc, vpn: number, ppn: number, perm: number): Code<number> {
  const result = yield* mappage(k, k.m.words[p.pagetable] as number, vpn, ppn, perm);
  if (result < 0 && !k.mutant['fault-oom-keeps-frame']) yield* kfree(k, ppn);
  return result;
}

/**
 * Maps a page of an object or file: its frame, read-only as long as a private mapping has not
 * written to it; a copy, when that is what it is about to do.
 */
function* objectPage(
  k: Kernel,
  p: Proc,
  v: Vma,
  vpn: number,
  perm: number,
  writes: boolean,
): Code<number> {
  const { m } = k;
  const ops = k.vmops[kindOf(k, v)];
  if (ops === undefined) return -1;
  const object = m.words[v.object] as number;
  const page = pageBehind(k, v, vpn);
  if (isSharedVma(k, v) || !writes) {
    const guarded = (perm & PTE_W) !== 0 && !isSharedVma(k, v);
    const rights = guarded ? (perm & ~PTE_W) | PTE_COW : perm;
    return yield* ops.pageIn(k, object, page, (ppn) =>
      mapowned(k, m.words[p.pagetable] as number, vpn, ppn, rights),
    );
  }
  const copy = yield* kalloc(k);
  if (copy === 0) return -1;
  const found = yield* ops.pageIn(k, object, page, function* (ppn) {
    m.memory.copyFrame(ppn, copy);
    return 0;
  });
  if (found === 0) return yield* mapFresh(k, p, vpn, copy, perm);
  yield* kfree(k, copy);
  return -1;
}

/**
 * Ends the sharing of a page that a private mapping is about to write to: gives it a copy, or the
 * frame itself when nobody else has it any more.
 *
 * Another owner may let the frame go while it is copied: then the copy was not needed, and the frame
 * is freed here. That it gets another owner while we are the only one cannot be, since only an owner
 * makes another.
 */
function* breakCow(k: Kernel, p: Proc, at: Address, pte: number, va: number): Code<boolean> {
  const { m } = k;
  const ppn = ppnOfPte(pte);
  const flags = (flagsOfPte(pte) & ~PTE_COW) | PTE_W;
  if (k.mutant['cow-writes-in-place'] || !(yield* hasOtherOwners(k, ppn))) {
    m.store(at, makePte(ppn, flags)) ?? (yield);
    handled(k, va, true, 'its own: no other owner');
    return true;
  }
  if (k.mutant['cow-lets-go-first']) yield* kfree(k, ppn);
  const copy = yield* kalloc(k);
  if (copy === 0) return false;
  m.memory.copyFrame(ppn, copy);
  const now = m.do(COMPARE_EXCHANGE, at, pte, makePte(copy, flags)) ?? (yield);
  if (now !== pte) {
    // The object has lost the page meanwhile.
    yield* kfree(k, copy);
    return true;
  }
  // A copyout breaks the sharing without the CPU's having seen it.
  if (!k.mutant['cow-no-sfence']) m.do(SFENCE, p.asid) ?? (yield);
  if (!k.mutant['cow-lets-go-first']) yield* kfree(k, ppn);
  handled(k, va, true, 'copy of a page');
  return true;
}

/** The frame behind a user page if the process has these rights on it, else 0. A scheduling point. */
function* walkaddr(k: Kernel, pagetable: number, va: number, writes: boolean): Code<number> {
  const { m } = k;
  if (va < 0 || va > 0x7fff_ffff) return 0;
  const at = walk(k, pagetable, va >>> 12);
  if (at === 0) return 0;
  const pte = m.loadMarked(at) ?? (yield);
  const right = writes && !k.mutant['copyout-ignores-rights'] ? PTE_W : PTE_R;
  const wanted = PTE_V | PTE_U | right;
  if ((pte & wanted) !== wanted) return 0;
  const ppn = ppnOfPte(pte);
  if (!writes || (pte & PTE_D) !== 0 || va >= SHMBASE || !m.memory.isShared(ppn)) return ppn;
  // As the hardware does for a user's store, so that a file's page is written back. The object may
  // lose the page at the same time.
  const now = m.do(COMPARE_EXCHANGE, at, pte, pte | PTE_A | PTE_D) ?? (yield);
  return now === pte ? ppn : 0;
}

/** As walkaddr, but faults the page in, if it is the current process's. */
function* userFrame(k: Kernel, pagetable: number, va: number, writes: boolean): Code<number> {
  const ppn = yield* walkaddr(k, pagetable, va, writes);
  if (ppn !== 0) return ppn;
  const p = myproc(k);
  if (p === undefined || k.m.words[p.pagetable] !== pagetable) return 0;
  if (k.mutant['copies-fault-nothing-in']) return 0;
  if (!(yield* vmfault(k, p, va, writes))) return 0;
  return yield* walkaddr(k, pagetable, va, writes);
}

/**
 * Whether copyout of that many bytes will succeed; whoever copies with a spinlock held asks before
 * it takes the lock, since what sleeps cannot be faulted in then.
 */
export function* writable(k: Kernel, pagetable: number, va: number, count: number): Code<boolean> {
  const last = va + count - 1;
  for (let at = va; at <= last; at += PGSIZE - (at & (PGSIZE - 1))) {
    if ((yield* userFrame(k, pagetable, at, true)) !== 0) continue;
    k.watch?.refused(at, true, pagetable);
    return false;
  }
  return true;
}

/**
 * Copies bytes to user memory.
 *
 * Bytes of frames that are shared are stored one operation each: another CPU may look between.
 *
 * @returns 0, or -1 when a page is not mapped for writing; pages before it are written.
 */
export function* copyout(k: Kernel, pagetable: number, va: number, from: Uint8Array): Code<number> {
  const { m } = k;
  let done = 0;
  while (done < from.length) {
    const ppn = yield* userFrame(k, pagetable, va + done, true);
    if (ppn === 0) {
      k.watch?.refused(va + done, true, pagetable);
      return -1;
    }
    k.watch?.copied(ppn, va + done, true, pagetable);
    const offset = (va + done) & (PGSIZE - 1);
    const at = (m.memory.frame(ppn) << 2) + offset;
    const shared = m.memory.isShared(ppn);
    const count = shared ? 1 : Math.min(from.length - done, PGSIZE - offset);
    if (shared) m.do(STORE_BYTE, at, from[done] as number) ?? (yield);
    else m.memory.bytes.set(from.subarray(done, done + count), at);
    done += count;
  }
  return 0;
}

/** Copies `to.length` bytes from user memory. Answers 0, or -1 when a page is not readable. */
export function* copyin(k: Kernel, pagetable: number, to: Uint8Array, va: number): Code<number> {
  const { m } = k;
  let done = 0;
  while (done < to.length) {
    const ppn = yield* userFrame(k, pagetable, va + done, false);
    if (ppn === 0) {
      k.watch?.refused(va + done, false, pagetable);
      return -1;
    }
    k.watch?.copied(ppn, va + done, false, pagetable);
    const offset = (va + done) & (PGSIZE - 1);
    const shared = m.memory.isShared(ppn);
    const count = Math.min(to.length - done, shared ? 4 - (offset & 3) : PGSIZE - offset);
    if (shared) m.load(m.memory.frame(ppn) + (offset >> 2)) ?? (yield);
    const at = (m.memory.frame(ppn) << 2) + offset;
    to.set(m.memory.bytes.subarray(at, at + count), done);
    done += count;
  }
  return 0;
}

/**
 * Copies a NUL-terminated string of at most `max` bytes, NUL included, from user memory.
 *
 * @returns the string, one character a byte, or undefined for a bad address or no NUL in time.
 */
export function* copyinstr(
  k: Kernel,
  pagetable: number,
  va: number,
  max: number,
): Code<string | undefined> {
  const { m } = k;
  let text = '';
  let done = 0;
  while (done < max) {
    const ppn = yield* userFrame(k, pagetable, va + done, false);
    if (ppn === 0) {
      k.watch?.refused(va + done, false, pagetable);
      return undefined;
    }
    k.watch?.copied(ppn, va + done, false, pagetable);
    const offset = (va + done) & (PGSIZE - 1);
    const shared = m.memory.isShared(ppn);
    const end = done + Math.min(max - done, shared ? 4 - (offset & 3) : PGSIZE - offset);
    if (shared) m.load(m.memory.frame(ppn) + (offset >> 2)) ?? (yield);
    let at = (m.memory.frame(ppn) << 2) + offset;
    for (; done < end; done++) {
      const byte = m.memory.bytes[at++] as number;
      if (byte === 0) return text;
      text += String.fromCharCode(byte);
    }
  }
  return undefined;
}
