import type { Profile } from './profile.ts';
import { Pct } from './strategies/pct.ts';
import { Portfolio } from './strategies/portfolio.ts';
import { Pos } from './strategies/pos.ts';
import { RandomWalk } from './strategies/random.ts';
import { RoundRobin } from './strategies/round-robin.ts';
import { SelectiveWalk } from './strategies/surw.ts';
import { UniformWalk } from './strategies/urw.ts';
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
  /**
   * Strategies made with what an execution showed, for a campaign to take in turn; their names hold
   * the counts, and make the same strategies again. At least one.
   */
  profiled?(profile: Profile): readonly Strategy[];
}

/** Objects of a profile that `surw` takes in turn, most touched first. */
const SELECTED_MAX = 64;

const counted = (counts: readonly number[]): number[] => counts.map((n) => Math.max(n, 1));

function profiledPct({ counts }: Profile): Pct {
  return new Pct(
    3,
    Math.max(
      counts.reduce((sum, n) => sum + n, 0),
      1,
    ),
  );
}

function profiledSurw({ shared }: Profile): readonly SelectiveWalk[] {
  if (shared.length === 0) return [new SelectiveWalk()];
  return shared
    .slice(0, SELECTED_MAX)
    .map(({ object, counts }) => new SelectiveWalk(object + 1, ...counted(counts)));
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
  [
    'pos',
    {
      summary:
        'a random priority for each operation; those that race with one just done draw again',
      seeded: true,
      fair: true,
      make: () => new Pos(),
    },
  ],
  [
    'urw',
    {
      summary:
        'lanes weigh the steps they have left: every interleaving of steps is equally likely',
      seeded: true,
      fair: true,
      make: (...options) => new UniformWalk(...options),
      profiled: ({ counts }) => [new UniformWalk(...counted(counts))],
    },
  ],
  [
    'surw',
    {
      summary: 'every order of the operations on one object is equally likely',
      seeded: true,
      fair: true,
      make: (...options) => new SelectiveWalk(...options),
      profiled: profiledSurw,
    },
  ],
  [
    'portfolio',
    {
      summary: 'random, pct, pos and surw in turn, by the seed',
      seeded: true,
      fair: false,
      make: () => new Portfolio(),
      profiled: (profile) =>
        profiledSurw(profile).flatMap((surw) => [
          new RandomWalk(),
          profiledPct(profile),
          new Pos(),
          surw,
        ]),
    },
  ],
]);

/**
 * A strategy by its name, with options after a colon: `random`, `pct:3,2000`.
 *
 * @returns undefined for an unknown name, options that are not positive whole numbers, or more
 *   of them than it takes.
 */
export function makeStrategy(description: string): Strategy | undefined {
  const [name = '', text] = description.split(':');
  const options = text === undefined ? [] : text.split(',').map(Number);
  if (options.some((option) => !Number.isSafeInteger(option) || option < 1)) return undefined;
  const strategy = STRATEGIES.get(name)?.make(...options);
  // A name holds all options: one that is not there was not taken.
  return text === undefined || strategy?.name.startsWith(description) ? strategy : undefined;
}
