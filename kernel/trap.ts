/** Traps from user space and from the kernel, and the timer (xv6 trap.c). */
import {
  type Address,
  CAUSE_ECALL,
  CAUSE_LOAD_FAULT,
  CAUSE_STORE_FAULT,
  CAUSE_TIMER,
  type Code,
  type Layout,
  type Thread,
} from '../machine/index.ts';
import { printf } from './console.ts';
import type { Kernel } from './kernel.ts';
import { killed, setkilled } from './killed.ts';
import { exit } from './lifecycle.ts';
import { TF_A0 } from './memlayout.ts';
import { myproc } from './myproc.ts';
import { panic } from './panic.ts';
import type { Proc } from './proc.ts';
import { wakeup, yieldCpu } from './sched.ts';
import { acquire, release, Spinlock } from './spinlock.ts';
import { syscall } from './syscall.ts';
import { vmfault } from './vm.ts';

export class Clock {
  readonly lock: Spinlock;
  /** tickslock: timer interrupts of CPU 0 since boot. Also the channel of those who wait for it. */
  readonly ticks: Address;

  constructor(layout: Layout) {
    this.lock = new Spinlock(layout, 'tickslock');
    this.ticks = layout.word('ticks', this.lock.word);
  }
}

/** As printf's %p: 64 bits, the sign extended. */
function hex(value: number): string {
  return `0x${BigInt.asUintN(64, BigInt(value)).toString(16).padStart(16, '0')}`;
}

/** The trap vector. A trap on top of a program's own code came from user space. */
export function trapVector(k: Kernel): (thread: Thread, cause: number, stval: number) => Code {
  return (thread, cause, stval) => {
    const p = myproc(k);
    if (p !== undefined && thread.depth === 1) return usertrap(k, p, cause, stval);
    return kerneltrap(k, cause);
  };
}

/**
 * Handles an interrupt, exception or system call from user space. Interrupts are off on entry.
 *
 * @returns the user's a0.
 */
function* usertrap(k: Kernel, p: Proc, cause: number, stval: number): Code<number> {
  const { m } = k;
  if (cause === CAUSE_ECALL) {
    if (yield* killed(k, p)) yield* exit(k, p, -1, true);
    // An interrupt will change scause, so enable only now that we're done with it.
    m.interruptsOn();
    yield* syscall(k, p);
  } else if (cause === CAUSE_TIMER) {
    yield* clockintr(k);
  } else if (!(yield* pagefault(k, p, cause, stval))) {
    const address = hex(stval);
    k.events?.fault(m.step, m.cpu.id, k.currentPid(), cause, address);
    yield* printf(k, `usertrap(): unexpected scause ${hex(cause)} pid=${k.currentPid()}\n`);
    yield* printf(k, `            sepc=0x0 stval=${address}\n`);
    yield* setkilled(k, p);
  }
  if (yield* killed(k, p)) yield* exit(k, p, -1, true);
  // Give up the CPU if this is a timer interrupt.
  if (cause === CAUSE_TIMER) yield* yieldCpu(k, p);
  return usertrapret(k, p);
}

/** Handles what may be a page fault; answers whether the access can be tried again. */
function* pagefault(k: Kernel, p: Proc, cause: number, stval: number): Code<boolean> {
  if (cause !== CAUSE_LOAD_FAULT && cause !== CAUSE_STORE_FAULT) return false;
  // Cause and address are saved, and the page may have to be waited for.
  k.m.interruptsOn();
  return yield* vmfault(k, p, stval, cause === CAUSE_STORE_FAULT);
}

/** Returns to user space, in the process's own address space. The machine's sret follows. */
function usertrapret(k: Kernel, p: Proc): number {
  const { m } = k;
  m.cpu.interruptsOn = false;
  m.cpu.root = m.words[p.pagetable] as number;
  m.cpu.asid = p.asid;
  return m.words[m.memory.frame(m.words[p.trapframe] as number) + TF_A0] as number;
}

/** A fork child's very first scheduling by scheduler() will swtch to forkret. */
export function* forkret(k: Kernel, p: Proc): Code<number> {
  // Still holding p->lock from scheduler.
  release(k, p.lock) ?? (yield);
  return usertrapret(k, p);
}

/** Interrupts and exceptions from kernel code go here, on whatever the kernel thread was doing. */
function* kerneltrap(k: Kernel, cause: number): Code<number> {
  if (cause !== CAUSE_TIMER) panic(k, 'kerneltrap');
  yield* clockintr(k);
  const p = myproc(k);
  if (p !== undefined) yield* yieldCpu(k, p);
  return 0;
}

/** CPU 0 keeps the time. Takes tickslock and, one after the other, every p->lock. */
function* clockintr(k: Kernel): Code<void> {
  const { m, clock } = k;
  k.events?.irq(m.step, m.cpu.id);
  if (m.cpu.id !== 0) return;
  acquire(k, clock.lock) ?? (yield);
  const ticks = m.load(clock.ticks) ?? (yield);
  m.store(clock.ticks, ticks + 1) ?? (yield);
  yield* wakeup(k, clock.ticks);
  release(k, clock.lock) ?? (yield);
}
