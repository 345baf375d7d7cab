import type { ChoicePoint, Thread, TouchCode } from '../../machine/index.ts';
import { Dpor } from './dpor.ts';
import type { ViewOptions } from './view.ts';

/** Where a timer interrupts: a CPU, after so many operations of its own. */
export interface Interrupt {
  readonly cpu: number;
  readonly after: number;
}

/**
 * Dpor of a machine whose timers interrupt when they are chosen: one interrupt in each execution, of
 * one CPU, after so many of its own operations, in the executions where it is possible there.
 *
 * Counted so, an interrupt depends on nothing that other CPUs do: it is a part of its CPU's code, and
 * all that commutes without it does so with it. A search for every place where it may come is one
 * search for each number of operations; see `places`.
 */
export class InterruptedDpor extends Dpor {
  /** Numbers of operations, by CPU, after which a timer could have interrupted in some execution. */
  readonly places: readonly Set<number>[];
  private readonly interrupt: Interrupt | undefined;
  private readonly own: number[];
  private isOver = false;
  private lastCpu = -1;
  private lastAt = 0;
  private untimed: Untimed | undefined;

  /** @param interrupt left out for none */
  constructor(cpus: number, options: Omit<ViewOptions, 'focus'>, interrupt?: Interrupt) {
    super(options);
    this.interrupt = interrupt;
    this.own = new Array(cpus).fill(0);
    this.places = this.own.map(() => new Set());
  }

  override begin(seed: number, lanes: number): void {
    super.begin(seed, lanes);
    this.own.fill(0);
    this.isOver = false;
    this.lastCpu = -1;
    this.lastAt = 0;
  }

  override choose(point: ChoicePoint): Thread {
    const { own, interrupt } = this;
    if (this.lastCpu >= 0)
      own[this.lastCpu] = (own[this.lastCpu] as number) + point.step - this.lastAt;
    this.lastAt = point.step;
    const timer = this.timerDue(point);
    if (timer !== undefined) {
      this.isOver = true;
      this.lastCpu = -1;
      point.lease = 1;
      return timer;
    }
    if (this.untimed?.point !== point) this.untimed = new Untimed(point);
    const thread = super.choose(this.untimed);
    this.lastCpu = point.laneOf(thread);
    const left =
      interrupt?.cpu === this.lastCpu ? interrupt.after - (own[this.lastCpu] as number) : 0;
    if (left > 0) point.lease = Math.min(point.lease, left);
    return thread;
  }

  /** Notes which timers could interrupt now; answers the one that is to. */
  private timerDue(point: ChoicePoint): Thread | undefined {
    const { own, interrupt, isOver } = this;
    let due: Thread | undefined;
    for (let i = point.enabledCount - 1; i >= 0; i--) {
      const timer = point.enabled[i] as Thread;
      if (timer.id >= 0) break;
      const cpu = point.laneOf(timer) - point.cpus.length;
      this.places[cpu]?.add(own[cpu] as number);
      if (!isOver && cpu === interrupt?.cpu && own[cpu] === interrupt.after) due = timer;
    }
    return due;
  }
}

/** A choice point without timers. */
class Untimed implements ChoicePoint {
  readonly point: ChoicePoint;

  constructor(point: ChoicePoint) {
    this.point = point;
  }

  get enabled(): readonly Thread[] {
    return this.point.enabled;
  }

  get enabledCount(): number {
    const { enabled, enabledCount } = this.point;
    let count = enabledCount;
    while (count > 0 && (enabled[count - 1] as Thread).id < 0) count--;
    return count;
  }

  get previous(): Thread | null {
    return this.point.previous;
  }

  get lane(): number {
    const { lane, cpus } = this.point;
    return lane < cpus.length ? lane : lane - cpus.length;
  }

  get step(): number {
    return this.point.step;
  }

  get lease(): number {
    return this.point.lease;
  }

  set lease(steps: number) {
    this.point.lease = steps;
  }

  get lanes(): number {
    return this.point.lanes;
  }

  get cpus(): ChoicePoint['cpus'] {
    return this.point.cpus;
  }

  get threads(): readonly Thread[] {
    return this.point.threads;
  }

  get words(): Int32Array {
    return this.point.words;
  }

  get runLine(): number {
    return this.point.runLine;
  }

  laneOf(thread: Thread): number {
    return this.point.laneOf(thread);
  }

  isEnabled(thread: Thread): boolean {
    return this.point.isEnabled(thread);
  }

  footprint(thread: Thread, into: TouchCode[]): number {
    return this.point.footprint(thread, into);
  }
}
