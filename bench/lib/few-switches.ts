import type { ChoicePoint, Thread } from '../../machine/index.ts';
import { Prng } from '../../scheduler/prng.ts';
import type { Strategy } from '../../scheduler/strategy.ts';

/** As PCT asks of the machine: any thread, for a while of 1 to 79 steps. */
export class FewSwitches implements Strategy {
  readonly name = 'few switches';
  private readonly prng = new Prng();

  begin(seed: number, _lanes: number): void {
    this.prng.seed(seed);
  }

  choose(point: ChoicePoint): Thread {
    point.lease = 1 + this.prng.below(79);
    return point.enabled[this.prng.below(point.enabledCount)] as Thread;
  }
}
