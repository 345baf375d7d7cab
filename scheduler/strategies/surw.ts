import { objectOf, type TouchCode } from '../../machine/footprint.ts';
import type { ChoicePoint } from '../../machine/seam.ts';
import type { Thread } from '../../machine/thread.ts';
import { Prng } from '../prng.ts';
import type { Strategy } from '../strategy.ts';

const LEASE_MAX = 2 ** 30;
/** What a lane is taken to do to the object when nothing is known. */
const COUNT_DEFAULT = 16;
/** Without an object, that of one of the first so many operations is taken. */
const DRAW_STEPS = 256;
/** Steps that the intended lane is waited for. */
const PATIENCE_STEPS = 1000;

/**
 * Selectively uniform random walk (Zhao, Wolff, Mathur and Roychoudhury, Selectively Uniform
 * Concurrency Testing, ASPLOS 2025, algorithm 2).
 *
 * One object (a word of memory: a cell, a lock, a count) is selected, and the operations that touch
 * it are the interesting ones. Which lane does the next of them is drawn with probabilities in
 * proportion to how many each has left; the others run freely, by a random walk, but stop before an
 * interesting operation of their own until it is done. Where nobody waits for anybody and the counts
 * are right, every order of the interesting operations is equally likely, however many others lie
 * between them.
 *
 * Departures: the paper leaves the selection to the tester; one object is what its evaluation
 * takes. Object and counts are options and not learnt on the way, so that a seed means one schedule
 * whatever was run before; scheduler/profile.ts learns them from a run. Without options the object is
 * that of an operation drawn from the first 256, and lanes weigh alike. A lane that spins
 * instead of reaching its interesting operation is given up after 1,000 steps, as the authors'
 * implementation does, and what a lane does alone is not counted.
 */
export class SelectiveWalk implements Strategy {
  readonly name: string;
  /** What was intended may have been done by a lane alone. */
  readonly asksAlways = true;
  private readonly given: number;
  private readonly counts: readonly number[];
  private readonly prng = new Prng();
  /** Whose operations are interesting; −1 for not yet drawn. */
  private object = -1;
  /** Step at which it is drawn. */
  private drawAt = 0;
  /** By lane: interesting operations that it has left. */
  private left = new Float64Array(0);
  /** By lane: 1 if it stands before an interesting operation, and another lane goes first. */
  private held = new Uint8Array(0);
  /** The lane that does the next interesting operation; −1 for not yet drawn. */
  private intended = -1;
  /** Step at which it was drawn. */
  private since = 0;
  private readonly touched: TouchCode[] = [];

  /**
   * @param object number of the object, as `objectOf` has it, + 1; left out, one is drawn
   * @param counts operations that touch it, by lane, 1 to 2^20 each; the last one holds for all
   *   further lanes.
   */
  constructor(object?: number, ...counts: number[]) {
    this.name = object === undefined ? 'surw' : `surw:${[object, ...counts].join(',')}`;
    this.given = object === undefined ? -1 : object - 1;
    this.counts = counts;
  }

  begin(seed: number, lanes: number): void {
    const { counts } = this;
    this.prng.seed(seed);
    if (this.left.length < lanes) {
      this.left = new Float64Array(lanes);
      this.held = new Uint8Array(lanes);
    }
    const further = counts[counts.length - 1] ?? COUNT_DEFAULT;
    for (let lane = 0; lane < lanes; lane++) this.left[lane] = counts[lane] ?? further;
    this.object = this.given;
    if (this.given < 0) this.drawAt = this.prng.below(DRAW_STEPS);
    this.release();
  }

  choose(point: ChoicePoint): Thread {
    if (point.enabledCount === 1) {
      this.release();
      point.lease = LEASE_MAX;
      return point.enabled[0] as Thread;
    }
    if (this.intended >= 0 && point.step - this.since >= PATIENCE_STEPS) this.release();
    for (;;) {
      const thread = this.pick(point);
      // Everybody is held: whoever is intended waits for one of them.
      if (thread === undefined) {
        this.release();
        continue;
      }
      if (!this.isInteresting(point, thread)) return thread;
      const lane = point.laneOf(thread);
      this.left[lane] = Math.max(this.left[lane] as number, 1);
      if (this.intended < 0) this.intend(point);
      if (this.intended === lane) {
        this.left[lane] = (this.left[lane] as number) - 1;
        this.release();
        return thread;
      }
      this.held[lane] = 1;
    }
  }

  private release(): void {
    this.intended = -1;
    this.held.fill(0);
  }

  /** Any enabled thread that is not held, with equal probability; undefined if all are. */
  private pick(point: ChoicePoint): Thread | undefined {
    const { enabled, enabledCount } = point;
    let free = 0;
    for (let i = 0; i < enabledCount; i++) {
      if (this.held[point.laneOf(enabled[i] as Thread)] === 0) free++;
    }
    if (free === 0) return undefined;
    let at = free === 1 ? 0 : this.prng.below(free);
    for (let i = 0; ; i++) {
      const thread = enabled[i] as Thread;
      if (this.held[point.laneOf(thread)] === 0 && at-- === 0) return thread;
    }
  }

  /** Draws the lane that does the next interesting operation. At least one has some left. */
  private intend(point: ChoicePoint): void {
    const { enabled, enabledCount } = point;
    let total = 0;
    for (let i = 0; i < enabledCount; i++) {
      total += this.left[point.laneOf(enabled[i] as Thread)] as number;
    }
    let at = this.prng.below(total);
    let i = 0;
    let lane = point.laneOf(enabled[0] as Thread);
    while (at >= (this.left[lane] as number) && i < enabledCount - 1) {
      at -= this.left[lane] as number;
      lane = point.laneOf(enabled[++i] as Thread);
    }
    this.intended = lane;
    this.since = point.step;
  }

  private isInteresting(point: ChoicePoint, thread: Thread): boolean {
    if (this.object < 0 && point.step < this.drawAt) return false;
    const count = point.footprint(thread, this.touched);
    if (this.object < 0 && count > 0) this.object = objectOf(this.touched[0] as TouchCode);
    for (let i = 0; i < count; i++) {
      if (objectOf(this.touched[i] as TouchCode) === this.object) return true;
    }
    return false;
  }
}
