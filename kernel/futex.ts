/**
 * Futexes: waiting for a word of user memory to change (Franke, Russell and Kirkwood, Fuss, Futexes
 * and Furwocks, OLS 2002; Linux kernel/futex). What locks in shared memory are built on: they take
 * and let go with atomic instructions alone, and come here only to wait, or to wake who waits.
 *
 * A word of shared memory is known by its object and its place there, so that processes meet which
 * have mapped it at different addresses, also after the object was cut and has grown again. A word of
 * private memory is known by its process and its address: a copy after a fork is another word, even
 * while both processes still have one frame. Linux does the same (futex_get_key), but takes the word
 * of a private file mapping that was never written to for the file's; here it is the process's.
 *
 * Each process waits for one word at most, so waiters are a word a process, not
 * a queue. One lock, futex.lock, is held from the look at the word until the process is asleep, and
 * by whoever wakes; inside it only p->lock is taken.
 */
import { type Address, type Code, type Layout, PTE_U, PTE_V, ppnOfPte } from '../machine/index.ts';
import { argint } from './argument.ts';
import type { Kernel } from './kernel.ts';
import { walk } from './pagetable.ts';
import type { Param } from './param.ts';
import type { Proc } from './proc.ts';
import { sleep, wakeup } from './sched.ts';
import { shmMappedIn } from './shm-descriptors.ts';
import { acquire, letGo, release, Spinlock } from './spinlock.ts';
import { segmentObject } from './sysv.ts';
import { vmfault } from './vm.ts';
import { findVma, isSharedVma, kindOf, pageBehind, VMA_SYSV } from './vma.ts';

/** A process that waits, or may. */
export class Waiter {
  // futex.lock must be held when using these:
  /** What the word that it waits for belongs to, see FutexKey; 0 while it waits for none. It sleeps on this. */
  readonly key: Address;
  /** Where in that. */
  readonly offset: Address;
  /** When it began: who waits longest is woken first. */
  readonly ticket: Address;

  constructor(layout: Layout, index: number, lock: Spinlock) {
    this.key = layout.word(`futex[${index}].key`, lock.word);
    this.offset = layout.word(`futex[${index}].offset`, lock.word);
    this.ticket = layout.word(`futex[${index}].ticket`, lock.word);
  }
}

export class FutexTable {
  readonly lock: Spinlock;
  /** futex.lock: tickets given out. */
  readonly tickets: Address;
  /** By slot of the process. */
  readonly waiters: readonly Waiter[];

  constructor(layout: Layout, param: Param) {
    this.lock = new Spinlock(layout, 'futex.lock');
    this.tickets = layout.word('futex.tickets', this.lock.word);
    this.waiters = Array.from({ length: param.nproc }, (_, i) => new Waiter(layout, i, this.lock));
  }
}

/**
 * Where a word of the process lies in physical memory, as the address of a machine word; 0 where it
 * has none. It stays there while the process is in here: its mapping owns the frame, and nobody else
 * removes that.
 */
function* physical(k: Kernel, p: Proc, va: number): Code<Address> {
  const { m } = k;
  if ((va & 3) !== 0 || va < 0) return 0;
  const at = walk(k, m.words[p.pagetable] as number, va >>> 12);
  if (at === 0) return 0;
  // Whoever shrinks an object makes its entries invalid meanwhile.
  const pte = m.loadMarked(at) ?? (yield);
  const reached = (pte & PTE_V) !== 0 && (pte & PTE_U) !== 0;
  return reached ? m.memory.frame(ppnOfPte(pte)) + ((va & 4095) >> 2) : 0;
}

/** What waiters and wakers of a word agree on. */
interface FutexKey {
  /** Slot + 1 of the process whose private memory it is in; of a shared object, below 0. Never 0. */
  readonly owner: number;
  /** Byte in the object, or address. */
  readonly offset: number;
}

/** @param at the word in physical memory */
function keyOf(k: Kernel, p: Proc, at: Address, va: number): FutexKey {
  if (k.mutant['futex-by-address']) return { owner: 1, offset: va };
  if (k.mutant['futex-by-frame']) return { owner: 1, offset: at };
  const { words } = k.m;
  const vpn = va >>> 12;
  const byte = va & 4095;
  const v = findVma(k, p, vpn);
  if (v !== undefined && isSharedVma(k, v)) {
    const object = words[v.object] as number;
    // A segment's pages are its object's; the kinds that are left name the object itself.
    const slot = kindOf(k, v) === VMA_SYSV ? segmentObject(k, object) : object;
    return { owner: -1 - slot, offset: pageBehind(k, v, vpn) * 4096 + byte };
  }
  const od = shmMappedIn(k, p, vpn, 1);
  if (od < 0) return { owner: p.index + 1, offset: va };
  const page = vpn - (words[p.shm.vpn(od)] as number);
  const owner = -k.otable.objects.length - (words[p.shm.object(od)] as number);
  return { owner, offset: page * 4096 + byte };
}

/** As physical, and takes futex.lock. Faults the page in if it must, which may sleep. */
function* lockWord(k: Kernel, p: Proc, va: number): Code<Address> {
  const { futex } = k;
  acquire(k, futex.lock) ?? (yield);
  const at = yield* physical(k, p, va);
  if (at !== 0) return at;
  release(k, futex.lock) ?? (yield);
  yield* vmfault(k, p, va, false);
  acquire(k, futex.lock) ?? (yield);
  return yield* physical(k, p, va);
}

/**
 * futex_wait(int *va, int expected): sleeps until a futex_wake of that word, if the word holds
 * `expected`.
 *
 * @returns 0 when woken, or -1 when the word holds something else, for a bad address, or when killed.
 */
export function* sysFutexWait(k: Kernel, p: Proc): Code<number> {
  const { m, futex, mutant } = k;
  const va = argint(k, p, 0);
  const expected = argint(k, p, 1);
  const waiter = futex.waiters[p.index] as Waiter;
  const at = yield* lockWord(k, p, va);
  // Users change the word without our lock, and then call futex_wake, which takes it.
  const looks = at !== 0 && !mutant['futex-wait-blind'];
  const value = looks ? (m.loadMarked(at) ?? (yield)) : expected;
  if (at === 0 || value !== expected) {
    release(k, futex.lock) ?? (yield);
    return -1;
  }
  if (mutant['futex-wait-apart']) yield* letGo(k, futex.lock);
  const ticket = m.load(futex.tickets) ?? (yield);
  m.store(futex.tickets, ticket + 1) ?? (yield);
  m.store(waiter.ticket, ticket) ?? (yield);
  const key = keyOf(k, p, at, va);
  m.store(waiter.offset, key.offset) ?? (yield);
  m.store(waiter.key, key.owner) ?? (yield);
  let result = 0;
  while ((m.load(waiter.key) ?? (yield)) !== 0) {
    if (yield* sleep(k, waiter.key, futex.lock, true)) continue;
    m.store(waiter.key, 0) ?? (yield);
    result = -1;
  }
  release(k, futex.lock) ?? (yield);
  return result;
}

/** The waiters for a word, in the order in which they began to wait. futex.lock must be held. */
function* waitersFor(k: Kernel, wanted: FutexKey): Code<Waiter[]> {
  const { m, futex } = k;
  const waiters: { waiter: Waiter; ticket: number }[] = [];
  const top = m.loadMarked(k.ptable.top) ?? (yield);
  for (let i = 0; i < top; i++) {
    const waiter = futex.waiters[i] as Waiter;
    const key = m.load(waiter.key) ?? (yield);
    if (key !== wanted.owner) continue;
    const offset = m.load(waiter.offset) ?? (yield);
    if (offset === wanted.offset)
      waiters.push({ waiter, ticket: m.load(waiter.ticket) ?? (yield) });
  }
  return waiters.sort((a, b) => a.ticket - b.ticket).map(({ waiter }) => waiter);
}

/**
 * futex_wake(int *va, int n): wakes at most n of the processes that wait for that word.
 *
 * A process that is killed before it runs on takes its wakeup with it.
 *
 * @returns how many, or -1 for a bad address.
 */
export function* sysFutexWake(k: Kernel, p: Proc): Code<number> {
  const { m, futex } = k;
  const va = argint(k, p, 0);
  const n = Math.max(argint(k, p, 1), 0);
  const at = yield* lockWord(k, p, va);
  const woken = at === 0 ? [] : (yield* waitersFor(k, keyOf(k, p, at, va))).slice(0, n);
  for (const waiter of woken) {
    m.store(waiter.key, 0) ?? (yield);
    yield* wakeup(k, waiter.key);
  }
  release(k, futex.lock) ?? (yield);
  return at === 0 ? -1 : woken.length;
}
