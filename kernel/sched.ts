/**
 * The scheduler loop, sched, yield, sleep and wakeup (xv6 proc.c).
 *
 * Do not confuse with the room scheduler/: that one chooses which CPU steps next; this is the
 * kernel's own code, which chooses the process that a CPU runs.
 */
import {
  type Address,
  type Code,
  type Cpu,
  INTR_OFF,
  INTR_ON,
  SFENCE,
  SWTCH,
  TAKES,
  WFI,
} from '../machine/index.ts';
import { SCHEDULE, SLEEP, YIELD } from './events.ts';
import type { Kernel } from './kernel.ts';
import { killed } from './killed.ts';
import { myproc } from './myproc.ts';
import { panic } from './panic.ts';
import { type Proc, RUNNABLE, RUNNING, SLEEPING } from './proc.ts';
import { acquire, acquireToTest, holding, release, type Spinlock } from './spinlock.ts';

/**
 * Per-CPU process scheduler. Never returns: chooses a process, switches to it, and eventually it
 * switches back, with its p->lock held as it was given.
 *
 * Departures from xv6: `wfi` ends when any process is RUNNABLE, where hardware waits for the next
 * timer interrupt to look again. With `idleWaits` the CPU does not scan, but waits to be given the
 * next process in turn: docs/decisions/0016.
 */
export function* scheduler(k: Kernel, cpu: Cpu): Code<void> {
  const { m, ptable, param } = k;
  const waits = param.idleWaits === 1;
  let next = 0;
  for (;;) {
    // On for a moment, lest all processes wait for a device that cannot interrupt.
    m.do(INTR_ON, 0) ?? (yield);
    m.do(INTR_OFF, 0) ?? (yield);
    let found = waits;
    let first = 0;
    let end: number;
    if (waits) {
      const id = m.do(WFI, TAKES, next) ?? (yield);
      if (id < 0) continue;
      next = id + 1;
      end = next - param.ncpu;
      first = end - 1;
    } else {
      end = m.loadMarked(ptable.top) ?? (yield);
    }
    for (let i = first; i < end; i++) {
      const p = ptable.procs[i] as Proc;
      acquire(k, p.lock) ?? (yield);
      const state = m.load(p.state) ?? (yield);
      if (state === RUNNABLE) {
        m.store(p.state, RUNNING) ?? (yield);
        if (!waits) m.changeRunLine(-1, p.thread);
        if (m.words[p.lastCpu] !== cpu.id + 1 && !k.mutant['sched-keeps-tlb']) {
          // It ran elsewhere since, or is new: what this TLB knows of it may be stale.
          m.do(SFENCE, p.asid) ?? (yield);
          m.words[p.lastCpu] = cpu.id + 1;
        }
        m.do(SWTCH, p.thread.id, SCHEDULE) ?? (yield);
        found = true;
      }
      release(k, p.lock) ?? (yield);
    }
    if (!found) m.do(WFI, 0) ?? (yield);
  }
}

/**
 * Switches to the scheduler loop. Must hold only p->lock and have changed p->state. Saves and
 * restores intena because intena is a property of this kernel thread, not of this CPU.
 */
export function* sched(k: Kernel, p: Proc, reason: number): Code<void> {
  const { m } = k;
  if (!holding(k, p.lock)) panic(k, 'sched p->lock');
  if (m.cpu.noff !== 1) panic(k, 'sched locks');
  if (m.words[p.state] === RUNNING) panic(k, 'sched RUNNING');
  if (m.cpu.interruptsOn) panic(k, 'sched interruptible');
  const { intena } = m.cpu;
  m.do(SWTCH, m.cpu.id, reason) ?? (yield);
  // Maybe on another CPU now.
  m.cpu.intena = intena;
}

/** Gives up the CPU for one scheduling round. */
export function* yieldCpu(k: Kernel, p: Proc): Code<void> {
  const { m } = k;
  acquire(k, p.lock) ?? (yield);
  m.store(p.state, RUNNABLE) ?? (yield);
  m.changeRunLine(1, p.thread);
  yield* sched(k, p, YIELD);
  release(k, p.lock) ?? (yield);
}

/**
 * Atomically releases lock and sleeps on chan. Reacquires lock when awakened.
 *
 * @param unlessKilled for every sleep that a kill is to end. Departure from xv6, which looks at
 *   p->killed before it calls sleep: a kill between the two finds nobody asleep, and the process
 *   sleeps on. Here the look comes with p->lock held, which kill takes, so it sees the mark or the
 *   sleeper. Who waits for a sleeplock gets it soon, and is not to be stopped, as in xv6.
 * @returns false if it did not sleep because the process was killed.
 */
export function* sleep(
  k: Kernel,
  chan: Address,
  lk: Spinlock,
  unlessKilled = false,
): Code<boolean> {
  const { m } = k;
  const p = myproc(k);
  if (p === undefined) panic(k, 'sleep');
  if (unlessKilled && k.mutant['sleep-misses-kill'] && (yield* killed(k, p))) return false;
  k.watch?.sleeping(chan, lk.word);
  // p->lock must be held to change p->state and then call sched. Once it is held, no wakeup can be
  // missed (wakeup locks it), so it is okay to release lk.
  if (k.mutant['sleep-releases-first']) release(k, lk) ?? (yield);
  acquire(k, p.lock) ?? (yield);
  const released = k.mutant['sleep-releases-first'] || k.mutant['sleep-with-lock'];
  if (!released) release(k, lk) ?? (yield);
  const looks = unlessKilled && !k.mutant['sleep-misses-kill'];
  const sleeps = !looks || (m.load(p.killed) ?? (yield)) === 0;
  if (sleeps) {
    m.store(p.chan, chan) ?? (yield);
    m.store(p.state, SLEEPING) ?? (yield);
    k.events?.sleep(m.step, m.cpu.id, k.currentPid(), k.channelName(chan));
    yield* sched(k, p, SLEEP);
    m.store(p.chan, 0) ?? (yield);
  } else {
    k.watch?.sleeping(0, lk.word);
  }
  release(k, p.lock) ?? (yield);
  acquire(k, lk) ?? (yield);
  return sleeps;
}

/** Wakes all processes that sleep on chan. Must be called without any p->lock. */
export function* wakeup(k: Kernel, chan: Address): Code<void> {
  const { m, ptable } = k;
  const self = myproc(k);
  k.events?.wakeup(m.step, m.cpu.id, k.currentPid(), k.channelName(chan));
  k.watch?.waking(chan);
  const top = m.loadMarked(ptable.top) ?? (yield);
  for (let i = 0; i < top; i++) {
    const p = ptable.procs[i] as Proc;
    if (p === self) continue;
    if (k.mutant['wakeup-peeks']) {
      const hint = m.loadMarked(p.state) ?? (yield);
      if (hint !== SLEEPING) continue;
    }
    acquireToTest(k, p.lock, p.chan, chan) ?? (yield);
    const state = m.load(p.state) ?? (yield);
    if (state === SLEEPING) {
      const sleepsOn = m.load(p.chan) ?? (yield);
      if (sleepsOn === chan) {
        m.store(p.state, RUNNABLE) ?? (yield);
        m.changeRunLine(1, p.thread);
      }
    }
    release(k, p.lock) ?? (yield);
  }
  k.watch?.waking(0);
}
