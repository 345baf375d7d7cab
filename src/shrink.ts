import { type Segment, Segments } from '../scheduler/strategies/segments.ts';
import { readTrace, type Trace } from '../traces/reader.ts';
import { selectDetectors } from './detectors/index.ts';
import { UsageError } from './errors.ts';
import { type Finding, likeness } from './finding.ts';
import { subjectFor } from './replay.ts';
import { scheduleText } from './schedule.ts';
import { Stage, type Subject } from './stage.ts';
import type { Runnable } from './subject.ts';

/** A failing schedule made small. */
export interface Shrunk {
  readonly subject: Subject;
  readonly seed: number;
  /** Runs the shrunk schedule, for `run` to record. */
  readonly strategy: Segments;
  /** The same as a text, for `run` again, or for a colleague. */
  readonly schedule: string;
  readonly finding: Finding;
  /** Before and after: switches away from a lane that could have gone on, and steps. */
  readonly from: Size;
  readonly to: Size;
  /** Executions that it took. */
  readonly executions: number;
}

export interface Size {
  readonly preemptions: number;
  readonly steps: number;
}

/** Executions at most. */
const BUDGET = 500;

/**
 * Finds a schedule with few preemptions that still has the trace's finding: the same detector, and
 * the same title but for its numbers.
 *
 * Delta debugging (Zeller and Hildebrandt, Simplifying and Isolating Failure-Inducing Input, TSE
 * 2002) over the segments of the schedule: two of one lane are joined, runs of them dropped, each
 * candidate run leniently, and all that until nothing can go. The result is locally minimal, not
 * proven to be the least.
 *
 * @param of a trace, or the bytes of one
 * @param given what the trace is of; needed where its header does not say it
 * @throws UsageError for a trace that cannot be replayed whole or has no finding.
 */
export function shrink(of: Trace | Uint8Array, given?: Runnable): Shrunk {
  const trace = of instanceof Uint8Array ? readTrace(of) : of;
  const { header, end } = trace;
  if (header === undefined || end === undefined || trace.damage.length > 0) {
    throw new UsageError('only a whole trace can be shrunk');
  }
  const subject = subjectFor(header, given);
  return new Shrinker(subject, header.seed).shrink(segmentsOf(trace, end.steps));
}

function segmentsOf(trace: Trace, steps: number): Segment[] {
  const choices = [...trace.choices];
  return choices.map(({ step, lane }, i) => {
    const next = choices[i + 1]?.step ?? steps;
    return { lane, steps: next - step };
  });
}

class Shrinker {
  private readonly subject: Subject;
  private readonly seed: number;
  private readonly stage: Stage;
  private executions = 0;
  private wanted = '';

  constructor(subject: Subject, seed: number) {
    this.subject = subject;
    this.seed = seed;
    this.stage = new Stage(subject);
  }

  shrink(whole: readonly Segment[]): Shrunk {
    const first = this.attempt(whole);
    if (first === undefined) throw new UsageError('the trace has no finding to keep');
    let list = whole;
    for (let before = -1; list.length !== before && this.executions < BUDGET; ) {
      before = list.length;
      list = this.prune(this.merge(list));
    }
    const strategy = new Segments(list);
    const last = this.attempt(list) as Attempt;
    const { subject, seed, executions } = this;
    const schedule = scheduleText(list);
    const size = { from: first, to: last, executions };
    return { subject, seed, strategy, schedule, finding: last.finding, ...size };
  }

  /** Joins each segment with the next one of its lane, earlier or later, wherever the finding stays. */
  private merge(from: readonly Segment[]): readonly Segment[] {
    let list = from;
    for (let at = 0; at < list.length; at++) {
      for (const joined of this.joins(list, at)) {
        if (this.executions >= BUDGET) return list;
        if (this.attempt(joined) === undefined) continue;
        list = joined;
        at--;
        break;
      }
    }
    return list;
  }

  private joins(list: readonly Segment[], at: number): Segment[][] {
    const first = list[at] as Segment;
    const next = list.findIndex((segment, i) => i > at && segment.lane === first.lane);
    if (next < 0) return [];
    const joined = { lane: first.lane, steps: first.steps + (list[next] as Segment).steps };
    return [list.with(at, joined).toSpliced(next, 1), list.with(next, joined).toSpliced(at, 1)];
  }

  /** Drops runs of segments, long runs first, wherever the finding stays. */
  private prune(from: readonly Segment[]): readonly Segment[] {
    let list = from;
    for (let size = Math.ceil(list.length / 2); size >= 1; size = Math.floor(size / 2)) {
      for (let at = list.length - size; at > -size; at -= size) {
        if (this.executions >= BUDGET) return list;
        const less = [...list.slice(0, Math.max(at, 0)), ...list.slice(at + size)];
        if (less.length < list.length && this.attempt(less) !== undefined) list = less;
      }
    }
    return list;
  }

  /** Runs a list; undefined unless it has the finding that the first run had. */
  private attempt(list: readonly Segment[]): Attempt | undefined {
    this.executions++;
    const strategy = new Segments(list);
    // Anew each time: an order of locks learnt from one candidate must not convict the next.
    this.stage.watch({ detectors: selectDetectors(this.subject.detectors) });
    const { finding } = this.stage.execute(strategy, this.seed);
    if (finding === undefined) return undefined;
    const like = likeness(finding);
    if (this.wanted === '') this.wanted = like;
    if (like !== this.wanted) return undefined;
    return { finding, preemptions: strategy.preemptions, steps: this.stage.machine.step };
  }
}

interface Attempt extends Size {
  readonly finding: Finding;
}
