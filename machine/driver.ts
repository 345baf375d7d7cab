import type { MachineConfig } from './config.ts';
import { Cpu, NEVER } from './cpu.ts';
import { deadlineOf, isEnabled, isInterruptible } from './enabled.ts';
import { footprint, type TouchCode } from './footprint.ts';
import { broken, invariant } from './invariant.ts';
import { plainLanes } from './lanes.ts';
import type { Layout } from './layout.ts';
import { Memory } from './memory.ts';
import type { Address } from './operands.ts';
import * as op from './operation.ts';
import { missingYield, perform, strayUse } from './perform.ts';
import { ProgramError, RunsAlready } from './program-error.ts';
import {
  CAUSE_TIMER,
  type ChoicePoint,
  type Ending,
  type Observer,
  type Scheduler,
  StopExecution,
  type SwitchListener,
  type TrapVector,
} from './seam.ts';
import { StoreBuffers } from './store-buffers.ts';
import { ANSWER, type Code, RETRY, type Thread } from './thread.ts';
import { isDormantAt } from './traits.ts';

/**
 * The state of the emulated machine and the loop that runs it; machine.ts adds the operations that
 * guest code calls.
 */
export class Driver implements ChoicePoint {
  readonly config: MachineConfig;
  readonly layout: Layout;
  readonly memory: Memory;
  /** memory.words, one indirection less. */
  readonly words: Int32Array;
  readonly cpus: readonly Cpu[];
  /** By id. invariant: `threads[t.id] === t`. Timers are not in it. */
  readonly threads: Thread[] = [];

  /** Operations performed since power-on. */
  step = 0;
  /** The thread whose code runs, and its CPU; meaningful only while guest code runs. */
  current!: Thread;
  cpu!: Cpu;

  /** Threads that are ready: the level of the line that ends a `wfi`. Kept by the guest. */
  runLine = 0;
  /** Guests that wait for time to pass; with none, idle CPUs take no timer interrupts. */
  timeWaiters = 0;
  /** Stores that are not in memory yet; null where every store is at once. */
  buffers: StoreBuffers | null;
  /** Lanes are 0..lanes-1: CPUs, their timers, then what their store buffers let go. */
  readonly lanes: number;
  /** Why guest code could not go on. Set by `halt` and by the loop. */
  ending: Ending | null = null;

  /** Sees every operation; null, which costs nothing, for nobody. */
  observer: Observer | null = null;
  /** Called after every release of a spinlock, with the lock's address. */
  onRelease: ((lock: Address) => void) | null = null;
  /** The same when a spinlock was taken. */
  onAcquire: ((lock: Address) => void) | null = null;
  /** Called after a context switch, with the guest's code for the reason. */
  onSwtch: ((from: Thread, to: Thread, reason: number) => void) | null = null;
  /** Told what guest code throws; answers whether the other threads go on. Null if they never do. */
  onThrow: ((error: unknown) => boolean) | null = null;
  /** Called when control passes to another lane. */
  onSwitch: SwitchListener | null = null;
  /** The guest's trap vector; a bare machine has none. */
  trapVector: TrapVector | null = null;

  // ChoicePoint. `enabled` is reused at every choice.
  readonly enabled: Thread[] = [];
  enabledCount = 0;
  previous: Thread | null = null;
  lane = -1;
  lease = 1;

  /** First step that the running thread may not take without asking. */
  leaseEnd = 0;
  /** The same for accesses to private memory, which only end at a deadline. */
  privateEnd = 0;
  /** Threads that waited for a lock, mutex, semaphore or condition when last looked at. */
  private waiting = 0;
  private idle = 0;
  /** What `decide` grants to the chosen thread: its leaseEnd and its privateEnd. */
  private granted = 0;
  private grantedPrivate = 0;
  private next: Thread | null = null;
  /** The thread whose operation did not answer and whose code must yield next, and where. */
  private suspended: Thread | null = null;
  private suspendedAt: number = op.NONE;
  /** What is left of a lease, for the code that goes on after the yield. */
  private heldLease = 0;
  private heldPrivate = 0;
  /** What ended the execution in the midst of an operation, whatever guest code makes of it. */
  private failure: unknown = null;
  private scheduler!: Scheduler;
  private asksAlways = false;
  /** @internal Whether threads run: then parts are for their operations only. */
  isRunning = false;
  private ticketLast = 0;

  constructor(layout: Layout, config: MachineConfig) {
    invariant(config.cpus >= 1 && config.cpus <= 64, 'a machine has 1 to 64 CPUs');
    this.config = config;
    this.layout = layout;
    this.memory = new Memory(layout, config.frames, config.diskBlocks);
    this.words = this.memory.words;
    this.cpus = Array.from({ length: config.cpus }, (_, id) => new Cpu(id, -1 - id));
    const { memory = 'sc', storesMax = NEVER, cpus } = config;
    this.buffers = memory === 'sc' ? null : new StoreBuffers(memory, cpus, layout.size, storesMax);
    this.lanes = plainLanes(config.cpus) + (this.buffers?.drains.length ?? 0);
  }

  /** Power-on: CPUs and counters as after reset. Memory is the caller's to restore. */
  reset(): void {
    const { tickInterval, ticks = 0 } = this.config;
    for (const cpu of this.cpus) {
      // Staggered, as on hardware where harts do not start in the same cycle.
      const first = tickInterval + ((cpu.id * 7) % Math.max(tickInterval, 1));
      cpu.reset(tickInterval > 0 ? first : NEVER, ticks);
    }
    this.buffers?.reset();
    this.step = 0;
    this.runLine = 0;
    this.timeWaiters = 0;
    this.ending = null;
    this.previous = null;
    this.leaseEnd = 0;
    this.privateEnd = 0;
    this.lane = -1;
    this.next = null;
    this.suspended = null;
    this.failure = null;
    this.waiting = 0;
    this.idle = 0;
    this.ticketLast = 0;
  }

  /** Puts a thread on a CPU, parked before its first operation. For power-on only. */
  place(thread: Thread, cpu: Cpu): void {
    thread.cpu = cpu;
    thread.kind = op.START;
    cpu.thread = thread;
  }

  /**
   * Runs code on CPU 0 to its end, with no choice points: the set-up of an execution.
   *
   * @throws InternalError when the code has to wait, which nothing in a set-up may.
   */
  drain(thread: Thread, code: Code): void {
    const cpu = this.cpus[0] as Cpu;
    const { timerAt } = cpu;
    const { buffers } = this;
    this.buffers = null;
    thread.begin(code);
    thread.cpu = cpu;
    cpu.thread = thread;
    // Time begins when the set-up is over, however long it takes.
    cpu.timerAt = NEVER;
    this.current = thread;
    this.cpu = cpu;
    this.suspended = null;
    this.isRunning = true;
    this.leaseEnd = NEVER;
    this.privateEnd = NEVER;
    invariant(code.next(0).done === true, `set-up waits at ${thread.describe()}`);
    cpu.thread = null;
    cpu.timerAt = timerAt;
    this.buffers = buffers;
    this.isRunning = false;
    this.leaseEnd = 0;
    this.privateEnd = 0;
    this.step = 0;
  }

  /**
   * Runs the machine until it ends. Whatever guest code throws ends the execution and is thrown on,
   * unless `onThrow` says otherwise.
   */
  run(scheduler: Scheduler): Ending {
    this.scheduler = scheduler;
    this.asksAlways = scheduler.asksAlways === true;
    this.isRunning = true;
    try {
      this.decide();
      while (this.next !== null) {
        if (this.onThrow === null) this.dispatch(this.next);
        else this.dispatchOrEnd(this.next, this.onThrow);
      }
    } catch (thrown) {
      const error = this.failure ?? thrown;
      if (!(error instanceof StopExecution)) throw error;
      this.ending = 'stopped';
    } finally {
      // Whoever has parts of this machine may call their operations at any time.
      this.isRunning = false;
      this.leaseEnd = 0;
      this.privateEnd = 0;
      this.buffers?.leave(this.words);
    }
    invariant(this.ending !== null, 'an execution that stops has ended');
    return this.ending;
  }

  /** The same as `dispatch`, but a thread that throws may just end. */
  private dispatchOrEnd(chosen: Thread, onThrow: (error: unknown) => boolean): void {
    try {
      this.dispatch(chosen);
    } catch (thrown) {
      const error = this.failure ?? thrown;
      if (error instanceof StopExecution || !onThrow(error)) throw error;
      this.suspended = null;
      this.failure = null;
      while (!this.current.ended) this.current.finish();
      this.endThread(this.current);
    }
  }

  /** Performs the operation of the chosen thread and runs its code to the next announcement. */
  private dispatch(chosen: Thread): void {
    if (chosen.kind === op.DRAIN) {
      this.letReachMemory(chosen);
      return;
    }
    const timerOf = chosen.id < 0 ? this.cpus[-1 - chosen.id] : undefined;
    const thread = timerOf === undefined ? chosen : (timerOf.thread as Thread);
    this.current = thread;
    this.previous = thread;
    this.cpu = thread.cpu as Cpu;
    this.buffers?.enter(this.words, this.cpu.id);
    this.next = null;
    this.leaseEnd = this.granted;
    this.privateEnd = this.grantedPrivate;
    let answer = 0;
    if (timerOf !== undefined) {
      this.interrupt(timerOf, thread);
    } else if (thread.kind !== op.NONE) {
      const { kind } = thread;
      thread.kind = op.NONE;
      answer = perform(this, kind, thread.a, thread.b, thread.c) ?? 0;
    }
    this.resume(answer);
  }

  /** The oldest store of a buffer's lane reaches memory; no thread's code runs. */
  private letReachMemory(drain: Thread): void {
    const { buffers, observer, words } = this;
    invariant(buffers !== null, 'what reaches memory was in a buffer');
    this.step++;
    const address = buffers.drain(words, drain);
    observer?.drained?.(buffers.cpuOf(drain), address, words[address] as number);
    this.decide();
  }

  /** Delivers a timer interrupt: trap to the guest on top of whatever the thread was about to do. */
  private interrupt(cpu: Cpu, thread: Thread): void {
    const isDue = this.step >= cpu.timerAt;
    this.step++;
    const { tickInterval } = this.config;
    if (!isDue) cpu.ticks--;
    else cpu.timerAt = tickInterval > 0 ? this.step + tickInterval : NEVER;
    this.trap(thread, CAUSE_TIMER, 0, RETRY);
  }

  /**
   * Enters the guest's trap vector on top of a thread. Interrupts are off in the handler, as the
   * hardware turns them off.
   */
  trap(thread: Thread, cause: number, stval: number, mode: number): void {
    invariant(this.trapVector !== null, 'a bare machine takes no traps');
    this.cpu.interruptsOn = false;
    const handler = this.trapVector(thread, cause, stval);
    thread.interrupt(handler, mode);
  }

  /**
   * Runs the current thread's code until another thread is chosen or the machine ends. The current
   * thread may change on the way: a context switch goes on with the code that it switches to.
   */
  private resume(first: number): void {
    let answer = first;
    while (this.ending === null) {
      const thread = this.current;
      if (thread.kind !== op.NONE) {
        // COND_WAIT left its second half announced.
        this.decide();
        return;
      }
      const { code } = thread;
      if (code === undefined) broken(`${thread.name} has no code to run`);
      this.suspended = null;
      const result = code.next(answer);
      if (this.failure !== null) throw this.failure;
      answer = 0;
      if (result.done !== true) {
        if (this.suspended === null) {
          throw new ProgramError(`${thread.name} yields without an operation`);
        }
        if (this.next !== null || this.ending !== null) return;
        // Not chosen away: a trap put a handler on top, a wait began, or swtch changed the thread.
        this.leaseEnd = this.heldLease;
        this.privateEnd = this.heldPrivate;
        continue;
      }
      if (this.suspended !== null) throw missingYield(this.suspended, this.suspendedAt);
      const mode = thread.finish();
      if (thread.ended) {
        this.endThread(thread);
        return;
      }
      // sret: every trap was taken with interrupts on, so they are on again after it.
      this.interruptsOn();
      if (mode === ANSWER) {
        answer = result.value as number;
      } else {
        // The interrupted operation goes first, or a handler slower than the timer would stop all.
        const { cpu } = this;
        cpu.timerAt = Math.max(cpu.timerAt, this.step + 1);
        this.decide();
        return;
      }
    }
  }

  private endThread(thread: Thread): void {
    (thread.cpu as Cpu).thread = null;
    this.decide();
  }

  /**
   * Chooses who steps next and for how long. invariant: the current thread, if it can go on, has
   * announced its operation.
   */
  private decide(): void {
    this.next = null;
    this.buffers?.leave(this.words);
    if (this.step >= this.config.stepsMax) {
      this.end('steps');
      return;
    }
    this.gather();
    if (this.enabledCount === 0 && !this.passTime()) {
      const over = this.cpus.every(({ thread }) => thread === null || isDormantAt(thread.kind));
      this.end(over ? 'halted' : 'blocked');
      return;
    }
    const deadline = deadlineOf(this);
    let chosen = this.enabled[0] as Thread;
    if (this.enabledCount === 1 && !this.asksAlways) {
      this.granted = deadline;
    } else {
      this.lease = 1;
      chosen = this.scheduler.choose(this);
      this.granted = Math.min(this.step + this.lease, deadline);
    }
    // A timer that is due but was not chosen must be asked about again, however private the thread.
    const timerDue = (this.enabled[this.enabledCount - 1] as Thread).id < 0;
    this.grantedPrivate = timerDue ? this.granted : deadline;
    this.next = chosen;
    const lane = this.laneOf(chosen);
    if (lane !== this.lane) {
      this.lane = lane;
      if (this.onSwitch !== null) this.onSwitch(this.step, lane);
    }
  }

  private end(ending: Ending): void {
    this.ending = ending;
    this.next = null;
  }

  /** Lists the threads that could step, CPUs first, then timers. */
  private gather(): void {
    let count = 0;
    let waiting = 0;
    let idle = 0;
    for (const cpu of this.cpus) {
      const { thread } = cpu;
      if (thread === null) continue;
      if (isEnabled(this, thread)) this.enabled[count++] = thread;
      else if (thread.kind === op.WFI) idle++;
      else waiting++;
    }
    const { tickInterval, ticks = 0 } = this.config;
    if (tickInterval > 0 || ticks > 0 || this.timeWaiters > 0) {
      for (const cpu of this.cpus) {
        const isPending = cpu.ticks > 0 || this.step >= cpu.timerAt;
        if (isPending && isInterruptible(cpu)) this.enabled[count++] = cpu.timer;
      }
    }
    if (this.buffers !== null) count = this.buffers.gather(this.enabled, count);
    this.enabledCount = count;
    this.waiting = waiting;
    this.idle = idle;
  }

  isEnabled(thread: Thread): boolean {
    return isEnabled(this, thread);
  }

  /**
   * With nothing to do but to wait for time, jumps to CPU 0's next timer interrupt, which is the one
   * that counts ticks. Answers whether that enabled anything.
   */
  private passTime(): boolean {
    const cpu = this.cpus[0] as Cpu;
    if (this.timeWaiters === 0) return false;
    cpu.timerAt = this.step;
    this.gather();
    return this.enabledCount > 0;
  }

  footprint(thread: Thread, into: TouchCode[]): number {
    return footprint(this, thread, into);
  }

  /** @throws RunsAlready for a thread that was begun anew while a CPU runs it. */
  laneOf(thread: Thread): number {
    if (thread.id < 0) return this.cpus.length - 1 - thread.id;
    if (thread.cpu === null) throw new RunsAlready(`${thread.name} begins while a CPU runs it`);
    return thread.cpu.id;
  }

  /** A lock, mutex or semaphore changed hands: whoever waited may now be enabled. */
  wakeWaiting(): void {
    if (this.waiting !== 0) this.leaseEnd = this.step;
  }

  /** A thread became ready for a CPU to take it (+1), or was taken (-1). */
  changeRunLine(by: number, thread: Thread): void {
    // A kernel without order in memory may say twice that a thread is taken.
    if (thread.isReady === by > 0) return;
    thread.isReady = by > 0;
    this.runLine += by;
    if (by > 0 && this.idle !== 0) this.leaseEnd = this.step;
  }

  /** sstatus.SIE = 1: a timer interrupt that is pending may be taken from the next operation on. */
  interruptsOn(): void {
    const { cpu } = this;
    cpu.interruptsOn = true;
    if (cpu.ticks > 0 || this.step >= cpu.timerAt) {
      this.leaseEnd = this.step;
      this.privateEnd = this.step;
    }
  }

  /** xv6 spinlock.c pop_off, without its panics, which are the kernel's to make. */
  popOff(): void {
    const { cpu } = this;
    cpu.noff--;
    if (cpu.noff === 0 && cpu.intena) this.interruptsOn();
  }

  /** What the release of a spinlock comes to. */
  letGo(lock: Address): void {
    if (this.buffers === null) this.words[lock] = 0;
    if (this.cpu.looking === lock) this.cpu.looking = 0;
    if (this.onRelease !== null) this.onRelease(lock);
    this.wakeWaiting();
    this.popOff();
  }

  nextTicket(): number {
    return ++this.ticketLast;
  }

  /**
   * Announces an operation of the current thread. Performs it and answers if the thread may go on;
   * answers undefined if another goes first.
   */
  announce(kind: number, a: number, b: number, c: number): number | undefined {
    if (!this.isRunning) throw strayUse(kind);
    const thread = this.current;
    try {
      if (this.suspended !== null) throw missingYield(this.suspended, this.suspendedAt);
      if (this.failure !== null) return this.suspend(thread, kind);
      thread.kind = kind;
      thread.a = a;
      thread.b = b;
      thread.c = c;
      this.decide();
      if (this.next !== thread) return this.suspend(thread, kind);
      this.next = null;
      this.buffers?.enter(this.words, this.cpu.id);
      this.leaseEnd = this.granted;
      this.privateEnd = this.grantedPrivate;
      thread.kind = op.NONE;
      return perform(this, kind, a, b, c) ?? this.suspend(thread, kind);
    } catch (error) {
      throw this.fail(error);
    }
  }

  /**
   * For whoever throws into guest code to end the execution: that code may catch it, or have a
   * `finally`, and gets no further than its next operation.
   *
   * @returns the error, or what failed before it.
   */
  fail(error: unknown): unknown {
    this.failure ??= error;
    this.leaseEnd = 0;
    this.privateEnd = 0;
    return this.failure;
  }

  /**
   * Notes that an operation of the running code does not answer now. Until the code has yielded,
   * nothing may be performed for it: not on what is left of its lease, nor on the next thread's.
   */
  protected suspend(thread: Thread, kind: number): undefined {
    this.suspended = thread;
    this.suspendedAt = kind;
    this.heldLease = this.leaseEnd;
    this.heldPrivate = this.privateEnd;
    this.leaseEnd = 0;
    this.privateEnd = 0;
    return undefined;
  }
}
