import type { ChoicePoint, Thread } from '../../machine/index.ts';
import type { Search } from '../search.ts';
import type { CutLoop } from './loop-prover.ts';
import { fieldsOf, type SearchState } from './state.ts';

/** One search of a series; plain data. */
export interface Level {
  /** What it covers when it is complete, for people. */
  readonly covers: string;
  /** Preemptions at most; any number if left out. */
  readonly preemptions?: number | undefined;
  /** Names of what is in focus; everything if left out. */
  readonly focus?: readonly string[] | undefined;
}

/**
 * Searches in a series, each wider than the one before: what is likely to show something comes first,
 * and whenever the time is up, all that some level covers was covered (Quicksand: Blum and Gibson,
 * Stateless Model Checking with Data-Race Preemption Points, OOPSLA 2016, which adds the places of
 * data races as choice points; here `insert` does).
 */
export class Deepening implements Search {
  readonly name = 'deepen';
  readonly asksAlways = true;
  /** Names that were added to a focus on the way; whoever inserts levels keeps them here. */
  readonly added: string[] = [];
  private levels: Level[];
  private readonly make: (level: Level) => Search;
  private at = 0;
  private inner: Search;
  private tracesBefore = 0;
  private redundantBefore = 0;

  /** @param levels at least one */
  constructor(levels: readonly Level[], make: (level: Level) => Search) {
    this.levels = [...levels];
    this.make = make;
    this.inner = make(levels[0] as Level);
  }

  /** The level that is being searched; undefined when all are complete. */
  get level(): Level | undefined {
    return this.levels[this.at];
  }

  /** The last one that is complete. */
  get completed(): Level | undefined {
    return this.levels[this.at - 1];
  }

  /** Where threads were found to spin, in the current level. */
  get spinLoops(): readonly string[] {
    return this.inner.spinLoops;
  }

  /** In the current level. */
  get cutLoops(): readonly CutLoop[] {
    return this.inner.cutLoops;
  }

  /** Adds levels behind the current one. */
  insert(levels: readonly Level[]): void {
    this.levels.splice(this.at + 1, 0, ...levels);
  }

  begin(seed: number, lanes: number): void {
    this.inner.begin(seed, lanes);
  }

  choose(point: ChoicePoint): Thread {
    return this.inner.choose(point);
  }

  next(): boolean {
    return this.inner.next() || this.descend();
  }

  /** Goes on to the next level; answers whether there is one. */
  descend(): boolean {
    this.at++;
    const { level } = this;
    if (level === undefined) return false;
    this.tracesBefore += this.inner.traces;
    this.redundantBefore += this.inner.redundant;
    this.inner = this.make(level);
    return true;
  }

  /** The search of the current level. */
  get search(): Search {
    return this.inner;
  }

  /** Searches that level and nothing else, unless it does already: for a thread that is given a part. */
  enter(level: Level): void {
    if (this.level?.covers === level.covers) return;
    this.levels = [level];
    this.at = 0;
    this.inner = this.make(level);
  }

  resume(): void {
    this.inner.resume();
  }

  /** Over all levels: a trace counts once for each level that comes to it. */
  get traces(): number {
    return this.tracesBefore + this.inner.traces;
  }

  get redundant(): number {
    return this.redundantBefore + this.inner.redundant;
  }

  save(): SearchState {
    return { ...this.saveLevels(), inner: this.inner.save() };
  }

  restore({ inner, ...levels }: SearchState): void {
    this.restoreLevels(levels);
    this.inner.restore(inner as SearchState);
  }

  /** Without the search of the current level. */
  saveLevels(): SearchState {
    return fieldsOf(this, ['make', 'inner']);
  }

  restoreLevels(levels: SearchState): void {
    Object.assign(this, levels);
    this.inner = this.make(this.levels[Math.min(this.at, this.levels.length - 1)] as Level);
  }

  /** Of the current level. */
  get estimate(): number {
    return this.inner.estimate;
  }
}
