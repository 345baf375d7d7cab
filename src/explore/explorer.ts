import type { DetectorKind } from '../../detectors/detector.ts';
import { type Finding, likeness } from '../../detectors/finding.ts';
import type { Ending } from '../../machine/index.ts';
import { Retrace } from '../../scheduler/search/retrace.ts';
import { type Segment, Segments } from '../../scheduler/strategies/segments.ts';
import type { Strategy } from '../../scheduler/strategy.ts';
import { SwitchLog } from '../../scheduler/switch-log.ts';
import { selectDetectors } from '../select-detectors.ts';
import { scheduleText } from '../stage/schedule.ts';
import { type Outcome, Stage } from '../stage/stage.ts';
import { addSample, discoveryLike, noShare, type Share } from './exploration.ts';
import { type Plan, threw } from './plan.ts';

/** One execution in so many of a strategy that draws is looked at closely: see Sample. */
const LOOKED_AT = 64;
/**
 * After a unit of executions, detectors start anew with what they learn over executions (the order of
 * locks): so that executions can be shared out, and what is found does not depend on how. So many at
 * most, and fewer where they are long:
 */
const UNIT_MAX = 512;
const UNIT_OPERATIONS = 4_000_000;

/** Executions of a unit, by the steps of the first execution of all: a power of two. */
export function unitOf(steps: number): number {
  const fit = 2 ** Math.floor(Math.log2(UNIT_OPERATIONS / Math.max(1, steps)));
  return Math.min(UNIT_MAX, Math.max(1, fit));
}

/** Executes what a plan says on a stage, one after the other, and notes what came of it. */
export class Explorer {
  readonly plan: Plan;
  readonly stage: Stage;
  /** Whether to go on after something was found. */
  readonly keepsGoing: boolean;
  private share: Share = noShare();
  private readonly log = new SwitchLog();
  private readonly retrace = new Retrace(this.log);
  private readonly detectors: readonly DetectorKind[];

  /**
   * @param keepGoing if left out, only for a search of a program that has an outcome, whose every
   *   value is to be known
   */
  constructor(plan: Plan, keepGoing?: boolean) {
    const { subject, search, claims } = plan;
    this.plan = plan;
    this.stage = new Stage(subject);
    this.keepsGoing = keepGoing ?? (search !== undefined && this.stage.hasOutcome);
    this.detectors = [...selectDetectors(subject.detectors), ...claims];
  }

  /** Detectors start anew, and what comes is added to that share. */
  begin(share: Share): void {
    this.share = share;
    this.stage.watch({ detectors: this.detectors });
  }

  /** One execution. */
  execute(seed: number): void {
    const { share, stage, plan, log } = this;
    const strategy = plan.strategies[modulo(seed, plan.strategies.length)] as Strategy;
    log.clear();
    stage.machine.onSwitch = (step, lane) => log.push(step, lane);
    const outcome = stage.execute(strategy, seed);
    share.executions++;
    this.count();
    if (plan.search !== undefined) share.withdrawn.push(...(outcome.withdrawn ?? []));
    if (outcome.finding !== undefined) this.found(outcome.finding, strategy.name, seed);
    else if (stage.machine.ending === 'steps') this.abandon();
    if (plan.search !== undefined && this.keepsGoing) this.complete(outcome, seed);
    this.end(stage.machine.ending);
    stage.machine.onSwitch = null;
    const isLookedAt = plan.search === undefined && modulo(seed, LOOKED_AT) === 0;
    if (isLookedAt && outcome.finding === undefined) this.look(seed);
  }

  /** Whether there is no reason to execute another. */
  get isDone(): boolean {
    const { withdrawn, discoveries } = this.share;
    return withdrawn.length > 0 || (discoveries.length > 0 && !this.keepsGoing);
  }

  private count(): void {
    const { share, stage } = this;
    const { step } = stage.machine;
    share.operations += step;
    share.stepsLongest = Math.max(share.stepsLongest, step);
    share.threads = Math.max(share.threads, threadsOf(stage));
  }

  private found(finding: Finding, strategy: string, seed: number): void {
    const { share } = this;
    if (finding.detector === 'endless' && !this.plan.fair) {
      this.abandon();
      return;
    }
    const known = discoveryLike(share, finding);
    if (known !== undefined) {
      known.times++;
      return;
    }
    if (finding.detector === 'race') this.plan.widen?.(finding.about?.words ?? []);
    const { executions: execution } = share;
    const schedule = scheduleText(this.segments(), this.plan.limits);
    share.discoveries.push({ finding, schedule, strategy, seed, execution, times: 1 });
  }

  /** Nothing can be said of an execution that was cut, but who kept it from ending. */
  private abandon(): void {
    const { share, stage, plan } = this;
    share.abandoned++;
    if (share.endless !== undefined) return;
    const { cpus, layout, step } = stage.machine;
    const { steps, lanes } = this.log;
    const last = lanes.filter((_, i) => (steps[i + 1] ?? step) > step / 2);
    const threads = cpus.flatMap(({ id, thread }) =>
      thread !== null && last.includes(id)
        ? [`${thread.name} at ${thread.describeIn(layout)}`]
        : [],
    );
    const schedule = plan.search && scheduleText(this.segments(), plan.limits);
    share.endless = { who: threads, schedule };
  }

  /**
   * Threads that threw behind another, in an execution that went on. One that does not depend on the
   * step that ended the other might have thrown first; no other execution of the trace shows that.
   */
  private foundBehind(thrown: readonly Finding[], strategy: string, seed: number): void {
    const { share, plan, detectors } = this;
    for (const [i, finding] of thrown.entries()) {
      if (i === 0 || discoveryLike(share, finding) !== undefined) continue;
      const ends = thrown.slice(0, i).map(({ step }) => step - 1);
      const segments = without(this.segments(), ends);
      const stage = new Stage(plan.subject);
      stage.watch({ detectors });
      const first = stage.execute(new Segments(segments), seed).finding;
      if (first === undefined || likeness(first) !== likeness(finding)) continue;
      const schedule = scheduleText(segments, plan.limits);
      const { executions: execution } = share;
      share.discoveries.push({ finding: first, schedule, strategy, seed, execution, times: 1 });
    }
  }

  /** The schedule of the execution that has ended. */
  private segments(): Segment[] {
    const { steps, lanes } = this.log;
    return lanes.map((lane, i) => {
      const end = steps[i + 1] ?? this.stage.machine.step;
      return { lane, steps: end - (steps[i] as number) };
    });
  }

  /** Goes on where a detector ended the execution, for the sake of its outcome and of the search. */
  private complete(outcome: Outcome, seed: number): void {
    const { plan, stage } = this;
    if (plan.search === undefined || outcome.ending !== 'found') return;
    // A panic stops all CPUs.
    if (stage.kernel !== undefined && threw(outcome)) return;
    plan.search.resume();
    this.log.clear();
    const thrown = stage.finish(plan.search, seed);
    if (threw(outcome)) this.foundBehind(thrown, plan.search.name, seed);
  }

  private end(ending: Ending | null): void {
    const { share, stage } = this;
    if (ending === 'blocked') share.blocked++;
    const value = stage.outcome();
    if (value === undefined) return;
    const known = share.outcomes.find((each) => each.value === value);
    if (known !== undefined) known.executions++;
    else
      share.outcomes.push({
        value,
        schedule: scheduleText(this.segments(), this.plan.limits),
        executions: 1,
      });
  }

  /** Executes it once more, to see which trace it was. */
  private look(seed: number): void {
    const { retrace, stage, share } = this;
    const { step } = stage.machine;
    stage.finish(retrace, seed);
    if (stage.machine.step !== step) return;
    addSample(share.sample, 1, retrace.switchPoints, [retrace.trace(stage.machine)]);
  }
}

/** A schedule without some of its steps. */
function without(segments: readonly Segment[], steps: readonly number[]): Segment[] {
  let end = 0;
  return segments.map(({ lane, steps: count }) => {
    const from = end;
    end += count;
    return { lane, steps: count - steps.filter((step) => step >= from && step < end).length };
  });
}

function modulo(n: number, divisor: number): number {
  return ((n % divisor) + divisor) % divisor;
}

function threadsOf({ kernel: k, lanes }: Stage): number {
  if (k === undefined) return lanes;
  const loops = k.param.ncpu * (k.param.tickInterval > 0 ? 2 : 1);
  return loops + (k.m.words[k.ptable.top] as number);
}
