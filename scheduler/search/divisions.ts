import type { Search } from '../search.ts';
import { Deepening } from './deepening.ts';
import { Dfs } from './dfs.ts';
import { DfsParts } from './dfs-parts.ts';
import type { Division, PartResult, PartTask } from './division.ts';
import { DporParts } from './dpor-parts.ts';
import type { CutLoop } from './loop-prover.ts';
import type { SearchState } from './state.ts';

/** Shares out a search, which is not begun. */
export function divisionOf(search: Search): Division {
  if (search instanceof Deepening) return new Levels(search);
  return search instanceof Dfs ? new DfsParts(search.merges) : new DporParts();
}

/** Shares out a series of searches, one after the other. */
class Levels implements Division {
  private readonly series: Deepening;
  private inner: Division;
  /** Of levels that are complete. */
  private tracesBefore = 0;
  private redundantBefore = 0;

  constructor(series: Deepening) {
    this.series = series;
    this.inner = divisionOf(series.search);
  }

  get isComplete(): boolean {
    return this.series.level === undefined;
  }

  /** A trace counts once for each level that comes to it. */
  get traces(): number {
    return this.tracesBefore + (this.isComplete ? 0 : this.inner.traces);
  }

  get redundant(): number {
    return this.redundantBefore + (this.isComplete ? 0 : this.inner.redundant);
  }

  /** Of the current level. */
  get estimate(): number {
    return this.inner.estimate;
  }

  get cutLoops(): readonly CutLoop[] {
    return this.inner.cutLoops;
  }

  tasks(most: number): readonly PartTask[] {
    const { level } = this.series;
    return this.inner.tasks(most).map((task) => ({ ...task, level }));
  }

  take(results: readonly PartResult[]): void {
    this.inner.take(results);
    if (!this.inner.isComplete) return;
    this.tracesBefore += this.inner.traces;
    this.redundantBefore += this.inner.redundant;
    if (this.series.descend()) this.inner = divisionOf(this.series.search);
  }

  save(): SearchState {
    const { series, inner, tracesBefore, redundantBefore } = this;
    const before = { tracesBefore, redundantBefore };
    return { ...before, series: series.saveLevels(), inner: inner.save() };
  }

  restore({ series, inner, ...before }: SearchState): void {
    Object.assign(this, before);
    this.series.restoreLevels(series as SearchState);
    this.inner = divisionOf(this.series.search);
    this.inner.restore(inner as SearchState);
  }
}
