/** The switches of an execution one by one; `ChoiceCursor` of traces/ is one. */
export interface SwitchCursor {
  /** The switch it stands on: control passes to `lane` after `step` operations. Infinite and -1 behind the last. */
  readonly step: number;
  readonly lane: number;
  /** Goes to the next switch; false when there is none. */
  next(): boolean;
}

/** A recorded schedule; `Choices` of a trace is one. Steps ascend strictly. */
export interface SwitchRecord {
  cursor(): SwitchCursor;
  /** The schedule is known while fewer operations than this were performed; infinite for a whole one. */
  readonly completeUntil: number;
}

/** A schedule in memory: what `Machine.onSwitch` tells, kept for a replay in the same process. */
export class SwitchLog implements SwitchRecord {
  readonly steps: number[] = [];
  readonly lanes: number[] = [];
  completeUntil = Number.POSITIVE_INFINITY;

  get length(): number {
    return this.steps.length;
  }

  push(step: number, lane: number): void {
    this.steps.push(step);
    this.lanes.push(lane);
  }

  clear(): void {
    this.steps.length = 0;
    this.lanes.length = 0;
    this.completeUntil = Number.POSITIVE_INFINITY;
  }

  /** Forgets all switches but the first `count`, as if the rest of the trace had been lost. */
  cut(count: number): void {
    this.steps.length = Math.min(count, this.steps.length);
    this.lanes.length = this.steps.length;
    this.completeUntil = this.steps[this.steps.length - 1] ?? 0;
  }

  cursor(): SwitchCursor {
    return new LogCursor(this);
  }
}

class LogCursor implements SwitchCursor {
  step = Number.POSITIVE_INFINITY;
  lane = -1;
  private readonly log: SwitchLog;
  private at = -1;

  constructor(log: SwitchLog) {
    this.log = log;
    this.next();
  }

  next(): boolean {
    this.at++;
    const { steps, lanes } = this.log;
    const more = this.at < steps.length;
    this.step = more ? (steps[this.at] as number) : Number.POSITIVE_INFINITY;
    this.lane = more ? (lanes[this.at] as number) : -1;
    return more;
  }
}
