import type { GuestFrame } from './guest-stack.ts';

/** Knows when a loop of guest code comes back in the state that it was in. */
export interface LoopProver {
  /**
   * Whether a thread that has been through these operations, none of which changed anything, and is
   * about to perform the first of them again, is in the state that it was in before it. Then it goes
   * on as before for as long as it is answered the same.
   *
   * @param round the stacks of the operations, in their order, each with the innermost frame first.
   *   Between them the thread performed nothing else.
   * @returns false, too, where nobody can tell.
   */
  returnsTheSame(round: readonly (readonly GuestFrame[])[]): boolean;
}

/** A loop that a search did not follow to its end. */
export interface CutLoop {
  /** `file:line:column` of the operation that it comes back to, in the script that runs. */
  readonly place: string;
  /** Rounds that were followed before its thread was taken to wait. */
  readonly rounds: number;
}

/** Both lists, each place once. */
export function withCutLoops(known: readonly CutLoop[], more: readonly CutLoop[]): CutLoop[] {
  const news = more.filter(({ place }) => known.every((loop) => loop.place !== place));
  return [...known, ...news];
}
