import type { ChoicePoint } from '../../machine/seam.ts';
import type { Thread } from '../../machine/thread.ts';
import type { Strategy } from '../strategy.ts';
import { Pct } from './pct.ts';
import { Pos } from './pos.ts';
import { RandomWalk } from './random.ts';
import { SelectiveWalk } from './surw.ts';

/**
 * Several strategies beside each other: seed mod n says which of n makes the schedule, from the same
 * seed. No one strategy is the best at every bug (Thomson, Donaldson and Betts, Concurrency Testing
 * Using Controlled Schedulers: An Empirical Study, TOPC 2016); consecutive seeds try all in turn.
 */
export class Portfolio implements Strategy {
  readonly name = 'portfolio';
  private readonly strategies: readonly Strategy[];
  private current: Strategy;

  /** @param strategies at least one; random, pct, pos and surw if none is given. */
  constructor(
    strategies: readonly Strategy[] = [new RandomWalk(), new Pct(), new Pos(), new SelectiveWalk()],
  ) {
    this.strategies = strategies;
    this.current = this.of(0);
  }

  get asksAlways(): boolean {
    return this.current.asksAlways === true;
  }

  /** The strategy that makes the schedule of a seed. */
  of(seed: number): Strategy {
    const n = this.strategies.length;
    return this.strategies[((seed % n) + n) % n] as Strategy;
  }

  begin(seed: number, lanes: number): void {
    this.current = this.of(seed);
    this.current.begin(seed, lanes);
  }

  choose(point: ChoicePoint): Thread {
    return this.current.choose(point);
  }
}
