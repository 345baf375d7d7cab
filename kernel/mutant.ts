import type { MemoryModel } from '../machine/index.ts';

/** What is known of a mutant; see mutants.ts. */
export interface Mutant {
  /** What is wrong, in one line. */
  readonly summary: string;
  /** The kind of mistake. */
  readonly kind:
    | 'check, then act'
    | 'counting'
    | 'order'
    | 'clean-up'
    | 'translation'
    | 'locking'
    | 'sleep and wakeup';
  /** The smallest scenario that can show it; without the mutant, it is the correct twin. */
  readonly scenario: string;
  /** Detectors that may report it; the first is the one that normally does. */
  readonly detectors: readonly string[];
  /**
   * Ordering constraints between threads that a schedule must meet before the first detector sees
   * it; 0 if every schedule does.
   */
  readonly depth: number;
  /** How memory has to order stores for it to show; if left out, it shows where they are at once. */
  readonly memory?: MemoryModel;
}

export function mutant(
  kind: Mutant['kind'],
  scenario: string,
  detectors: string,
  depth: number,
  summary: string,
  memory?: MemoryModel,
): Mutant {
  const known = { summary, kind, scenario, detectors: detectors.split(' '), depth };
  return memory === undefined ? known : { ...known, memory };
}
