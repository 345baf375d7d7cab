import { type Division, OPERATIONS, type PartResult, type PartTask } from './division.ts';
import { type CutLoop, withCutLoops } from './loop-prover.ts';
import { Reached, type ReachedState } from './reached.ts';
import type { SearchState } from './state.ts';

/** Parts that are made, if there is something to make them of, and gone on with in one round. */
const PARTS = 16;
/** Parts that are made of each part of a search that merges, which explores some of them twice. */
const MERGING_PARTS = 4;

/** Something that is left: undefined for the whole; and the traces that are expected in it. */
interface Part {
  readonly state: SearchState | undefined;
  readonly left: number;
}

/**
 * Shares out a dfs. In each round the first parts of what is left are gone on with, and divided if
 * they are few.
 *
 * Of a search that merges, a part knows what all had reached before the round, and what it reaches
 * itself; so nothing depends on which part was first, and what two of them reach in one round is
 * explored twice. Nothing is lost: a part leaves out only what is beneath a beginning that another one
 * has passed, which explores what is beneath it or leaves it to one that passed a longer beginning.
 */
export class DfsParts implements Division {
  traces = 0;
  cutLoops: readonly CutLoop[] = [];
  private executions = 0;
  private readonly reached: Reached | undefined;
  private parts: readonly Part[] = [{ state: undefined, left: Number.NaN }];

  constructor(merges: boolean) {
    this.reached = merges ? new Reached() : undefined;
  }

  tasks(most: number): readonly PartTask[] {
    const now = this.parts.slice(0, Math.min(most, PARTS));
    if (this.reached === undefined) {
      const parts = most === 1 ? 1 : Math.ceil(PARTS / this.parts.length);
      return now.map(({ state }) => ({ state, parts, operations: OPERATIONS }));
    }
    const { table } = this.reached;
    // Short rounds while few know what the others do: what is explored twice is so in the first ones.
    const operations = (OPERATIONS * now.length) / PARTS;
    return now.map(({ state }) => ({
      state,
      parts: most === 1 ? 1 : MERGING_PARTS,
      operations,
      table,
    }));
  }

  take(results: readonly PartResult[]): void {
    let rest: Part[] = [];
    let waiting = this.parts.slice(results.length);
    for (const result of results) {
      const { news, traces, redundant, startsOver, left } = result;
      if (startsOver) {
        this.reached?.clear(news?.lanes ?? 0);
        [this.traces, this.executions, rest, waiting] = [0, 0, [], []];
        this.cutLoops = [];
      }
      this.cutLoops = withCutLoops(this.cutLoops, result.cutLoops);
      this.executions += traces + redundant;
      this.traces += news === undefined ? traces : (this.reached?.merge(news) ?? 0);
      // What the first of them expects includes, at first, what the others are to explore.
      rest.push(...result.rest.map((state, i) => ({ state, left: i === 0 ? left : 0 })));
      if (startsOver) break;
    }
    this.parts = [...rest, ...waiting];
  }

  get isComplete(): boolean {
    return this.parts.length === 0;
  }

  get redundant(): number {
    return this.executions - this.traces;
  }

  get estimate(): number {
    return this.traces + Math.round(this.parts.reduce((sum, { left }) => sum + left, 0));
  }

  save(): SearchState {
    const { traces, executions, parts, cutLoops } = this;
    return { traces, executions, parts, cutLoops, reached: this.reached?.save() };
  }

  restore({ reached, ...fields }: SearchState): void {
    Object.assign(this, fields);
    if (reached !== undefined) this.reached?.restore(reached as ReachedState);
  }
}
