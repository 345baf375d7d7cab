import { laneText } from '../../machine/lanes.ts';
import type { Address } from '../../machine/operands.ts';
import { type ChoicePoint, StopExecution } from '../../machine/seam.ts';
import type { Thread } from '../../machine/thread.ts';
import { namesWord } from '../../machine/traits.ts';
import { ReplayDivergence } from '../divergence.ts';
import type { Strategy } from '../strategy.ts';
import type { SwitchCursor, SwitchRecord } from '../switch-log.ts';

/** How a divergence speaks of what it found. */
export interface ReplayWords {
  /** Name of a word of memory, if it has one. */
  readonly nameOf?: (address: Address) => string | undefined;
  /** CPUs of the machine: lanes from there on are their timers. Default: there are no timers. */
  readonly cpus?: number;
  /** Default: `cpu 1`, `timer 1`. */
  readonly laneName?: (lane: number) => string;
}

const END = 'the record ends here';

/** Behind the last switch; not infinite, which would make the machine count in doubles. */
const LEASE_MAX = 2 ** 30;

/**
 * Makes the switches of a record, at the steps on record and nowhere else.
 *
 * The record holds every switch, the forced ones too, so a lease lasts until the next one and replay
 * asks less often than the run did. That changes nothing: a question is no operation, and whatever
 * passes at the same step to the same lane is the same execution. Being asked more often, because a
 * lease is cut when a thread becomes enabled, is harmless too: the answer is the lane that goes on.
 *
 * A whole record must be used up exactly; a cut one stops the execution where it ends.
 */
export class Replay implements Strategy {
  readonly name = 'replay';
  /** Forced switches are on record and are compared. */
  readonly asksAlways = true;
  private readonly record: SwitchRecord;
  private readonly words: ReplayWords;
  private cursor: SwitchCursor;
  /** The lane on record now, and the step since when; the cursor stands on the switch after it. */
  private lane = -1;
  private since = -1;

  constructor(record: SwitchRecord, words: ReplayWords = {}) {
    this.record = record;
    this.words = words;
    this.cursor = record.cursor();
  }

  begin(_seed: number, _lanes: number): void {
    this.cursor = this.record.cursor();
    this.lane = -1;
    this.since = -1;
  }

  choose(point: ChoicePoint): Thread {
    const { step, enabled, enabledCount } = point;
    if (this.cursor.step <= step) this.take(point);
    else if (this.isCut(step)) throw new StopExecution(END);
    for (let i = 0; i < enabledCount; i++) {
      const thread = enabled[i] as Thread;
      if (point.laneOf(thread) === this.lane) {
        point.lease = Math.min(this.cursor.step - step, this.isCut(step) ? 1 : LEASE_MAX);
        return thread;
      }
    }
    throw this.divergence(point, enabled[0] as Thread);
  }

  /**
   * Call when the execution is over.
   *
   * @throws ReplayDivergence when the record goes on.
   */
  finish(step: number): void {
    if (this.cursor.step === Number.POSITIVE_INFINITY) return;
    const expected = `a switch to ${this.laneName(this.cursor.lane)} at step ${this.cursor.step}`;
    throw new ReplayDivergence(step, expected, 'ended');
  }

  /** Passes to the next switch on record, which must be due at this step exactly. */
  private take(point: ChoicePoint): void {
    const { cursor } = this;
    if (cursor.step !== point.step) {
      const expected = `a switch to ${this.laneName(cursor.lane)} at step ${cursor.step}`;
      throw new ReplayDivergence(point.step, expected, `none since step ${this.since}`);
    }
    this.lane = cursor.lane;
    this.since = cursor.step;
    cursor.next();
  }

  private isCut(step: number): boolean {
    const { completeUntil } = this.record;
    return step >= completeUntil && this.cursor.step === Number.POSITIVE_INFINITY;
  }

  /** The lane on record cannot step, or must not: `found` can. */
  private divergence(point: ChoicePoint, found: Thread): ReplayDivergence {
    const name = this.laneName(this.lane);
    const goesOn = this.lane < 0 ? 'no thread to step yet' : `${name} to go on`;
    const expected = this.since === point.step ? `a switch to ${name}` : goesOn;
    const lane = this.laneName(point.laneOf(found));
    return new ReplayDivergence(point.step, expected, `${lane} at ${this.operation(found)}`);
  }

  private operation(thread: Thread): string {
    const name = namesWord(thread.kind) ? this.words.nameOf?.(thread.a) : undefined;
    return name === undefined ? thread.describe() : `${thread.describe()}(${name})`;
  }

  private laneName(lane: number): string {
    const { laneName, cpus = Number.POSITIVE_INFINITY } = this.words;
    if (laneName !== undefined) return laneName(lane);
    return laneText(lane, cpus);
  }
}
