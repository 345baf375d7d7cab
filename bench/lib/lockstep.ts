import type { Kernel } from '../../kernel/kernel.ts';
import {
  ACQUIRE,
  type ChoicePoint,
  type Scheduler,
  type Thread,
  WFI,
} from '../../machine/index.ts';

/**
 * Gives an execution a simulated time, in which CPUs run at once, and measures it.
 *
 * Each CPU has a clock. An operation, private user accesses included, takes one unit of its CPU's
 * time; what is no operation (filling a page, the hardware's walk of a page table) takes none. The
 * CPU whose clock is behind all others steps next, so operations happen in the order of simulated
 * time. A CPU that waits for a lock goes on at the time of the release, first come, first served; an
 * idle CPU goes on when a process becomes runnable. Caches and buses do not exist.
 */
export class Lockstep implements Scheduler {
  readonly asksAlways = true;
  /** Time of each CPU. */
  readonly clocks: number[];
  /** By lock: time that CPUs waited for it, together. */
  readonly waited = new Map<number, number>();
  /** By lock: time for which it was held. */
  readonly held = new Map<number, number>();
  /** Time that CPUs were idle, together. */
  idle = 0;

  private readonly k: Kernel;
  private readonly releasedAt = new Map<number, number>();
  private readonly acquiredAt = new Map<number, number>();
  private lane = 0;
  /** Operations that the clocks know of. */
  private accounted = 0;

  /** Measures the next execution of this kernel; one without timers. */
  constructor(k: Kernel) {
    this.k = k;
    this.clocks = k.m.cpus.map(() => 0);
    k.listen(null, false, (lock) => this.released(lock));
    k.m.onAcquire = (lock) => this.acquiredAt.set(lock, this.now());
  }

  /** Time at which the last CPU was done. */
  get makespan(): number {
    return Math.max(...this.clocks);
  }

  /** Call when the execution is over. */
  finish(): void {
    this.account();
    for (const clock of this.clocks) this.idle += this.makespan - clock;
    this.k.listen(null, false, null);
  }

  choose(point: ChoicePoint): Thread {
    this.account();
    let first = point.enabled[0] as Thread;
    let firstArrived = Number.POSITIVE_INFINITY;
    let least = Number.POSITIVE_INFINITY;
    for (let i = 0; i < point.enabledCount; i++) {
      const thread = point.enabled[i] as Thread;
      const arrived = this.clocks[point.laneOf(thread)] as number;
      const ready = this.readyAt(thread, arrived);
      if (ready < least || (ready === least && arrived < firstArrived)) {
        first = thread;
        firstArrived = arrived;
        least = ready;
      }
    }
    this.lane = point.laneOf(first);
    this.wait(first, least);
    return first;
  }

  /** The time of the CPU that steps. */
  private now(): number {
    return (this.clocks[this.lane] as number) + this.k.m.step - this.accounted;
  }

  private account(): void {
    this.clocks[this.lane] = this.now();
    this.accounted = this.k.m.step;
  }

  /** When a thread that arrived at its operation at some time can perform it. */
  private readyAt(thread: Thread, arrived: number): number {
    if (thread.kind === ACQUIRE) return Math.max(arrived, this.releasedAt.get(thread.a) ?? 0);
    return thread.kind === WFI ? Math.max(arrived, this.now()) : arrived;
  }

  /** Passes the time of the CPU that steps until its thread is ready. */
  private wait(thread: Thread, ready: number): void {
    const waited = ready - (this.clocks[this.lane] as number);
    if (waited <= 0) return;
    if (thread.kind === WFI) this.idle += waited;
    else this.waited.set(thread.a, (this.waited.get(thread.a) ?? 0) + waited);
    this.clocks[this.lane] = ready;
  }

  private released(lock: number): void {
    const now = this.now();
    this.releasedAt.set(lock, now);
    const since = this.acquiredAt.get(lock) ?? now;
    this.held.set(lock, (this.held.get(lock) ?? 0) + now - since);
  }
}
