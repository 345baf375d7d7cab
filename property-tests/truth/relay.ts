import type { ChoicePoint, Thread } from '../../machine/index.ts';
import type { CutLoop } from '../../scheduler/search/loop-prover.ts';
import type { SearchState } from '../../scheduler/search/state.ts';
import type { Search } from '../../scheduler/search.ts';

/** A search that is saved, thrown away and made anew after each execution. */
export class Relay implements Search {
  readonly name = 'relay';
  readonly asksAlways = true;
  private readonly make: () => Search;
  protected search: Search;

  constructor(make: () => Search) {
    this.make = make;
    this.search = make();
  }

  begin(seed: number, lanes: number): void {
    this.search.begin(seed, lanes);
  }

  choose(point: ChoicePoint): Thread {
    return this.search.choose(point);
  }

  next(): boolean {
    const goesOn = this.search.next();
    const state = this.search.save();
    this.search = this.make();
    this.search.restore(state);
    return goesOn;
  }

  resume(): void {
    this.search.resume();
  }

  get spinLoops(): readonly string[] {
    return this.search.spinLoops;
  }

  get cutLoops(): readonly CutLoop[] {
    return this.search.cutLoops;
  }

  get traces(): number {
    return this.search.traces;
  }

  get redundant(): number {
    return this.search.redundant;
  }

  get estimate(): number {
    return this.search.estimate;
  }

  save(): SearchState {
    return this.search.save();
  }

  restore(state: SearchState): void {
    this.search.restore(state);
  }
}
