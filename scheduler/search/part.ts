import type { Search } from '../search.ts';
import { Deepening } from './deepening.ts';
import { Dfs } from './dfs.ts';
import type { PartResult, PartTask } from './division.ts';

/** Goes on with a part: after it was made, the search runs some executions; then `end` is called. */
export class Part {
  private readonly search: Search;
  private readonly parts: number;
  private readonly spinLoops: number;
  private readonly traces: number;
  private readonly redundant: number;

  /** @param search made in the same way as all others; for the whole, a new one */
  constructor(search: Search, { state, table, level, parts }: PartTask) {
    if (search instanceof Deepening && level !== undefined) search.enter(level);
    this.search = search instanceof Deepening ? search.search : search;
    this.parts = parts;
    if (state !== undefined) this.search.restore(state);
    if (table !== undefined && this.search instanceof Dfs) this.search.knows(table);
    this.spinLoops = this.search.spinLoops.length;
    this.traces = this.search.traces;
    this.redundant = this.search.redundant;
  }

  /** Whether there is another execution in it; see Search.next. */
  next(): boolean {
    return this.search.next();
  }

  /** @param isComplete whether `next` answered that there is no other */
  end(isComplete: boolean): PartResult {
    const { search, parts } = this;
    const { traces, redundant, estimate, cutLoops } = search;
    const spinLoops = search.spinLoops.length;
    const startsOver = spinLoops > this.spinLoops;
    const result = {
      traces: startsOver ? traces : traces - this.traces,
      redundant: startsOver ? redundant : redundant - this.redundant,
      left: isComplete ? 0 : estimate - traces,
      spinLoops,
      cutLoops,
      startsOver,
    };
    if (!(search instanceof Dfs)) return { ...result, rest: [search.save()] };
    const rest = isComplete ? [] : search.divide(parts);
    return { ...result, rest, ...(search.merges ? { news: search.news } : {}) };
  }
}
