import type { Segment } from '../../scheduler/strategies/segments.ts';
import { type Event, EventLog } from './event-log.ts';
import type { Failing, Trials } from './trials.ts';

/**
 * Another schedule of the same trace, with the operations of each lane in as few pieces as a greedy
 * choice makes of them: whoever runs goes on until its next operation needs another's that is not
 * done, and that one's lane runs next. What a trace decides stays, the finding most of all. (Jalbert
 * and Sen, A Trace Simplification Technique for Effective Debugging of Concurrent Programs, FSE 2010.)
 *
 * Takes an execution, to see what depends on what.
 */
export function straightened(trials: Trials, { list }: Failing): Segment[] {
  const log = new EventLog(list);
  const { steps } = trials.execute(log);
  return new Straightener(log.events, steps).straighten();
}

class Straightener {
  private readonly events: readonly Event[];
  private readonly steps: number;
  private readonly isDone: Uint8Array;
  /** By lane: its events that are not done. */
  private readonly queues = new Map<number, number[]>();

  constructor(events: readonly Event[], steps: number) {
    this.events = events;
    this.steps = steps;
    this.isDone = new Uint8Array(events.length);
    for (let i = events.length - 1; i >= 0; i--) {
      const { lane } = events[i] as Event;
      const queue = this.queues.get(lane);
      if (queue === undefined) this.queues.set(lane, [i]);
      else queue.push(i);
    }
  }

  straighten(): Segment[] {
    const { events } = this;
    const list: Segment[] = [];
    let first = 0;
    while (first < events.length) {
      const next = this.ready(this.head(list.at(-1)?.lane) ?? first);
      const { lane, step } = events[next] as Event;
      this.isDone[next] = 1;
      this.queues.get(lane)?.pop();
      while (this.isDone[first] === 1) first++;
      const steps = (events[next + 1]?.step ?? this.steps) - step;
      const last = list.at(-1);
      if (last?.lane === lane) list[list.length - 1] = { lane, steps: last.steps + steps };
      else list.push({ lane, steps });
    }
    return list;
  }

  /** That event, or one that it waits for and that waits for none. */
  private ready(event: number): number {
    let next = event;
    for (;;) {
      const need = (this.events[next] as Event).needs.find((each) => this.isDone[each] === 0);
      if (need === undefined) return next;
      next = this.head((this.events[need] as Event).lane) as number;
    }
  }

  /** The next event of a lane. */
  private head(lane: number | undefined): number | undefined {
    return lane === undefined ? undefined : this.queues.get(lane)?.at(-1);
  }
}
