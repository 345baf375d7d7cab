import type { Dfs } from './dfs.ts';
import { Reached, type ReachedState, type ReachedTable } from './reached.ts';
import type { SearchState } from './state.ts';

/** Parts that are gone on with in one round. */
const PARTS = 16;

/** Something of a merging search to go on with: for a thread, which shares the memory of the table. */
export interface MergingTask {
  /** Undefined for the whole. */
  readonly state: SearchState | undefined;
  readonly table: ReachedTable;
  /** Parts to make of what is left, at most. */
  readonly parts: number;
}

/** What came of a task: plain data. */
export interface MergingResult {
  /** What is left, in its order. */
  readonly rest: readonly SearchState[];
  readonly news: ReachedState;
  /** Executions, without those before the search started over. */
  readonly executions: number;
  /** Whether it began from the root, since a new spin loop was found: the results of all others are void. */
  readonly startsOver: boolean;
}

/**
 * Divides a merging search: what is left of it lies in parts, and in each round the first of them are
 * gone on with, each for as many executions as whoever runs it likes, and are divided if they are few.
 * A part knows what all had reached before the round, and what it reaches itself; so nothing depends on
 * which part was first, nor on how many ran at the same time, and what two of them reach in one round
 * is explored twice.
 *
 * Nothing is lost: a part leaves out only what is beneath a beginning that another one has passed,
 * which explores what is beneath it or leaves it to one that passed a longer beginning.
 */
export class Merging {
  /** Traces, each counted once. */
  traces = 0;
  private executions = 0;
  private readonly reached = new Reached();
  /** Undefined for the whole. */
  private parts: readonly (SearchState | undefined)[] = [undefined];

  /** @returns tasks for the next round, so many at most. */
  tasks(most = PARTS): MergingTask[] {
    const now = this.parts.slice(0, Math.min(most, PARTS));
    const parts = Math.ceil(PARTS / this.parts.length);
    return now.map((state) => ({ state, table: this.reached.table, parts }));
  }

  /** @param results of all the tasks of a round, in their order */
  take(results: readonly MergingResult[]): void {
    let rest: SearchState[] = [];
    let waiting = this.parts.slice(results.length);
    for (const result of results) {
      if (result.startsOver) {
        this.reached.clear(result.news.lanes);
        [this.traces, this.executions, rest, waiting] = [0, 0, [], []];
      }
      this.executions += result.executions;
      this.traces += this.reached.merge(result.news);
      rest.push(...result.rest);
      if (result.startsOver) break;
    }
    this.parts = [...rest, ...waiting];
  }

  get isComplete(): boolean {
    return this.parts.length === 0;
  }

  /** Executions that showed nothing new. */
  get redundant(): number {
    return this.executions - this.traces;
  }

  save(): SearchState {
    const { traces, executions, parts } = this;
    return { traces, executions, parts, reached: this.reached.save() };
  }

  restore({ reached, ...fields }: SearchState): void {
    Object.assign(this, fields);
    this.reached.restore(reached as ReachedState);
  }
}

/** Goes on with a task: after it was made, the search runs some executions; then `end` is called. */
export class MergingPart {
  private readonly dfs: Dfs;
  private readonly parts: number;
  private readonly places: number;
  private readonly executionsBefore: number;

  /** @param dfs made in the same way as all others; for the whole, a new one */
  constructor(dfs: Dfs, { state, table, parts }: MergingTask) {
    this.dfs = dfs;
    this.parts = parts;
    if (state !== undefined) dfs.restore(state);
    dfs.knows(table);
    this.places = dfs.spinLoops.length;
    this.executionsBefore = dfs.traces + dfs.redundant;
  }

  /** @param isComplete whether the search has answered that there is no next execution */
  end(isComplete: boolean): MergingResult {
    const { dfs } = this;
    const startsOver = dfs.spinLoops.length > this.places;
    return {
      rest: isComplete ? [] : dfs.divide(this.parts),
      news: dfs.news,
      executions: dfs.traces + dfs.redundant - (startsOver ? 0 : this.executionsBefore),
      startsOver,
    };
  }
}
