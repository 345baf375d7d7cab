import {
  type ChoicePoint,
  objectCount,
  runLineObject,
  StopExecution,
  type Thread,
} from '../../machine/index.ts';
import type { Strategy } from '../strategy.ts';
import type { SwitchLog } from '../switch-log.ts';
import { threadOn } from './path.ts';
import { Signature } from './signature.ts';
import { View, type ViewOptions } from './view.ts';

/**
 * Repeats an execution by its switches and tells, as a number, which Mazurkiewicz trace it was, and at
 * which points it switched: so that whoever runs many can count how many of them differ.
 *
 * A switch point is what the lane that was left was about to do, and what the other one does.
 */
export class Retrace implements Strategy {
  readonly name = 'retrace';
  readonly asksAlways = true;
  /** Of the last execution, each once for every time that it switched there. */
  readonly switchPoints: number[] = [];
  private readonly log: SwitchLog;
  private readonly signature = new Signature();
  private readonly view: View;
  private objects = 0;
  private at = -1;
  private lane = -1;
  private isOpen = false;
  private lineBefore = 0;

  /** @param options what traces tell apart; everything if left out */
  constructor(log: SwitchLog, options: ViewOptions = {}) {
    this.log = log;
    this.view = new View(options);
  }

  begin(_seed: number, lanes: number): void {
    this.signature.clear(lanes, this.objects);
    this.switchPoints.length = 0;
    this.at = -1;
    this.lane = -1;
    this.isOpen = false;
  }

  choose(point: ChoicePoint): Thread {
    this.close(point);
    const before = this.lane;
    const { steps, lanes } = this.log;
    while ((steps[this.at + 1] ?? Number.POSITIVE_INFINITY) <= point.step) {
      this.lane = lanes[++this.at] as number;
    }
    const thread = threadOn(point, this.lane);
    if (thread === undefined) throw new StopExecution();
    if (before >= 0 && before !== this.lane) this.note(point.cpus[before]?.thread, thread);
    if (this.view.look(point, thread) > 0) {
      this.isOpen = true;
      this.lineBefore = point.runLine;
    }
    point.lease = 1;
    return thread;
  }

  private note(left: Thread | null | undefined, entered: Thread): void {
    let hash = 0;
    for (const thread of [left, entered]) {
      hash = Math.imul(hash ^ (thread?.kind ?? 0), 0x85ebca6b);
      hash = Math.imul(hash ^ (hash >>> 15) ^ (thread?.a ?? 0), 0xc2b2ae35);
    }
    this.switchPoints.push(hash ^ (hash >>> 16));
  }

  private close(point: ChoicePoint): void {
    if (this.objects === 0) {
      this.objects = objectCount(point);
      this.signature.clear(point.lanes, this.objects);
    }
    if (!this.isOpen) return;
    this.isOpen = false;
    const { view } = this;
    if (point.runLine !== this.lineBefore) view.add((runLineObject(point.words) << 1) | 1);
    this.signature.push(this.lane % point.cpus.length, view.codes, view.count);
  }

  /** The trace; to be asked when the execution is over. */
  trace(point: ChoicePoint): number {
    this.close(point);
    return this.signature.value;
  }
}
