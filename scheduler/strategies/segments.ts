import type { ChoicePoint } from '../../machine/seam.ts';
import type { Thread } from '../../machine/thread.ts';
import { threadOn } from '../search/path.ts';
import type { Strategy } from '../strategy.ts';

/** A stretch of a schedule: a lane that goes on for so many steps. */
export interface Segment {
  readonly lane: number;
  readonly steps: number;
}

const LEASE_MAX = 2 ** 30;

/**
 * Follows a list of segments as far as it can: one whose lane cannot step is skipped, and when the
 * list is used up each lane goes on until it blocks, lowest first, timers last. For shrinking, which
 * drops segments and sees what still happens. Not fair.
 */
export class Segments implements Strategy {
  readonly name = 'schedule';
  /** A forced switch uses up its segment too, or the list would be out of step. */
  readonly asksAlways = true;
  private readonly list: readonly Segment[];
  private at = 0;
  /** Step at which segment `at` began; −1 before it did. */
  private since = -1;

  constructor(list: readonly Segment[]) {
    this.list = list;
  }

  begin(_seed: number, _lanes: number): void {
    this.at = 0;
    this.since = -1;
  }

  choose(point: ChoicePoint): Thread {
    return this.follow(point) ?? threadOn(point, point.lane) ?? (point.enabled[0] as Thread);
  }

  /** The thread of the segment that is due, or undefined where the list does not say. */
  private follow(point: ChoicePoint): Thread | undefined {
    const forced = point.enabledCount === 1;
    point.lease = LEASE_MAX;
    for (; this.at < this.list.length; this.at++) {
      const segment = this.list[this.at] as Segment;
      if (this.since < 0) this.since = point.step;
      const left = this.since + segment.steps - point.step;
      const thread = left > 0 ? threadOn(point, segment.lane) : undefined;
      if (thread !== undefined) {
        point.lease = left;
        return thread;
      }
      if (left > 0 && forced) {
        this.since = -1;
        return undefined;
      }
      this.since = -1;
    }
    return undefined;
  }
}
