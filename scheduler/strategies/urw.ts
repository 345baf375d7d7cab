import type { ChoicePoint } from '../../machine/seam.ts';
import type { Thread } from '../../machine/thread.ts';
import { Prng } from '../prng.ts';
import type { Strategy } from '../strategy.ts';

const LEASE_MAX = 2 ** 30;
/** Steps of a lane, where no count is given. */
const COUNT_DEFAULT = 1000;

/**
 * Uniform random walk (Zhao, Wolff, Mathur and Roychoudhury, Selectively Uniform Concurrency Testing,
 * ASPLOS 2025, algorithm 1).
 *
 * Each enabled thread steps with a probability in proportion to the steps that it has left. Where no
 * thread waits for another and the counts are right, every interleaving of steps is equally likely: of
 * n and m steps there are (n+m)!/(n!·m!), and the share of those that begin with the first thread is
 * n/(n+m).
 *
 * The start of a thread is a step, too: a bare thread of n operations has n + 1 steps. So the orders
 * of the operations alone are not all equally likely: several interleavings of steps can be the same
 * order of operations, and one with more of them is seen more often.
 *
 * Departures: counts are by lane, as interleavings are, not by thread; a lane that has used its count
 * up still weighs 1, as in the authors' implementation. The paper counts in a profiling run; here the
 * counts are options, so that a seed means one schedule whatever was run before. With none every
 * lane is taken to do 1,000 steps, and executions much shorter than that are a random walk.
 */
export class UniformWalk implements Strategy {
  readonly name: string;
  /** What a thread does alone counts, too. */
  readonly asksAlways = true;
  private readonly counts: readonly number[];
  private readonly prng = new Prng();
  /** By lane: steps that it has left, 1 at least. */
  private left = new Float64Array(0);
  private lane = -1;
  private since = 0;

  /** @param counts steps by lane, starts included, 1 to 2^20 each; the last holds for further lanes. */
  constructor(...counts: number[]) {
    this.name = counts.length === 0 ? 'urw' : `urw:${counts.join(',')}`;
    this.counts = counts;
  }

  begin(seed: number, lanes: number): void {
    const { counts } = this;
    this.prng.seed(seed);
    if (this.left.length < lanes) this.left = new Float64Array(lanes);
    const further = counts[counts.length - 1] ?? COUNT_DEFAULT;
    for (let lane = 0; lane < lanes; lane++) this.left[lane] = counts[lane] ?? further;
    this.lane = -1;
    this.since = 0;
  }

  choose(point: ChoicePoint): Thread {
    const { left } = this;
    if (this.lane >= 0) {
      const done = point.step - this.since;
      left[this.lane] = Math.max((left[this.lane] as number) - done, 1);
    }
    const thread = this.draw(point);
    this.lane = point.laneOf(thread);
    this.since = point.step;
    return thread;
  }

  private draw(point: ChoicePoint): Thread {
    const { enabled, enabledCount } = point;
    if (enabledCount === 1) {
      point.lease = LEASE_MAX;
      return enabled[0] as Thread;
    }
    let total = 0;
    for (let i = 0; i < enabledCount; i++) total += this.weightOf(point, i);
    let at = this.prng.below(total);
    let i = 0;
    for (; i < enabledCount - 1; i++) {
      at -= this.weightOf(point, i);
      if (at < 0) break;
    }
    return enabled[i] as Thread;
  }

  private weightOf(point: ChoicePoint, i: number): number {
    return this.left[point.laneOf(point.enabled[i] as Thread)] as number;
  }
}
