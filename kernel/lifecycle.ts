/** fork, exit, wait and kill (xv6 proc.c). */
import { type Code, SFENCE } from '../machine/index.ts';
import { EXIT } from './events.ts';
import { filesCount, filesExit, filesFork } from './file.ts';
import type { Kernel } from './kernel.ts';
import { killed } from './killed.ts';
import { pageRoundUp, TF_A0 } from './memlayout.ts';
import { vmaExit, vmaFork } from './mmap.ts';
import { uvmcopy } from './pagetable.ts';
import { panic } from './panic.ts';
import { allocproc, freeproc, type Proc, RUNNABLE, SLEEPING, ZOMBIE } from './proc.ts';
import { sched, sleep, wakeup } from './sched.ts';
import { shmCount } from './shm.mutants.ts';
import { shmExit, shmFork } from './shm.ts';
import { acquire, acquireToTest, letGo, release } from './spinlock.ts';
import { copyout, writable } from './vm.ts';

/**
 * Makes a new process that is a copy of the caller.
 *
 * @returns the child's pid, or -1 when there is no slot or no memory; then nothing is kept.
 */
export function* fork(k: Kernel, p: Proc): Code<number> {
  const { m, ptable } = k;
  const { words, memory } = m;
  const np = yield* allocproc(k);
  if (np === undefined) return -1;
  const sz = words[p.sz] as number;
  const from = words[p.pagetable] as number;
  const to = words[np.pagetable] as number;
  let copied = yield* uvmcopy(k, from, to, 0, pageRoundUp(sz) / 4096);
  if (copied === 0) {
    words[np.sz] = sz;
    words[np.uid] = words[p.uid] as number;
    copied = yield* vmaFork(k, p, np);
    if (copied === 0) {
      copied = yield* shmFork(k, p, np);
      if (copied < 0) yield* vmaExit(k, np);
    }
  }
  // The parent may no longer write to what is copied on write.
  if (!k.mutant['fork-no-sfence']) m.do(SFENCE, p.asid) ?? (yield);
  if (copied < 0) {
    if (!k.mutant['fork-oom-keeps-child']) yield* freeproc(k, np);
    release(k, np.lock) ?? (yield);
    return -1;
  }
  const trapframe = words[np.trapframe] as number;
  memory.copyFrame(words[p.trapframe] as number, trapframe);
  // fork returns 0 in the child.
  words[memory.frame(trapframe) + TF_A0] = 0;
  yield* filesFork(k, p, np);
  k.forkImage(p, np);
  const pid = m.load(np.pid) ?? (yield);
  release(k, np.lock) ?? (yield);

  const unlocked = k.mutant['fork-parent-unlocked'];
  if (!unlocked) acquire(k, ptable.waitLock) ?? (yield);
  m.store(np.parent, p.index + 1) ?? (yield);
  if (!unlocked) release(k, ptable.waitLock) ?? (yield);

  acquire(k, np.lock) ?? (yield);
  m.store(np.state, RUNNABLE) ?? (yield);
  m.changeRunLine(1, np.thread);
  release(k, np.lock) ?? (yield);
  if (k.mutant['fork-files-uncounted']) yield* filesCount(k, p);
  if (k.mutant['shm-fork-uncounted']) yield* shmCount(k, p);
  return pid;
}

/** Passes p's abandoned children to init. wait_lock must be held. */
function* reparent(k: Kernel, p: Proc): Code<void> {
  const { m, ptable } = k;
  const init = ptable.procs[0] as Proc;
  const top = m.loadMarked(ptable.top) ?? (yield);
  for (let i = 0; i < top; i++) {
    const pp = ptable.procs[i] as Proc;
    const parent = m.load(pp.parent) ?? (yield);
    if (parent !== p.index + 1) continue;
    m.store(pp.parent, init.index + 1) ?? (yield);
    yield* wakeup(k, init.channel);
  }
}

/**
 * Exits the current process. Does not return: it stays a zombie until its parent waits. Mappings and
 * shared memory go here, not in wait, so that a zombie holds none.
 *
 * @param wasKilled whether it ends because it was killed. Its parent cannot tell this from a status
 *   of -1, as in xv6; who watches can.
 */
export function* exit(k: Kernel, p: Proc, status: number, wasKilled = false): Code<never> {
  const { m, ptable, mutant } = k;
  if (p === ptable.procs[0]) panic(k, 'init exiting');
  k.watch?.exiting(status, wasKilled);
  k.onExit?.(k.currentPid(), status);
  yield* filesExit(k, p);
  if (!mutant['exit-keeps-areas']) yield* vmaExit(k, p);
  if (!mutant['exit-keeps-shm']) yield* shmExit(k, p);

  if (mutant['exit-wakes-early']) {
    yield* wakeup(k, (ptable.procs[(m.words[p.parent] as number) - 1] as Proc).channel);
  }
  if (mutant['exit-locks-itself-first']) acquire(k, p.lock) ?? (yield);
  acquire(k, ptable.waitLock) ?? (yield);
  if (!mutant['exit-forgets-children']) yield* reparent(k, p);
  // The parent might be sleeping in wait.
  const parent = m.load(p.parent) ?? (yield);
  if (!mutant['exit-wakes-early']) {
    yield* wakeup(k, (ptable.procs[parent - 1] as Proc).channel);
  }

  if (!mutant['exit-locks-itself-first']) acquire(k, p.lock) ?? (yield);
  m.store(p.xstate, status) ?? (yield);
  m.store(p.state, ZOMBIE) ?? (yield);
  release(k, ptable.waitLock) ?? (yield);
  yield* sched(k, p, EXIT);
  panic(k, 'zombie exit');
}

/**
 * Waits for a child to exit and frees it. Sleeps.
 *
 * @param addr user address for the exit status, 0 for none
 * @returns the child's pid, or -1 without children, when killed, or for a bad address.
 */
export function* wait(k: Kernel, p: Proc, addr: number): Code<number> {
  const { m, ptable } = k;
  // The status is copied with locks held, where nothing can be waited for.
  if (addr !== 0) yield* writable(k, m.words[p.pagetable] as number, addr, 4);
  acquire(k, ptable.waitLock) ?? (yield);
  for (;;) {
    let havekids = false;
    const top = m.loadMarked(ptable.top) ?? (yield);
    for (let i = 0; i < top; i++) {
      const pp = ptable.procs[i] as Proc;
      const parent = m.load(pp.parent) ?? (yield);
      if (parent !== p.index + 1) continue;
      // Make sure the child isn't still in exit or swtch.
      acquireToTest(k, pp.lock, pp.state, ZOMBIE) ?? (yield);
      havekids = true;
      const state = m.load(pp.state) ?? (yield);
      if (state === ZOMBIE) {
        const pid = yield* reap(k, p, pp, addr);
        release(k, pp.lock) ?? (yield);
        release(k, ptable.waitLock) ?? (yield);
        return pid;
      }
      if (!k.mutant['wait-keeps-child-lock']) release(k, pp.lock) ?? (yield);
    }
    if (!havekids || (yield* killed(k, p))) {
      release(k, ptable.waitLock) ?? (yield);
      return -1;
    }
    if (k.mutant['wait-checks-apart']) yield* letGo(k, ptable.waitLock);
    yield* sleep(k, p.channel, ptable.waitLock, true);
  }
}

/** Hands a zombie's status to its parent and frees it; -1, and it stays, for a bad address. */
function* reap(k: Kernel, p: Proc, pp: Proc, addr: number): Code<number> {
  const { m } = k;
  const pid = m.load(pp.pid) ?? (yield);
  if (addr !== 0) {
    const xstate = m.load(pp.xstate) ?? (yield);
    const bytes = new Uint8Array(Int32Array.of(xstate).buffer);
    if ((yield* copyout(k, m.words[p.pagetable] as number, addr, bytes)) < 0) return -1;
  }
  m.store(pp.parent, 0) ?? (yield);
  yield* freeproc(k, pp);
  return pid;
}

/**
 * Kills the process with that pid: it exits when it next tries to return to user space.
 *
 * @returns 0, or -1 when there is none.
 */
export function* kill(k: Kernel, pid: number): Code<number> {
  const { m, ptable } = k;
  const locked = !k.mutant['kill-unlocked'];
  const top = m.loadMarked(ptable.top) ?? (yield);
  for (let i = 0; i < top; i++) {
    const p = ptable.procs[i] as Proc;
    if (locked) acquireToTest(k, p.lock, p.pid, pid) ?? (yield);
    const its = m.load(p.pid) ?? (yield);
    if (its === pid && pid !== 0) {
      m.store(p.killed, 1) ?? (yield);
      k.watch?.killing(p.index);
      const state = m.load(p.state) ?? (yield);
      if (state === SLEEPING) {
        m.store(p.state, RUNNABLE) ?? (yield);
        m.changeRunLine(1, p.thread);
      }
      if (locked) release(k, p.lock) ?? (yield);
      return 0;
    }
    if (locked) release(k, p.lock) ?? (yield);
  }
  return -1;
}
