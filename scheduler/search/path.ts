import type { ChoicePoint } from '../../machine/seam.ts';
import type { Thread } from '../../machine/thread.ts';

/** A lease that lasts as long as the machine lets it. */
const LEASE_MAX = 2 ** 30;

/**
 * The switches of an execution up to some step, to be repeated by the next execution that begins in
 * the same way. Repeating asks only where control passes on, so it costs a fraction of the first time.
 */
export class Path {
  private readonly steps: number[] = [];
  private readonly lanes: number[] = [];
  private length = 0;
  /** Next switch to repeat. */
  private at = 0;
  private lane = -1;
  /** Choices before this step are repeated, from it on new. */
  liveFrom = 0;

  /** Number of switches known: what `cut` takes. */
  get mark(): number {
    return this.length;
  }

  /** Forgets the switches behind a mark; the next execution repeats the others and is free from `step` on. */
  cut(mark: number, step: number): void {
    this.length = mark;
    this.liveFrom = step;
  }

  /** Before each execution. */
  rewind(): void {
    this.at = 0;
    this.lane = -1;
  }

  /** Notes a new choice. */
  push(step: number, lane: number): void {
    if (this.length > 0 && this.lanes[this.length - 1] === lane) return;
    this.steps[this.length] = step;
    this.lanes[this.length++] = lane;
  }

  /** The thread that the path names at this point, with a lease to the next switch; see `liveFrom`. */
  follow(point: ChoicePoint): Thread | undefined {
    const { step } = point;
    while (this.at < this.length && (this.steps[this.at] as number) <= step) {
      this.lane = this.lanes[this.at++] as number;
    }
    const next = this.at < this.length ? (this.steps[this.at] as number) : this.liveFrom;
    point.lease = Math.min(next - step, LEASE_MAX);
    return threadOn(point, this.lane);
  }
}

/** The enabled thread on a lane. */
export function threadOn(point: ChoicePoint, lane: number): Thread | undefined {
  for (let i = 0; i < point.enabledCount; i++) {
    const thread = point.enabled[i] as Thread;
    if (point.laneOf(thread) === lane) return thread;
  }
  return undefined;
}
