import type { ChoicePoint } from '../../machine/seam.ts';
import type { Thread } from '../../machine/thread.ts';
import { Prng } from '../prng.ts';
import type { Strategy } from '../strategy.ts';

/** Orders below this are for demoted threads; a drawn priority is above it. */
const DEMOTED = 64;
/** After the last change point nothing but a blocking thread ends a lease. */
const LEASE_MAX = 2 ** 30;

/**
 * Probabilistic concurrency testing (Burckhardt, Kothari, Musuvathi and Nagarakatte, A Randomized
 * Scheduler with Probabilistic Guarantees of Finding Bugs, ASPLOS 2010).
 *
 * Each thread draws a priority when it is first seen, and the enabled thread of highest priority
 * steps. At depth − 1 steps drawn from the first `steps` the thread that would step falls below all
 * others. A bug that depth ordering constraints bring about is found with probability at least
 * 1/(n·k^(depth−1)) an execution, for n threads and k steps.
 *
 * Departures: threads are created while it runs, so priorities are drawn one by one and two may be
 * equal, with probability 2^-32 (then the lower lane goes first); a timer is a thread like others. Not
 * fair: a thread that spins on shared memory at the highest priority goes on for ever.
 */
export class Pct implements Strategy {
  readonly name: string;
  readonly depth: number;
  readonly steps: number;
  private readonly prng = new Prng();
  /** By thread: its priority, at 2·id for threads and −2·id − 1 for timers; 0 for not yet drawn. */
  private priorities = new Float64Array(16);
  /** One past the highest slot that has a priority. */
  private used = 0;
  /** Steps of the change points, ascending; `passed` of them are behind. */
  private readonly changes: Float64Array;
  private passed = 0;

  /**
   * @param depth 1 to 63
   * @param steps length of an execution that change points are drawn from, 1 to 2^20
   */
  constructor(depth = 3, steps = 1000) {
    this.name = `pct:${depth},${steps}`;
    this.depth = depth;
    this.steps = steps;
    this.changes = new Float64Array(depth - 1);
  }

  begin(seed: number, _lanes: number): void {
    this.prng.seed(seed);
    for (let i = 0; i < this.used; i++) this.priorities[i] = 0;
    this.used = 0;
    this.passed = 0;
    // Two or three numbers, put in order as they are drawn: to sort takes thrice as long.
    const { changes } = this;
    for (let drawn = 0; drawn < changes.length; drawn++) {
      const step = this.prng.below(this.steps);
      let at = drawn;
      for (; at > 0 && (changes[at - 1] as number) > step; at--) {
        changes[at] = changes[at - 1] as number;
      }
      changes[at] = step;
    }
  }

  choose(point: ChoicePoint): Thread {
    let thread = this.highest(point);
    while (point.step >= this.nextChange()) {
      this.priorities[slot(thread)] = DEMOTED - ++this.passed;
      thread = this.highest(point);
    }
    point.lease = Math.min(this.nextChange() - point.step, LEASE_MAX);
    return thread;
  }

  private nextChange(): number {
    const { changes, passed } = this;
    return passed < changes.length ? (changes[passed] as number) : Number.POSITIVE_INFINITY;
  }

  private highest(point: ChoicePoint): Thread {
    let best = point.enabled[0] as Thread;
    let most = this.priorityOf(best);
    for (let i = 1; i < point.enabledCount; i++) {
      const thread = point.enabled[i] as Thread;
      const priority = this.priorityOf(thread);
      if (priority > most) {
        best = thread;
        most = priority;
      }
    }
    return best;
  }

  private priorityOf(thread: Thread): number {
    const at = slot(thread);
    if (at >= this.used) this.use(at);
    const known = this.priorities[at] as number;
    if (known !== 0) return known;
    const drawn = DEMOTED + 1 + this.prng.bits();
    this.priorities[at] = drawn;
    return drawn;
  }

  private use(at: number): void {
    this.used = at + 1;
    if (at < this.priorities.length) return;
    const more = new Float64Array(2 * at);
    more.set(this.priorities);
    this.priorities = more;
  }
}

/** Threads count from 0, timers from −1 down. */
function slot(thread: Thread): number {
  return thread.id >= 0 ? 2 * thread.id : -2 * thread.id - 1;
}
