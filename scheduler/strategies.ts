import { Pct } from './strategies/pct.ts';
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
  /** Options are numbers, as the strategy's own file says; each has a default. */
  make(...options: number[]): Strategy;
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
  [
    'pct',
    {
      summary: 'priorities, and a few steps at which the highest falls: rare orders, with a bound',
      seeded: true,
      fair: false,
      make: (...options) => new Pct(...options),
    },
  ],
]);

/**
 * A strategy by its name, with options after a colon: `random`, `pct:3,2000`.
 *
 * @returns undefined for an unknown name, or options that are not positive whole numbers.
 */
export function makeStrategy(description: string): Strategy | undefined {
  const [name = '', text] = description.split(':');
  const options = text === undefined ? [] : text.split(',').map(Number);
  if (options.some((option) => !Number.isSafeInteger(option) || option < 1)) return undefined;
  return STRATEGIES.get(name)?.make(...options);
}
