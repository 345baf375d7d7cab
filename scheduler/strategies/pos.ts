import { objectOf, type TouchCode, writes } from '../../machine/footprint.ts';
import { cpuOfLane, timerLane } from '../../machine/lanes.ts';
import type { ChoicePoint } from '../../machine/seam.ts';
import type { Thread } from '../../machine/thread.ts';
import { Prng } from '../prng.ts';
import type { Strategy } from '../strategy.ts';

/** Where one thread alone can step nothing is chosen, until another is able to. */
const LEASE_MAX = 2 ** 30;
/** Steps after which every priority is drawn anew. */
const RENEWAL_STEPS = 1024;

/**
 * Partial order sampling (Yuan, Yang and Gu, Partial Order Aware Concurrency Sampling, CAV 2018).
 *
 * Each announced operation has a priority, drawn when it is announced, and the highest that is
 * enabled steps. Then those that race with it (they touch what it touches, and one of the two writes)
 * draw anew. An operation waits for a long stretch of unrelated ones as easily as for a short one,
 * where a random walk makes the long wait exponentially rare; each order of two racing operations is
 * equally likely.
 *
 * Departures: operations are known by their lane, which announces one at a time; a timer races with
 * the operations of its CPU, and they with it; all priorities are drawn anew every 1,024 steps, so
 * that a thread which spins on memory starves nobody for long (the paper's programs end).
 */
export class Pos implements Strategy {
  readonly name = 'pos';
  /** A thread that steps alone announces new operations, too. */
  readonly asksAlways = true;
  private readonly prng = new Prng();
  /** By lane: the priority of what is announced there; 0 for not yet drawn. */
  private priorities = new Uint32Array(0);
  /** The lane that has stepped since the last question; −1 for none. */
  private stepped = -1;
  /** Step at which all priorities are drawn anew. */
  private renewal = 0;
  private readonly touched: TouchCode[] = [];
  private readonly others: TouchCode[] = [];

  begin(seed: number, lanes: number): void {
    this.prng.seed(seed);
    if (this.priorities.length < lanes) this.priorities = new Uint32Array(lanes);
    else this.priorities.fill(0);
    this.stepped = -1;
    this.renewal = RENEWAL_STEPS;
  }

  choose(point: ChoicePoint): Thread {
    const { enabled, enabledCount, step } = point;
    this.forget(this.stepped, point.cpus.length);
    if (step >= this.renewal) {
      this.priorities.fill(0);
      this.renewal = step + RENEWAL_STEPS;
    }
    let best = enabled[0] as Thread;
    if (enabledCount === 1) {
      point.lease = LEASE_MAX;
    } else {
      let most = this.priorityOf(point.laneOf(best));
      for (let i = 1; i < enabledCount; i++) {
        const thread = enabled[i] as Thread;
        const priority = this.priorityOf(point.laneOf(thread));
        if (priority <= most) continue;
        best = thread;
        most = priority;
      }
      this.redrawRacing(point, best);
    }
    this.stepped = point.laneOf(best);
    return best;
  }

  /** What a lane announced is done; whatever it announces next draws its own priority. */
  private forget(lane: number, cpus: number): void {
    if (lane < 0) return;
    this.priorities[lane] = 0;
    const cpu = cpuOfLane(lane, cpus);
    if (cpu === undefined) return;
    this.priorities[lane === cpu ? timerLane(cpu, cpus) : cpu] = 0;
  }

  private priorityOf(lane: number): number {
    const known = this.priorities[lane] as number;
    if (known !== 0) return known;
    const drawn = (this.prng.bits() | 1) >>> 0;
    this.priorities[lane] = drawn;
    return drawn;
  }

  private redrawRacing(point: ChoicePoint, best: Thread): void {
    const { touched, others } = this;
    const count = point.footprint(best, touched);
    if (count === 0) return;
    for (let i = 0; i < point.enabledCount; i++) {
      const thread = point.enabled[i] as Thread;
      if (thread === best) continue;
      const against = point.footprint(thread, others);
      if (meet(touched, count, others, against)) this.priorities[point.laneOf(thread)] = 0;
    }
  }
}

/** Whether two footprints share an object that one of them writes. */
function meet(
  one: readonly TouchCode[],
  oneCount: number,
  other: readonly TouchCode[],
  otherCount: number,
): boolean {
  for (let i = 0; i < oneCount; i++) {
    const code = one[i] as TouchCode;
    for (let j = 0; j < otherCount; j++) {
      const against = other[j] as TouchCode;
      if (objectOf(code) === objectOf(against) && (writes(code) || writes(against))) return true;
    }
  }
  return false;
}
