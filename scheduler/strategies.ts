import { RandomWalk } from './strategies/random.ts';
import { RoundRobin } from './strategies/round-robin.ts';
import type { Strategy } from './strategy.ts';

/** What there is to know of a strategy before one is made. */
export interface StrategyKind {
  /** One line for `list` and the README. */
  readonly summary: string;
  /** Whether the schedule depends on the seed. */
  readonly seeded: boolean;
  /** Whether a lane that stays enabled steps within a bound, or with probability 1. */
  readonly fair: boolean;
  make(): Strategy;
}

/** By the name on the command line. `replay` is not here: it cannot be made without a record. */
export const STRATEGIES: ReadonlyMap<string, StrategyKind> = new Map<string, StrategyKind>([
  [
    'round-robin',
    {
      summary: 'turns by lane, each of 1 to 15 steps drawn from the seed',
      seeded: true,
      fair: true,
      make: () => new RoundRobin(),
    },
  ],
  [
    'random',
    {
      summary: 'any enabled thread with equal probability, at each step',
      seeded: true,
      fair: true,
      make: () => new RandomWalk(),
    },
  ],
]);

/** A strategy of that name, or undefined. */
export function makeStrategy(name: string): Strategy | undefined {
  return STRATEGIES.get(name)?.make();
}
