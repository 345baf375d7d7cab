import type { Numbered } from './bodies.ts';
import { type ChoiceRun, type DecodedChoices, decodeChoices } from './choice-code.ts';
import type { Choice } from './trace.ts';

/** A choice with its place in the execution: the first switch is number 0. */
export interface NumberedChoice extends Choice {
  readonly index: number;
}

/**
 * The switches of a trace. Iterating, `length` and `cursor` stop at the first hole, because a schedule
 * with a hole cannot be followed; `readable` goes on behind it.
 */
export class Choices implements Iterable<Choice> {
  /** Switches before the first hole. */
  readonly length: number;
  /**
   * The schedule is known while fewer operations than this were performed: infinite when the trace
   * has its end and no hole, else the step of the last switch before the hole (a later one may be lost).
   */
  readonly completeUntil: number;
  readonly #runs: readonly (ChoiceRun & Numbered)[];
  /** How many of the runs come before the first hole. */
  readonly #gapless: number;

  /**
   * @param runs in the order of the execution, each of them checked to decode
   * @param total what the end of the trace says; undefined if the end is lost
   */
  constructor(runs: readonly (ChoiceRun & Numbered)[], total: number | undefined) {
    this.#runs = runs;
    let length = 0;
    let gapless = 0;
    while (gapless < runs.length && runs[gapless]?.n === length) {
      length += runs[gapless]?.count ?? 0;
      gapless++;
    }
    this.length = length;
    this.#gapless = gapless;
    const last = runs[gapless - 1];
    if (total === length) this.completeUntil = Number.POSITIVE_INFINITY;
    else this.completeUntil = last === undefined ? 0 : (decodeChoices(last).steps.at(-1) ?? 0);
  }

  *[Symbol.iterator](): Generator<Choice> {
    for (const { step, lane } of this.#walk(this.#gapless)) yield { step, lane };
  }

  /** Every switch that can be read; where `index` jumps, some are lost. */
  readable(): Generator<NumberedChoice> {
    return this.#walk(this.#runs.length);
  }

  /** For replay: the switches before the first hole, one by one, nothing allocated for each. */
  cursor(): ChoiceCursor {
    return new ChoiceCursor(this.#runs.slice(0, this.#gapless));
  }

  *#walk(runs: number): Generator<NumberedChoice> {
    for (const run of this.#runs.slice(0, runs)) {
      const { steps, lanes } = decodeChoices(run);
      for (let i = 0; i < run.count; i++) {
        yield { index: run.n + i, step: steps[i]!, lane: lanes[i]! };
      }
    }
  }
}

/** Stands on one switch at a time, first on the first. */
export class ChoiceCursor {
  /** The switch it stands on; infinite and -1 behind the last. */
  step = Number.POSITIVE_INFINITY;
  lane = -1;
  readonly #runs: readonly ChoiceRun[];
  #run = 0;
  #decoded: DecodedChoices | undefined;
  #at = -1;

  constructor(runs: readonly ChoiceRun[]) {
    this.#runs = runs;
    this.next();
  }

  /** Goes to the next switch; false when there is none. */
  next(): boolean {
    this.#at++;
    while (this.#decoded === undefined || this.#at >= this.#decoded.steps.length) {
      const run = this.#runs[this.#run++];
      if (run === undefined) {
        this.step = Number.POSITIVE_INFINITY;
        this.lane = -1;
        return false;
      }
      this.#decoded = decodeChoices(run);
      this.#at = 0;
    }
    this.step = this.#decoded.steps[this.#at]!;
    this.lane = this.#decoded.lanes[this.#at]!;
    return true;
  }
}
