import type { TouchCode } from '../../machine/index.ts';
import type { Step } from './wakeup-tree.ts';

/**
 * Steps, each lane and list of touches once and with a number from 0. A search plans millions of steps
 * and knows few that differ, so plans refer to these.
 */
export class StepTable {
  /** By number. */
  readonly steps: Step[] = [];
  private readonly byHash = new Map<number, number[]>();

  /** The number of the step of a lane that touches `codes` from one index up to another. */
  numberOf(lane: number, codes: readonly TouchCode[], from: number, to: number): number {
    let hash = lane;
    for (let i = from; i < to; i++) hash = (Math.imul(hash, 0x9e3779b1) + (codes[i] as number)) | 0;
    const bucket = this.byHash.get(hash) ?? [];
    for (let i = 0; i < bucket.length; i++) {
      const step = this.steps[bucket[i] as number] as Step;
      if (step.lane === lane && isSame(step.codes, codes, from, to)) return bucket[i] as number;
    }
    if (bucket.length === 0) this.byHash.set(hash, bucket);
    bucket.push(this.steps.length);
    return this.steps.push({ lane, codes: codes.slice(from, to) }) - 1;
  }
}

function isSame(
  mine: readonly TouchCode[],
  codes: readonly TouchCode[],
  from: number,
  to: number,
): boolean {
  if (mine.length !== to - from) return false;
  for (let i = 0; i < mine.length; i++) if (mine[i] !== codes[from + i]) return false;
  return true;
}
