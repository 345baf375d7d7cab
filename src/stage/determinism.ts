import { check } from '../../detectors/check.ts';
import type { Finding } from '../../detectors/finding.ts';
import { DETECTORS } from '../../detectors/index.ts';
import type { OutcomeValue } from '../../detectors/model.ts';
import { program } from '../../detectors/xv6/program.ts';
import {
  comparesFirst,
  type Observer,
  OPERATION_NAMES,
  START,
  StopExecution,
  stores,
  wordNamed,
} from '../../machine/index.ts';
import { RandomWalk } from '../../scheduler/strategies/random.ts';
import { Segments } from '../../scheduler/strategies/segments.ts';
import type { Strategy } from '../../scheduler/strategy.ts';
import { UsageError } from '../errors.ts';
import { selectDetectors } from '../select-detectors.ts';
import { parseSchedule } from './schedule.ts';
import { type Outcome, Stage, type Subject } from './stage.ts';

/** Operations that are compared one by one; of a longer execution only the end is, besides. */
const OPERATIONS_MAX = 100_000;
/** Numbers an operation: thread, kind, three operands. */
const SIZE = 5;

/** Thread, kind and operands. */
type Operation = Int32Array | readonly number[];

/** How an execution ended, as far as a second one must agree. */
interface End {
  readonly outcome: Outcome;
  readonly value: OutcomeValue | undefined;
  readonly steps: number;
  readonly digest: string;
}

/**
 * Keeps what guest code asks for in one execution, operation by operation, and says where a second
 * one under the same schedule asks for something else. All that a strategy sees is then the same up to
 * that operation, so it is the code that differs: it depends on a clock, on chance, or on what an
 * earlier execution left behind.
 */
export class Witness {
  private readonly stage: Stage;
  private readonly inner: Observer;
  private log = new Int32Array(64 * SIZE);
  private length = 0;
  /** Where the second execution stands; -1 in the first. */
  private at = -1;
  private difference: string | undefined;

  /** Attaches to a stage that is watched already: its next execution is the first. */
  constructor(stage: Stage) {
    this.stage = stage;
    this.inner = stage.machine.observer as Observer;
    this.attach();
  }

  /**
   * Executes once more, with nobody told of it, and compares.
   *
   * @throws UsageError when the two differ.
   */
  confirm(strategy: Strategy, seed: number, outcome: Outcome): void {
    const { stage } = this;
    const first = endOf(stage, outcome);
    stage.hush();
    // Whoever reads the clock reads another time now.
    for (const now = Date.now(); Date.now() === now; );
    this.at = 0;
    const second = endOf(stage, stage.execute(strategy, seed));
    stage.machine.observer = this.inner;
    this.difference ??= this.missing() ?? differenceOf(first, second);
    if (this.difference === undefined) return;
    throw refusal(stage.subject, `run twice with the same schedule, ${this.difference}`);
  }

  private attach(): void {
    const { inner, stage } = this;
    stage.machine.observer = {
      entering: (kind, a, b, c) => {
        this.entering(kind, a, b, c);
        inner.entering?.(kind, a, b, c);
      },
      locking: (lock) => inner.locking?.(lock),
      performed: (kind, a, b, c, answer) => inner.performed(kind, a, b, c, answer),
      accessed: (kind, address, va, value, answer) =>
        inner.accessed(kind, address, va, value, answer),
      switching: (from, to) => inner.switching(from, to),
    };
  }

  private entering(kind: number, a: number, b: number, c: number): void {
    const { current, step } = this.stage.machine;
    const now = [current.id, kind, a, b, c];
    if (this.at < 0) {
      this.keep(now);
    } else if (this.at < this.length) {
      const was = this.log.subarray(this.at, this.at + SIZE);
      if (now.some((value, i) => was[i] !== (value | 0))) {
        const one = this.text(was, step);
        const other = current.id === was[0] ? this.operationText(now) : this.text(now);
        this.differs(`${one} the first time and ${other} the second`);
      }
      this.at += SIZE;
    } else if (this.length < OPERATIONS_MAX * SIZE) {
      this.differs(`${this.text(now, step)} the second time and nothing the first`);
    }
  }

  private keep(operation: readonly number[]): void {
    if (this.length === OPERATIONS_MAX * SIZE) return;
    if (this.length === this.log.length) {
      const more = new Int32Array(2 * this.log.length);
      more.set(this.log);
      this.log = more;
    }
    this.log.set(operation, this.length);
    this.length += SIZE;
  }

  private differs(difference: string): never {
    this.difference = difference;
    throw this.stage.machine.fail(new StopExecution());
  }

  /** What the first execution had, and the second came to its end without. */
  private missing(): string | undefined {
    if (this.at >= this.length) return undefined;
    const was = this.log.subarray(this.at, this.at + SIZE);
    return `${this.text(was)} the first time and nothing the second`;
  }

  private text(operation: Operation, step?: number): string {
    const { kernel, machine } = this.stage;
    const { name = '' } = machine.threads[operation[0] as number] ?? {};
    const who = kernel === undefined ? `thread ${name}` : name;
    return `${who} did ${this.operationText(operation)}${step === undefined ? '' : ` at step ${step + 1}`}`;
  }

  private operationText([, kind = START, a = 0, b = 0]: Operation): string {
    const name = OPERATION_NAMES[kind] ?? `operation ${kind}`;
    const word = this.stage.machine.layout.nameOf(wordNamed(kind, a));
    if (word === undefined) return name;
    const puts = stores(kind) && !comparesFirst(kind);
    return puts ? `${name}(${word}, ${b})` : `${name}(${word})`;
  }
}

function endOf(stage: Stage, outcome: Outcome): End {
  const { machine } = stage;
  const value = stage.outcome();
  return { outcome, value, steps: machine.step, digest: stage.digest() };
}

/** What differs though all operations were the same: what is said of the execution, or memory. */
function differenceOf(a: End, b: End): string | undefined {
  const said = [a, b].map(({ outcome }) => outcome.finding?.title ?? 'nothing found');
  const pairs: readonly (readonly [what: string, first: unknown, second: unknown])[] = [
    ['the verdict was', said[0], said[1]],
    ['the outcome was', a.value, b.value],
    ['the number of steps was', a.steps, b.steps],
    ['the digest of memory was', a.digest, b.digest],
  ];
  const pair = pairs.find(([, first, second]) => first !== second);
  return pair && `${pair[0]} ${pair[1]} the first time and ${pair[2]} the second`;
}

/** Schedules that are run twice to find out whether it was the program's fault, and their steps. */
const SUSPECT_SCHEDULES = 500;
const SUSPECT_STEPS = 4_000_000;

/**
 * Checks a schedule of a user's program before many are run, or more of them: a search takes for
 * granted that what it did comes again.
 *
 * @throws UsageError when two executions of one differ.
 */
export function checkDeterministic(stage: Stage, seed: number, schedules = 1): void {
  if (!stage.subject.isOwn) return;
  const strategy = new RandomWalk();
  for (let i = 0, steps = 0; i < schedules && steps < SUSPECT_STEPS; i++) {
    // Only those that look at the end: an execution is to get there.
    stage.watch({ detectors: [program, check] });
    const witness = new Witness(stage);
    witness.confirm(strategy, seed + i, stage.execute(strategy, seed + i));
    steps += 2 * stage.machine.step;
  }
}

/**
 * What broke an exploration: a user's program, if it is not deterministic, or else what was thrown.
 *
 * @throws UsageError that names the program; the error itself otherwise.
 */
export function accuse(stage: Stage, seed: number, error: unknown): never {
  stage.hush();
  if (!(error instanceof UsageError)) checkDeterministic(stage, seed, SUSPECT_SCHEDULES);
  throw error;
}

/** A finding, and the schedule that showed it. */
interface Seen {
  readonly finding: Finding;
  readonly schedule: string;
}

/**
 * Checks that what was found in a user's bare program is found again. A kernel may have been explored
 * without its timers, so nothing follows there.
 *
 * @param subject the program anew: what its executions left behind is to be gone
 * @throws UsageError for a finding that is not, though its detector learns nothing over executions.
 */
export function checkFound(subject: Subject, all: readonly Seen[]): void {
  const learns = (name: string): boolean =>
    DETECTORS.find((detector) => detector.name === name)?.learns === true;
  if (!subject.isOwn || subject.guest === 'kernel') return;
  const stage = new Stage(subject);
  for (const { finding, schedule } of all) {
    if (learns(finding.detector)) continue;
    stage.watch({ detectors: selectDetectors(subject.detectors) });
    const again = stage.execute(new Segments(parseSchedule(schedule)), 0);
    const title = again.finding?.title ?? 'nothing found';
    if (title === finding.title) continue;
    throw refusal(
      subject,
      `a schedule gave "${finding.title}" the first time and "${title}" the second`,
    );
  }
}

function refusal({ program }: Subject, difference: string): UsageError {
  return new UsageError(
    `${program} is not deterministic: ${difference}; a thread may depend only on the results of its operations`,
  );
}
