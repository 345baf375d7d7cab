import {
  type ChoicePoint,
  objectOf,
  runLineObject,
  type Thread,
  type TouchCode,
  writes,
} from '../../machine/index.ts';
import { type Segment, Segments } from '../../scheduler/strategies/segments.ts';
import type { Strategy } from '../../scheduler/strategy.ts';

/** One operation of an execution. */
export interface Event {
  readonly lane: number;
  /** Where it came; up to the next one's, its thread accessed private memory besides. */
  readonly step: number;
  /** What it touched. */
  readonly objects: readonly number[];
  /** The numbers of those that must come before it. */
  readonly needs: readonly number[];
}

/** Follows segments, and takes down which operations depend on which. */
export class EventLog implements Strategy {
  readonly name = 'schedule';
  readonly asksAlways = true;
  readonly events: Event[] = [];
  private readonly segments: Segments;
  private readonly codes: TouchCode[] = [];
  /** By object: its last writer, and the readers since. */
  private readonly writers = new Map<number, number>();
  private readonly readers = new Map<number, number[]>();
  private runLine = 0;

  constructor(list: readonly Segment[]) {
    this.segments = new Segments(list);
  }

  begin(seed: number, lanes: number): void {
    this.segments.begin(seed, lanes);
    this.events.length = 0;
    this.writers.clear();
    this.readers.clear();
    this.runLine = 0;
  }

  choose(point: ChoicePoint): Thread {
    // Only now it is known whether the operation before changed it.
    if (this.runLine !== point.runLine) this.touch([(runLineObject(point.words) << 1) | 1]);
    this.runLine = point.runLine;
    const thread = this.segments.choose(point);
    point.lease = 1;
    const count = point.footprint(thread, this.codes);
    this.events.push({ lane: point.laneOf(thread), step: point.step, objects: [], needs: [] });
    this.touch(this.codes.slice(0, count));
    return thread;
  }

  /** Adds what the last event touches, and so needs. */
  private touch(codes: readonly TouchCode[]): void {
    const { events, writers } = this;
    const at = events.length - 1;
    const event = events[at];
    if (event === undefined) return;
    const needs = new Set(event.needs);
    for (const code of codes) {
      const object = objectOf(code);
      const readers = this.readers.get(object) ?? [];
      const writer = writers.get(object);
      if (writer !== undefined) needs.add(writer);
      if (writes(code)) {
        for (const reader of readers) needs.add(reader);
        writers.set(object, at);
        this.readers.delete(object);
      } else {
        this.readers.set(object, [...readers, at]);
      }
    }
    needs.delete(at);
    const objects = [...event.objects, ...codes.map(objectOf)];
    events[at] = { ...event, objects, needs: [...needs] };
  }
}
