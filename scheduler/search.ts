import type { CutLoop } from './search/loop-prover.ts';
import type { SearchState } from './search/state.ts';
import type { Strategy } from './strategy.ts';

/**
 * A strategy that explores systematically: what it has seen of one execution decides what it does
 * in the next, until nothing is left.
 *
 * ```ts
 * do {
 *   search.begin(0, lanes);
 *   program.run(search);
 * } while (search.next());
 * ```
 *
 * It takes no seed. An execution that turns out to repeat another ends as 'stopped'.
 */
export interface Search extends Strategy {
  /** Goes back to the root for the first call, to the next branch for each further one. */
  begin(seed: number, lanes: number): void;
  /** To be called when an execution is over. Answers whether there is another. */
  next(): boolean;
  /**
   * To be called instead of `next` when an execution was ended from outside, by a detector for
   * example: `begin` then repeats it, and the search goes on from there.
   */
  resume(): void;
  /** Loops that are proven to wait, a line for each place and object: see Spins. */
  readonly spinLoops: readonly string[];
  /** Loops whose later rounds were not explored. If there is one, nothing is proven. */
  readonly cutLoops: readonly CutLoop[];
  /** Complete executions so far that were not seen before. */
  readonly traces: number;
  /** Executions given up so far because what they would show was seen before. */
  readonly redundant: number;
  /**
   * Expected number of complete executions in all, NaN where nothing can be said: those so far by
   * the part of the tree that they are, each branch of a node taken for as large as the others
   * (Kilby, Slaney, Thiébaux and Walsh, Estimating Search Tree Size, AAAI 2006, after Knuth 1975).
   */
  readonly estimate: number;
  /** All it knows, between two executions; the guest is left out. */
  save(): SearchState;
  /**
   * Goes on where another search with the same options was saved, on a guest that begins in the same
   * way. The state is used up.
   */
  restore(state: SearchState): void;
}
