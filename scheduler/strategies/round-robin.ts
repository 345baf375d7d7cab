import type { ChoicePoint } from '../../machine/seam.ts';
import type { Thread } from '../../machine/thread.ts';
import { Prng } from '../prng.ts';
import type { Strategy } from '../strategy.ts';

/** Longest turn in steps. The gap between two switches then fits a nibble of the trace. */
export const QUANTUM_MAX = 15;

/**
 * Turns by lane: CPUs, then whichever timers are due, then the first CPU again. Each turn lasts 1 to
 * 15 steps, drawn when it begins; a thread that has to wait gives up the rest of its turn.
 *
 * Every lane that stays enabled gets its turn within (lanes - 1) * 15 steps.
 */
export class RoundRobin implements Strategy {
  readonly name = 'round-robin';
  private readonly prng = new Prng();
  /** Whose turn it is, and the step at which it is over. */
  private lane = -1;
  private turnEnd = 0;

  begin(seed: number, _lanes: number): void {
    this.prng.seed(seed);
    this.lane = -1;
    this.turnEnd = 0;
  }

  choose(point: ChoicePoint): Thread {
    const { enabled, enabledCount, step } = point;
    // Asked in the middle of a turn, because somebody else became able to step.
    const goesOn = step < this.turnEnd && point.lane === this.lane;
    let first = -1;
    let next = -1;
    // In order of lane, so the first past the last turn is the next.
    for (let i = 0; i < enabledCount; i++) {
      const lane = point.laneOf(enabled[i] as Thread);
      if (lane === this.lane && goesOn) {
        point.lease = this.turnEnd - step;
        return enabled[i] as Thread;
      }
      if (first < 0) first = i;
      if (next < 0 && lane > point.lane) next = i;
    }
    const chosen = enabled[next < 0 ? first : next] as Thread;
    const quantum = 1 + this.prng.below(QUANTUM_MAX);
    this.lane = point.laneOf(chosen);
    this.turnEnd = step + quantum;
    point.lease = quantum;
    return chosen;
  }
}
