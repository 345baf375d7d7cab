import type { ChoicePoint } from '../../machine/seam.ts';
import type { Thread } from '../../machine/thread.ts';
import { Prng } from '../prng.ts';
import type { Strategy } from '../strategy.ts';

/**
 * Random walk: at each step, any of the enabled threads with equal probability.
 *
 * Uniform over choices, not over schedules: an execution with few alternatives on its way is likelier
 * than one with many.
 */
export class RandomWalk implements Strategy {
  readonly name = 'random';
  private readonly prng = new Prng();

  begin(seed: number, _lanes: number): void {
    this.prng.seed(seed);
  }

  choose(point: ChoicePoint): Thread {
    return point.enabled[this.prng.below(point.enabledCount)] as Thread;
  }
}
