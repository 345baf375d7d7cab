import { type Finding, likeness } from '../../detectors/finding.ts';
import { isCall, waitsForWord } from '../../machine/index.ts';
import { Course, type Stretch } from '../../scheduler/course.ts';
import { type Segment, Segments } from '../../scheduler/strategies/segments.ts';
import type { Strategy } from '../../scheduler/strategy.ts';
import { UsageError } from '../errors.ts';
import { selectDetectors } from '../select-detectors.ts';
import { scheduleText } from '../stage/schedule.ts';
import { type Outcome, Stage, type Subject } from '../stage/stage.ts';

export interface Size {
  readonly preemptions: number;
  readonly steps: number;
}

/** One execution, and how it went. */
export interface Trial extends Size {
  /** What it was told to do; running this again is the same execution. */
  readonly list: readonly Segment[];
  /** What it did. */
  readonly stretches: readonly Stretch[];
  readonly finding: Finding | undefined;
  readonly hasHalted: boolean;
  /** Whether it did not come to its end. */
  readonly isCut: boolean;
  /** Whether a timer could have stepped. */
  readonly hasTimers: boolean;
}

/** A trial that has the finding which is to be kept. */
export interface Failing extends Trial {
  readonly finding: Finding;
}

/** Steps after which a candidate is no shorter way to the finding, but lost in a loop. */
const STEPS_MIN = 20_000;
/** Operations at most, in all executions: what bounds the time for traces of millions of steps. */
const OPERATIONS = 300_000_000;

/** Runs candidates for a shrunk schedule, and counts. */
export class Trials {
  readonly stage: Stage;
  readonly seed: number;
  executions = 0;
  private operations = 0;
  private readonly tried = new Set<string>();
  private readonly names: readonly string[];
  private wanted: string | undefined;
  private stepsMax: number;

  /** @param steps of the trace that is to be shrunk: an execution that goes on much longer is lost */
  constructor(subject: Subject, seed: number, steps: number) {
    this.stepsMax = Math.max(STEPS_MIN, 4 * steps);
    this.stage = new Stage(subject);
    this.seed = seed;
    this.names = namesIn(this.stage);
  }

  /** From now on, only findings like this one's count, and candidates much longer are given up. */
  want(trial: Failing): void {
    this.wanted = this.alike(trial.finding);
    if (trial.finding.step < this.stage.machine.config.stepsMax) {
      this.stepsMax = Math.max(STEPS_MIN, 4 * trial.steps);
    }
  }

  /** Whether so many executions were made, or more operations than anyone wants to wait for. */
  isSpent(executions: number): boolean {
    return this.executions >= executions || this.operations >= OPERATIONS;
  }

  /** Runs a list of segments, leniently. */
  run(list: readonly Segment[]): Trial {
    return this.execute(new Segments(list), list);
  }

  /** The same, if it has the finding and was not tried before. */
  attempt(list: readonly Segment[]): Failing | undefined {
    const text = scheduleText(list);
    if (this.tried.has(text)) return undefined;
    this.tried.add(text);
    const trial = this.run(list);
    return this.has(trial) ? trial : undefined;
  }

  /** Runs what any strategy does, one that is always asked; the trial's list is what it did. */
  execute(strategy: Strategy, list?: readonly Segment[]): Trial {
    const { stage } = this;
    const course = new Course(strategy, this.stepsMax);
    // Anew each time: an order of locks learnt from one candidate must not convict the next.
    stage.watch({ detectors: selectDetectors(stage.subject.detectors) });
    const { finding, ending } = this.outcome(course);
    const steps = stage.machine.step;
    course.finish(steps);
    this.executions++;
    this.operations += steps;
    const { stretches, preemptions, isCut, hasTimers } = course;
    const so = { stretches, preemptions, isCut, hasTimers, steps };
    return { ...so, list: list ?? stretches, finding, hasHalted: ending === 'halted' };
  }

  private outcome(course: Course): Pick<Outcome, 'finding' | 'ending'> {
    try {
      return this.stage.execute(course, this.seed);
    } catch (error) {
      // A guest that is wrong may break the machine in other schedules than its own.
      if (this.wanted === undefined || error instanceof UsageError) throw error;
      course.isCut = true;
      return { finding: undefined, ending: 'stopped' };
    }
  }

  has(trial: Trial): trial is Failing {
    return trial.finding !== undefined && this.alike(trial.finding) === this.wanted;
  }

  /** Findings are alike by their likeness, and if they name the same threads and parts. */
  private alike(finding: Finding): string {
    const { title } = finding;
    const named = this.names.filter((name) => title.includes(name));
    named.sort((a, b) => title.indexOf(a) - title.indexOf(b));
    return [likeness(finding), ...named].join('\n');
  }
}

/** What a program's author has named; a number in it is no number. */
function namesIn({ program, machine: { layout } }: Stage): string[] {
  if (program === undefined) return [];
  const parts = Array.from({ length: layout.size }, (_, word) => layout.nameOf(word) ?? '');
  return [...program.lanes, ...parts];
}

/**
 * Whether a trial is simpler than another with the same finding: fewer preemptions; then fewer
 * steps; then fewer switches that do not go without saying; then more of its preemptions right before
 * a lock is taken or the kernel called.
 */
export function isSimpler(a: Trial, b: Trial): boolean {
  if (a.preemptions !== b.preemptions) return a.preemptions < b.preemptions;
  if (a.steps !== b.steps) return a.steps < b.steps;
  const [ours, theirs] = [chosen(a), chosen(b)];
  return ours !== theirs ? ours < theirs : rough(a) < rough(b);
}

const chosen = ({ stretches }: Trial): number => stretches.filter((s) => s.isChosen).length;

const isSmooth = (kind: number): boolean => isCall(kind) || waitsForWord(kind);

const rough = ({ stretches }: Trial): number =>
  stretches.filter((s) => s.preempts && !isSmooth(s.before)).length;

/** The list that leads to an execution, without what goes without saying at its end. */
export function concise(stretches: readonly Stretch[]): Segment[] {
  const last = stretches.findLastIndex(({ isChosen }) => isChosen);
  return stretches.slice(0, Math.max(last, 0) + 1).map(({ lane, steps }) => ({ lane, steps }));
}
