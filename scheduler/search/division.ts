import type { SearchState } from './state.ts';

/** What became of a part of a search that was gone on with for a while. */
export interface PartResult {
  /** What is left of it, in the order of the whole. */
  readonly rest: readonly SearchState[];
  /** Traces that are expected further on in it; NaN where nothing can be said. */
  readonly left: number;
  /**
   * Whether a new spin loop came to light. Then the part began from the root again: what it tells
   * takes the place of all that others did.
   */
  readonly startsOver: boolean;
}

/**
 * What is left of a search that is shared out, for whoever shares it out: parts that can be gone on with
 * at the same time. What they are depends on nothing but what became of those before.
 */
export interface Division {
  /** The parts that come next, so many at most; none when nothing is left. */
  next(most: number): readonly SearchState[];
  /**
   * Takes what became of the parts that `next` named last: of all of them, in their order, or of the
   * first up to one that starts over.
   */
  take(results: readonly PartResult[]): void;
  /** Traces that are expected in what is left, after so many; NaN where nothing can be said. */
  left(traces: number): number;
  /** All it knows, for `restore` of a new one. */
  save(): SearchState;
  restore(state: SearchState): void;
}
