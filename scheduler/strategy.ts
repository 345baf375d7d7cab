import type { ChoicePoint, Scheduler } from '../machine/seam.ts';
import type { Thread } from '../machine/thread.ts';

/**
 * Makes the choices of one execution after another.
 *
 * Contract, held by scheduler/conformance.test.ts: `choose` answers one of the first `enabledCount`
 * enabled threads and may set a lease of at least 1; what it answers depends on nothing but the
 * seed and what the choice points since `begin` showed; it changes nothing but its own state.
 */
export interface Strategy extends Scheduler {
  /** As on the command line and in traces. */
  readonly name: string;
  /**
   * Called before each execution: forgets the last one. Must be cheap.
   *
   * @param seed a safe integer.
   * @param lanes lanes are 0..lanes-1.
   */
  begin(seed: number, lanes: number): void;
  choose(point: ChoicePoint): Thread;
}
