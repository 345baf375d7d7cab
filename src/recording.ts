import type { Kernel } from '../kernel/kernel.ts';
import { PRNG } from '../scheduler/prng.ts';
import type { TraceHeader } from '../traces/trace.ts';
import { type Sink, TraceWriter } from '../traces/writer.ts';
import { EXIT } from './errors.ts';
import type { Outcome } from './execution.ts';
import { detailOfReport, type Report } from './explain/report.ts';
import { fingerprint } from './fingerprint.ts';
import { configOfSpec, type GuestSpec } from './guest.ts';

/** Steps between two digests of the machine's state in a trace. */
export const CHECKPOINT_STEPS = 1 << 17;
/** Steps after which what is known is handed to the sink: what a kill can cost. */
const FLUSH_STEPS = 1 << 15;

export function traceHeader(
  spec: GuestSpec,
  seed: number,
  strategy: string,
  detail: number,
): TraceHeader {
  return {
    guest: 'kernel',
    program: spec.program,
    args: spec.args,
    seed,
    strategy,
    prng: PRNG,
    cpus: spec.param.ncpu,
    mutants: spec.mutants,
    config: configOfSpec(spec),
    fingerprint: fingerprint(),
    detail,
  };
}

/** The digest of a machine's state, as traces write it. */
export function digestOf(k: Kernel): string {
  return k.m.memory.digest(k.m.step).toString(16).padStart(8, '0');
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

/** Writes one execution of a kernel into a trace. */
export class Recording {
  readonly writer: TraceWriter;
  private readonly k: Kernel;
  switches = 0;

  constructor(k: Kernel, header: TraceHeader, sink: Sink) {
    this.k = k;
    this.writer = new TraceWriter(sink, header);
    const checkpoint = new Periodic(CHECKPOINT_STEPS);
    const flush = new Periodic(FLUSH_STEPS);
    k.m.onSwitch = (step, lane) => {
      if (flush.over(step)) this.writer.flush();
      if (checkpoint.over(step)) this.writer.checkpoint(step, digestOf(k));
      this.writer.choice(step, lane);
      this.switches++;
    };
  }

  /** Writes the finding, if any, as its report tells it, and the end; the trace is whole after it. */
  finish(outcome: Outcome, id: string | undefined, report?: Report): void {
    const { finding } = outcome;
    const { step } = this.k.m;
    if (finding !== undefined && id !== undefined) {
      const { detector, title } = finding;
      const detail = report === undefined ? finding.detail : detailOfReport(report);
      this.writer.finding({ step: finding.step, kind: detector, title, id, detail });
    }
    this.writer.end({
      steps: step,
      switches: this.switches,
      verdict: finding?.title ?? 'nothing found',
      digest: digestOf(this.k),
      exitCode: finding === undefined ? EXIT.ok : EXIT.finding,
    });
    this.k.m.onSwitch = null;
  }
}
