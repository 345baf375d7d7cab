/**
 * Measures who finds a mutant, and how soon: what `npm run mutants` does at length and a test in a
 * small dose.
 */
import type { Kernel } from '../kernel/kernel.ts';
import { MUTANTS, type Mutant, type MutantName } from '../kernel/mutants.ts';
import type { MemoryModel } from '../machine/index.ts';
import type { Strategy } from '../scheduler/strategy.ts';
import { execute, watch } from '../src/stage/execution.ts';
import { bootGuest, guestSpec } from '../src/subject/kernel-spec.ts';

/** Seeds of executions that one seed of a hunt may use: the ranges of two hunts never meet. */
const STRIDE = 1_000_000;

/** What one sequence of executions came to. */
export interface Hunt {
  /** Executions until something was found, that one included; all of them if nothing was. */
  readonly executions: number;
  /** The detector that found it; undefined if none did. */
  readonly by: string | undefined;
  /** What was found, in a line. */
  readonly title: string | undefined;
}

/** Executions of one scenario, with a mutant or as its clean twin. */
export class Hunter {
  private readonly kernel: Kernel;

  /** @throws UsageError for an unknown scenario or mutant. */
  constructor(scenario: string, mutants: readonly MutantName[], memory: MemoryModel = 'sc') {
    this.kernel = bootGuest({ ...guestSpec(scenario, [], {}, mutants), memory });
  }

  /**
   * Executes until something is found, or `executionsMax` times. The seeds of the executions are
   * counted on from `seed`; what detectors learn over executions begins anew.
   *
   * @param seed 0 to 10^9
   * @param executionsMax 1 to 10^6
   */
  hunt(strategy: Strategy, seed: number, executionsMax: number): Hunt {
    watch(this.kernel, null, false);
    for (let i = 0; i < executionsMax; i++) {
      const { finding } = execute(this.kernel, strategy, seed * STRIDE + i);
      if (finding === undefined) continue;
      return { executions: i + 1, by: finding.detector, title: finding.title };
    }
    return { executions: executionsMax, by: undefined, title: undefined };
  }
}

/** All mutants whose name contains `part`, in the order of their table. */
export function mutantsNamed(part: string): (readonly [MutantName, Mutant])[] {
  const all = Object.entries(MUTANTS) as (readonly [MutantName, Mutant])[];
  return all.filter(([name]) => name.includes(part));
}
