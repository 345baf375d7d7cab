/// <reference path="./tychei.d.ts" />
import tychei from 'seedrandom/lib/tychei.js';
import { invariant } from '../machine/invariant.ts';

/** What a trace's header calls the generator below. */
export const PRNG = 'tychei';

/**
 * Pseudo-random numbers for strategies: seedrandom's Tyche-i (Neves and Araujo 2011) with integer
 * seeds and nothing else. A seed stands for the same numbers in every release; a test pins them.
 */
export class Prng {
  private int32: () => number;

  constructor() {
    this.int32 = tychei(0).int32;
  }

  /**
   * Starts over. The generator keeps 64 bits of the seed, so different seeds give different numbers.
   *
   * @param seed a safe integer.
   */
  seed(seed: number): void {
    invariant(Number.isSafeInteger(seed), 'a seed is a safe integer');
    this.int32 = tychei(seed).int32;
  }

  /**
   * A uniform integer of 0..bound-1, from one draw. Scaled, not reduced: no value is more likely than
   * another by more than bound in 2^32, and the division that a remainder costs is saved.
   *
   * @param bound 1 to 2^20.
   */
  below(bound: number): number {
    return Math.floor((this.int32() >>> 0) * 2 ** -32 * bound);
  }

  /** 32 random bits, as an unsigned integer. */
  bits(): number {
    return this.int32() >>> 0;
  }
}
