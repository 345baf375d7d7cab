import type { Machine } from '../../machine/index.ts';
import { PRNG } from '../../scheduler/prng.ts';
import type { TraceHeader } from '../../traces/trace.ts';
import { type Sink, TraceWriter } from '../../traces/writer.ts';
import { EXIT } from '../errors.ts';
import { detailOfReport, type Report } from '../explain/report.ts';
import { digestOf } from '../stage/digest.ts';
import type { Outcome, Subject } from '../stage/stage.ts';

/** Steps between two digests of the machine's state in a trace. */
export const CHECKPOINT_STEPS = 1 << 17;
/** Steps after which what is known is handed to the sink: what a kill can cost. */
const FLUSH_STEPS = 1 << 15;

export function traceHeader(
  subject: Subject,
  cpus: number,
  seed: number,
  strategy: string,
  detail: number,
): TraceHeader {
  const { guest, program, args, mutants, config, detectors, source } = subject;
  const watched = detectors === undefined ? {} : { detectors: detectors.join(' ') };
  return {
    guest,
    program,
    args,
    seed,
    strategy,
    prng: PRNG,
    cpus,
    mutants,
    config: { ...config, ...watched },
    fingerprint: subject.fingerprint(),
    ...(source === undefined ? {} : { source }),
    detail,
  };
}

/** Calls back at the first switch in each period of steps: a moment that every replay meets too. */
export class Periodic {
  private due: number;
  private readonly period: number;

  constructor(period: number) {
    this.period = period;
    this.due = period;
  }

  /** Whether the period is over at this step; if so, the next begins. */
  over(step: number): boolean {
    if (step < this.due) return false;
    this.due = step - (step % this.period) + this.period;
    return true;
  }
}

/** Writes one execution into a trace. */
export class Recording {
  readonly writer: TraceWriter;
  private readonly m: Machine;
  switches = 0;

  constructor(m: Machine, header: TraceHeader, sink: Sink) {
    this.m = m;
    this.writer = new TraceWriter(sink, header);
    const checkpoint = new Periodic(CHECKPOINT_STEPS);
    const flush = new Periodic(FLUSH_STEPS);
    m.onSwitch = (step, lane) => {
      if (flush.over(step)) this.writer.flush();
      if (checkpoint.over(step)) this.writer.checkpoint(step, digestOf(m));
      this.writer.choice(step, lane);
      this.switches++;
    };
  }

  /** Writes the finding, if any, as its report tells it, and the end; the trace is whole after it. */
  finish(outcome: Outcome, id: string | undefined, report?: Report): void {
    const { finding } = outcome;
    const { step } = this.m;
    if (finding !== undefined && id !== undefined) {
      const { detector, title } = finding;
      const detail = report === undefined ? finding.detail : detailOfReport(report);
      this.writer.finding({ step: finding.step, kind: detector, title, id, detail });
    }
    this.writer.end({
      steps: step,
      switches: this.switches,
      verdict: finding?.title ?? 'nothing found',
      digest: digestOf(this.m),
      exitCode: finding === undefined ? EXIT.ok : EXIT.finding,
    });
    this.m.onSwitch = null;
  }
}
