import { type Finding, likeness } from '../../detectors/finding.ts';
import type { OutcomeValue } from '../../detectors/model.ts';
import type { Strategy } from '../../scheduler/strategy.ts';
import { selectDetectors } from '../select-detectors.ts';
import { accuse, checkDeterministic } from '../stage/determinism.ts';
import type { Stage } from '../stage/stage.ts';

/** Seeds from the first to the last, both included. Safe integers, `first` not above `last`. */
export interface SeedRange {
  readonly first: number;
  readonly last: number;
}

/** The same bug in several runs: alike but for what differs from run to run, as step and process. */
export interface SeedGroup {
  /** Of the first of these seeds. */
  readonly finding: Finding;
  /** Every seed that shows it, in order. */
  readonly seeds: number[];
}

/** What runs with so many seeds came to. */
export interface SeedRuns {
  runs: number;
  /** Operations of all runs. */
  operations: number;
  /** Runs that reached the step limit where no detector minds. */
  cut: number;
  /** Most frequent first; of equally frequent ones, the one that was seen first. */
  groups: SeedGroup[];
  /** Values of runs that halted, where the program says what its outcome is; most frequent first. */
  outcomes: { readonly value: OutcomeValue; readonly seed: number; runs: number }[];
}

/** Bounds of a rate, each from 0 to 1. */
export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** 97.5 % of a normal distribution are below it: two sides of 2.5 % leave 95 %. */
const Z = 1.959963984540054;

/**
 * In which interval a rate of failure is, with 95 % confidence, when `failed` of `runs` failed: the
 * score interval (Wilson, Probable Inference, the Law of Succession, and Statistical Inference, 1927,
 * JASA 22). It also says something when nothing failed. It takes the seeds as drawn independently.
 *
 * @param runs 1 or more.
 */
export function failureInterval(failed: number, runs: number): Interval {
  const rate = failed / runs;
  const centre = rate + Z ** 2 / (2 * runs);
  const spread = Z * Math.sqrt((rate * (1 - rate)) / runs + Z ** 2 / (4 * runs ** 2));
  const scale = 1 + Z ** 2 / runs;
  // Rounding must not take either end out of what a rate can be.
  const low = failed === 0 ? 0 : Math.max(0, (centre - spread) / scale);
  const high = failed === runs ? 1 : Math.min(1, (centre + spread) / scale);
  return { low, high };
}

/** Runs one seed after another on one stage, each exactly as `run` with this seed does. */
export class SeedRunner {
  readonly so: SeedRuns = { runs: 0, operations: 0, cut: 0, groups: [], outcomes: [] };
  private readonly stage: Stage;
  private readonly strategy: Strategy;
  private readonly range: SeedRange;

  /** @throws UsageError for a program that is not deterministic. */
  constructor(stage: Stage, strategy: Strategy, range: SeedRange) {
    this.stage = stage;
    this.strategy = strategy;
    this.range = range;
    checkDeterministic(stage, range.first);
  }

  /** Whether every seed has run. */
  get isOver(): boolean {
    return this.range.first + this.so.runs > this.range.last;
  }

  /** Runs the next seed. Must not be called when all have run. */
  next(): void {
    const { so, stage, strategy } = this;
    const seed = this.range.first + so.runs;
    // Anew for each seed: what a detector learnt from another seed would not be in `run --seed` alone.
    stage.watch({ detectors: selectDetectors(stage.subject.detectors) });
    try {
      const { finding, ending } = stage.execute(strategy, seed);
      so.runs++;
      so.operations += stage.machine.step;
      if (finding !== undefined) this.failed(finding, seed);
      else if (ending === 'steps') so.cut++;
      this.count(seed);
    } catch (error) {
      accuse(stage, seed, error);
    }
  }

  private failed(finding: Finding, seed: number): void {
    const { groups } = this.so;
    const like = likeness(finding);
    const known = groups.find((group) => likeness(group.finding) === like);
    if (known === undefined) groups.push({ finding, seeds: [seed] });
    else known.seeds.push(seed);
    // Sorting keeps the order of equals, and is cheap: there are few groups, nearly in order.
    groups.sort((a, b) => b.seeds.length - a.seeds.length);
  }

  private count(seed: number): void {
    const { outcomes } = this.so;
    const value = this.stage.outcome();
    if (value === undefined) return;
    const known = outcomes.find((each) => each.value === value);
    if (known === undefined) outcomes.push({ value, seed, runs: 1 });
    else known.runs++;
    outcomes.sort((a, b) => b.runs - a.runs);
  }
}
