import {
  type ChoicePoint,
  endsAll,
  isBeginning,
  NONE,
  StopExecution,
  type Thread,
} from '../machine/index.ts';
import { threadOn } from './search/path.ts';
import type { Segment } from './strategies/segments.ts';
import type { Strategy } from './strategy.ts';

/** A segment as it was run. */
export interface Stretch extends Segment {
  /** Its first step, if its thread did not start earlier. */
  readonly from: number;
  /** Whether it is a preemption of the lane that ran before. */
  readonly preempts: boolean;
  /** Whether it is not what follows where a list of segments is used up; see Segments. */
  readonly isChosen: boolean;
  /** Operation that the lane had announced when it was preempted, by kind; else NONE. */
  readonly before: number;
}

/**
 * Takes down the course of an execution under another strategy, one that is always asked: the
 * segments that lead to it, and its preemptions.
 *
 * A preemption is a switch away from a lane that could have gone on. An interrupt is none: its handler
 * is the same CPU's. The start of a thread is part of its first segment, wherever it was: it touches
 * nothing. `halt` ends every lane, so whoever lets the others go first preempts nobody.
 */
export class Course implements Strategy {
  readonly name: string;
  readonly asksAlways = true;
  readonly stretches: Stretch[] = [];
  preemptions = 0;
  /** Whether it was stopped at the step limit that it was given. */
  isCut = false;
  /** Whether a timer could have stepped. */
  hasTimers = false;

  private readonly strategy: Strategy;
  private readonly stepsMax: number;
  /** The CPU that performed the last operation; -1 for none. */
  private lane = -1;
  private isChosen = false;
  private since = 0;
  /** The lane that a thread starts on; -1 when none does. */
  private starting = -1;
  /** By lane: steps of starts that no segment has yet. */
  private readonly starts = new Map<number, number>();

  /** @param stepsMax steps after which the execution is stopped */
  constructor(strategy: Strategy, stepsMax: number) {
    this.name = strategy.name;
    this.strategy = strategy;
    this.stepsMax = stepsMax;
  }

  begin(seed: number, lanes: number): void {
    this.strategy.begin(seed, lanes);
    this.stretches.length = 0;
    this.preemptions = 0;
    this.isCut = false;
    this.hasTimers = false;
    this.lane = -1;
    this.isChosen = false;
    this.since = 0;
    this.starting = -1;
    this.starts.clear();
  }

  choose(point: ChoicePoint): Thread {
    const { step, enabled, enabledCount } = point;
    if (step >= this.stepsMax) {
      this.isCut = true;
      throw new StopExecution();
    }
    if ((enabled[enabledCount - 1] as Thread).id < 0) this.hasTimers = true;
    this.credit(step);
    const thread = this.strategy.choose(point);
    const lane = point.laneOf(thread);
    if (thread !== (threadOn(point, point.lane) ?? enabled[0])) this.isChosen = true;
    if (isBeginning(thread.kind)) {
      this.starting = lane;
      point.lease = 1;
      return thread;
    }
    if (lane !== this.stretches.at(-1)?.lane) this.open(point, thread);
    if (thread.id >= 0) this.lane = lane;
    this.isChosen = false;
    point.lease = Math.min(point.lease, this.stepsMax - step);
    return thread;
  }

  private open(point: ChoicePoint, thread: Thread): void {
    const { step } = point;
    const lane = point.laneOf(thread);
    const last = lane === this.lane || thread.id < 0 ? undefined : threadOn(point, this.lane);
    const preempts = last !== undefined && !endsAll(last.kind);
    const before = preempts ? last.kind : NONE;
    const steps = this.starts.get(lane) ?? 0;
    this.starts.delete(lane);
    const { isChosen } = this;
    this.stretches.push({ lane, steps, from: step - steps, preempts, isChosen, before });
    if (preempts) this.preemptions++;
  }

  /** To be called when the execution is over, with the steps that it took. */
  finish(steps: number): void {
    const lane = this.starting;
    this.credit(steps);
    const start = this.starts.get(lane);
    if (start === undefined) return;
    // It ended in the code before a thread's first operation.
    const { isChosen } = this;
    const its = { lane, steps: start, from: steps - start, preempts: false, isChosen };
    this.stretches.push({ ...its, before: NONE });
  }

  /** Accounts for what was done since the last question. */
  private credit(step: number): void {
    const steps = step - this.since;
    this.since = step;
    const { starting, stretches } = this;
    if (starting >= 0 && steps > 0) {
      this.starts.set(starting, (this.starts.get(starting) ?? 0) + steps);
      this.starting = -1;
      return;
    }
    const last = stretches[stretches.length - 1];
    if (last === undefined) return;
    stretches[stretches.length - 1] = { ...last, steps: last.steps + steps };
  }
}
