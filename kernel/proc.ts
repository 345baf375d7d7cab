/**
 * Processes: the table, and their making and freeing (xv6 proc.h and the first half of proc.c).
 * Scheduling, sleep and wakeup are in sched.ts; fork, exit, wait and kill in lifecycle.ts.
 */
import {
  type Address,
  type Code,
  type Layout,
  PTE_R,
  PTE_W,
  PTE_X,
  Thread,
} from '../machine/index.ts';
import type { Context, Program } from './abi.ts';
import { kalloc, kfree } from './kalloc.ts';
import type { Kernel } from './kernel.ts';
import { pageRoundUp, TRAMPOLINE, TRAPFRAME } from './memlayout.ts';
import { Descriptors } from './ofile.ts';
import { freewalk, mappage, uvmcreate, uvmfree, uvmunmap } from './pagetable.ts';
import type { Param } from './param.ts';
import { ShmDescriptors } from './shm-descriptors.ts';
import { acquire, acquireToTest, letGo, release, Spinlock } from './spinlock.ts';
import { Vma } from './vma.ts';

export const UNUSED = 0;
const USED = 1;
export const SLEEPING = 2;
export const RUNNABLE = 3;
export const RUNNING = 4;
export const ZOMBIE = 5;
export const STATE_NAMES = ['unused', 'used', 'sleep', 'runble', 'run', 'zombie'] as const;

/** What a process runs. Of the host, not in memory: code has no bytes here. */
export interface Image {
  readonly name: string;
  readonly program: Program;
  readonly argv: readonly string[];
  readonly context: Context;
}

/** One slot of the process table. Fields hold addresses of words, grouped by what guards them. */
export class Proc {
  readonly index: number;
  readonly lock: Spinlock;
  readonly thread: Thread;

  // p->lock must be held when using these:
  /** UNUSED … ZOMBIE. Also the level of the run line: see Machine.changeRunLine. */
  readonly state: Address;
  /** Channel it sleeps on; 0 for none. */
  readonly chan: Address;
  readonly killed: Address;
  /** Exit status for the parent's wait. */
  readonly xstate: Address;
  readonly pid: Address;
  /** CPU it ran on last + 1: the others' TLBs may hold what it has unmapped since. 0 for none. */
  readonly lastCpu: Address;

  // wait_lock must be held when using this:
  /** Slot of the parent + 1; 0 for none. */
  readonly parent: Address;

  // Private to the process, so no lock: its parent touches them before it first runs, and after
  // it is a zombie. Read and written plainly, not by operations.
  /** Size of its memory below the heap's end, in bytes. */
  readonly sz: Address;
  /** Root of its page table, 0 for none. */
  readonly pagetable: Address;
  readonly trapframe: Address;
  /** User; 0 may all. */
  readonly uid: Address;
  readonly shm: ShmDescriptors;
  readonly files: Descriptors;
  readonly vmas: readonly Vma[];
  image: Image | null = null;

  constructor(layout: Layout, index: number, param: Param, waitLock: Spinlock) {
    const name = `proc[${index}]`;
    this.index = index;
    this.lock = new Spinlock(layout, `${name}.lock`);
    this.thread = new Thread(param.ncpu + index, name);
    this.state = layout.word(`${name}.state`, this.lock.word);
    this.chan = layout.word(`${name}.chan`, this.lock.word);
    this.killed = layout.word(`${name}.killed`, this.lock.word);
    this.xstate = layout.word(`${name}.xstate`, this.lock.word);
    this.pid = layout.word(`${name}.pid`, this.lock.word);
    this.lastCpu = layout.word(`${name}.lastCpu`);
    this.parent = layout.word(`${name}.parent`, waitLock.word);
    this.sz = layout.word(`${name}.sz`);
    this.pagetable = layout.word(`${name}.pagetable`);
    this.trapframe = layout.word(`${name}.trapframe`);
    this.uid = layout.word(`${name}.uid`);
    this.shm = new ShmDescriptors(layout, name, param.noshm);
    this.files = new Descriptors(layout, name, param.nofile);
    this.vmas = Array.from({ length: param.nvma }, (_, i) => new Vma(layout, `${name}.vma[${i}]`));
  }

  /** Identifier that tags its translations in every TLB. */
  get asid(): number {
    return this.index + 1;
  }

  /** What others sleep on to hear of it, as in xv6, where the channel is the process's address. */
  get channel(): Address {
    return this.lock.word;
  }
}

export class ProcTable {
  readonly procs: readonly Proc[];
  /** Helps to make sure that a parent's wakeup is not lost; taken before any p->lock. */
  readonly waitLock: Spinlock;
  readonly pidLock: Spinlock;
  /** pid_lock: */
  readonly nextpid: Address;
  /**
   * pid_lock to write: one past the highest slot that was ever used. Scans of the table read it
   * without the lock and stop there. A slot that a scan misses so is one whose process was not
   * RUNNABLE, SLEEPING or anybody's child when the scan began; the next scan sees it.
   */
  readonly top: Address;

  constructor(layout: Layout, param: Param) {
    this.waitLock = new Spinlock(layout, 'wait_lock');
    this.pidLock = new Spinlock(layout, 'pid_lock');
    this.nextpid = layout.word('nextpid', this.pidLock.word);
    this.top = layout.word('nproc.top', this.pidLock.word);
    this.procs = Array.from(
      { length: param.nproc },
      (_, i) => new Proc(layout, i, param, this.waitLock),
    );
  }
}

function* allocpid(k: Kernel, p: Proc): Code<number> {
  const { m, ptable } = k;
  acquire(k, ptable.pidLock) ?? (yield);
  const pid = m.load(ptable.nextpid) ?? (yield);
  m.store(ptable.nextpid, pid + 1) ?? (yield);
  const top = m.load(ptable.top) ?? (yield);
  if (top <= p.index) m.store(ptable.top, p.index + 1) ?? (yield);
  release(k, ptable.pidLock) ?? (yield);
  return pid;
}

/**
 * Looks for an UNUSED slot and makes it ready to run in the kernel.
 *
 * @returns the process, with p->lock held, or undefined when there is no slot or no memory.
 */
export function* allocproc(k: Kernel): Code<Proc | undefined> {
  const { m } = k;
  for (const p of k.ptable.procs) {
    acquireToTest(k, p.lock, p.state, UNUSED) ?? (yield);
    const state = m.load(p.state) ?? (yield);
    if (state === UNUSED) {
      if (k.mutant['allocproc-apart']) yield* letGo(k, p.lock);
      const pid = yield* allocpid(k, p);
      m.store(p.pid, pid) ?? (yield);
      m.store(p.state, USED) ?? (yield);
      p.thread.name = `pid ${pid}`;
      const trapframe = yield* kalloc(k);
      m.words[p.trapframe] = trapframe;
      if (trapframe !== 0) m.words[p.pagetable] = yield* procPagetable(k, trapframe);
      if (m.words[p.pagetable] !== 0) return p;
      yield* freeproc(k, p);
      release(k, p.lock) ?? (yield);
      return undefined;
    }
    release(k, p.lock) ?? (yield);
  }
  return undefined;
}

/**
 * Frees a process and all it owns. p->lock must be held. Departure from xv6: p->parent, which
 * wait_lock guards, is left to wait; in a fork that fails it was never set.
 */
export function* freeproc(k: Kernel, p: Proc): Code<void> {
  const { m } = k;
  const { words } = m;
  const trapframe = words[p.trapframe] as number;
  if (trapframe !== 0) yield* kfree(k, trapframe);
  words[p.trapframe] = 0;
  const pagetable = words[p.pagetable] as number;
  if (pagetable !== 0) yield* procFreepagetable(k, pagetable, words[p.sz] as number);
  words[p.pagetable] = 0;
  words[p.sz] = 0;
  p.image = null;
  m.store(p.pid, 0) ?? (yield);
  m.store(p.chan, 0) ?? (yield);
  m.store(p.killed, 0) ?? (yield);
  m.store(p.xstate, 0) ?? (yield);
  if (!k.mutant['freeproc-keeps-cpu']) m.store(p.lastCpu, 0) ?? (yield);
  m.store(p.state, UNUSED) ?? (yield);
}

/** A page table with no user memory, but trampoline and trapframe. 0 when memory is out. */
export function* procPagetable(k: Kernel, trapframe: number): Code<number> {
  const pagetable = yield* uvmcreate(k);
  if (pagetable === 0) return 0;
  const mapped = yield* mappage(k, pagetable, TRAMPOLINE, k.trampoline, PTE_R | PTE_X);
  if (mapped === 0) {
    if ((yield* mappage(k, pagetable, TRAPFRAME, trapframe, PTE_R | PTE_W)) === 0) return pagetable;
    yield* uvmunmap(k, pagetable, TRAMPOLINE, 1, false);
  }
  // Departure from xv6, which calls uvmfree: tables made on the way to a failure are freed too.
  yield* freewalk(k, pagetable);
  return 0;
}

/** Frees a page table and the user memory of `sz` bytes below it. */
export function* procFreepagetable(k: Kernel, pagetable: number, sz: number): Code<void> {
  yield* uvmunmap(k, pagetable, TRAMPOLINE, 1, false);
  yield* uvmunmap(k, pagetable, TRAPFRAME, 1, false);
  yield* uvmfree(k, pagetable, pageRoundUp(sz) / 4096);
}
