import type { TouchCode } from '../../machine/index.ts';
import { clash } from './causality.ts';
import { StepTable } from './step-table.ts';
import type { Events, Step } from './wakeup-tree.ts';

/** The events of one sequence, without the execution that they are of. */
export class Chain implements Events {
  readonly known = new StepTable();
  private readonly steps = new Map<number, Step>();

  /** @param sequence numbers of the events, in an order in which they can come */
  constructor(sequence: readonly number[], steps: readonly Step[]) {
    for (const [i, e] of sequence.entries()) this.steps.set(e, steps[i] as Step);
  }

  laneOf(e: number): number {
    return (this.steps.get(e) as Step).lane;
  }

  stepOf(e: number): Step {
    return this.steps.get(e) as Step;
  }

  numberOf(e: number): number {
    const { lane, codes } = this.stepOf(e);
    return this.known.numberOf(lane, codes, 0, codes.length);
  }

  /** Whether `a` is directly before `b`: what is between them, if anything, is in the sequence, too. */
  precedes(a: number, b: number): boolean {
    const { lane, codes } = this.steps.get(b) as Step;
    return this.laneOf(a) === lane || !this.commutes(codes, a);
  }

  commutes(codes: readonly TouchCode[], e: number): boolean {
    return !this.stepOf(e).codes.some((mine) => clash(codes, mine));
  }
}
