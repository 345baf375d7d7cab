import type { Level } from './deepening.ts';
import type { CutLoop } from './loop-prover.ts';
import type { ReachedState, ReachedTable } from './reached.ts';
import type { SearchState } from './state.ts';

/** Operations of a part in a round: some tenths of a second. */
export const OPERATIONS = 1_500_000;

/** A part of a search, to be gone on with: plain data, but for memory that threads share. */
export interface PartTask {
  /** Where it stands; undefined for the whole, which is not begun. */
  readonly state: SearchState | undefined;
  /** Parts to make of what will be left of it, at most. */
  readonly parts: number;
  /** Operations after which it is shared out anew. */
  readonly operations: number;
  /** Of a search that merges: what all parts have reached. */
  readonly table?: ReachedTable;
  /** Of a series of searches: which of them it is of. */
  readonly level?: Level | undefined;
}

/** What came of it: plain data. */
export interface PartResult {
  /** What is left of it, in the order of the whole. */
  readonly rest: readonly SearchState[];
  /** Complete executions that were new to the part, and those that were given up or not new. */
  readonly traces: number;
  readonly redundant: number;
  /** Traces that are expected further on; NaN where nothing can be said. */
  readonly left: number;
  /** Of a search that merges: what it reached that was not in the table. */
  readonly news?: ReachedState;
  /** Spin loops that are known. */
  readonly spinLoops: number;
  /** Loops whose later rounds it did not explore. */
  readonly cutLoops: readonly CutLoop[];
  /**
   * Whether a new one came to light. Then the part began from the root again: what it tells takes the
   * place of all that others did.
   */
  readonly startsOver: boolean;
}

/**
 * What is left of a search that is shared out, for whoever shares it out: in rounds, in each of which some
 * parts are gone on with at the same time. What they are, and what comes of all of them together,
 * depends on nothing but what came of those before.
 */
export interface Division {
  readonly isComplete: boolean;
  /** Over all parts, each trace once. */
  readonly traces: number;
  readonly redundant: number;
  /** Expected number of traces in all; NaN where nothing can be said. */
  readonly estimate: number;
  /** Of a series, in its current or last search. */
  readonly cutLoops: readonly CutLoop[];
  /** Parts for the next round, so many at most. */
  tasks(most: number): readonly PartTask[];
  /** Takes what came of the parts of a round, in their order: of all, or up to one that starts over. */
  take(results: readonly PartResult[]): void;
  /** All it knows, between two rounds. */
  save(): SearchState;
  /** Goes on where another one of the same search was saved. */
  restore(state: SearchState): void;
}
