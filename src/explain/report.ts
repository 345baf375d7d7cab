import type { Json } from '../../traces/trace.ts';
import type { MomentKind } from './moment.ts';

/*
 * A finding explained, as plain data: what `--json` prints, what a trace keeps in its finding's
 * `detail`, and what the terminal's text is made of. docs/report.md documents every field.
 */

/** Goes up when a field changes its meaning or goes away; new fields do not count. */
export const REPORT_VERSION = 1;

export interface ReportStep {
  readonly step: number;
  readonly cpu: number;
  readonly pid: number;
  /** The name of a thread without a kernel. */
  readonly thread?: string;
  readonly call: string;
  readonly kind: MomentKind;
  /** Word, lock, frame or channel by name. */
  readonly name: string;
  /** For accesses: the values, and as people read them. */
  readonly before?: number;
  readonly after?: number;
  readonly values?: string;
  /** Locks that the CPU held. */
  readonly locks: readonly string[];
  /** `kernel/shm.ts:88`; empty when it is not known. */
  readonly at: string;
  /** The guest's stack, innermost first, `shmClose kernel/shm.ts:88`. */
  readonly stack: readonly string[];
  /** Switches of the scheduler since the step before in this list. */
  readonly switches: number;
  /** Equal steps after this one that are not listed. */
  readonly repeated: number;
  /** What to say of it. */
  readonly remark: string;
  /** Whether it belongs to the short story, or only to the long one (`-v`). */
  readonly main: boolean;
  /** Whether the finding was made here. */
  readonly failing: boolean;
}

export interface Report {
  readonly version: number;
  /** What happened, in one sentence without a full stop. */
  readonly summary: string;
  /** What the detector said. */
  readonly detail: readonly string[];
  readonly steps: readonly ReportStep[];
  /** Causal sentences, in order. */
  readonly why: readonly string[];
  /** Switches of the scheduler up to the finding. */
  readonly switches: number;
  /** Where the guest's code was when it threw, for a panic. */
  readonly stack: readonly string[];
}

/** What a trace keeps of it. */
export function detailOfReport(report: Report): Json {
  return report as unknown as Json;
}

/** The report in a finding's detail, if a program of this version made it; else undefined. */
export function reportOf(detail: Json): Report | undefined {
  if (detail === null || typeof detail !== 'object' || Array.isArray(detail)) return undefined;
  const report = detail as unknown as Report;
  if (report.version !== REPORT_VERSION || typeof report.summary !== 'string') return undefined;
  if (typeof report.switches !== 'number') return undefined;
  const texts = [report.detail, report.why, report.stack];
  const sound =
    texts.every((list) => Array.isArray(list) && list.every((line) => typeof line === 'string')) &&
    Array.isArray(report.steps) &&
    report.steps.every(isStep);
  return sound ? report : undefined;
}

/** A trace may come from anywhere: what the text needs must be of the type it needs. */
function isStep(step: Partial<Record<keyof ReportStep, unknown>> | null): boolean {
  if (step === null || typeof step !== 'object') return false;
  const { at, call, kind, name, remark, thread = '', values = '' } = step;
  const texts = [at, call, kind, name, remark, thread, values];
  const numbers = [step.step, step.cpu, step.pid, step.switches, step.repeated];
  const lists = [step.locks, step.stack];
  return (
    texts.every((text) => typeof text === 'string') &&
    numbers.every((number) => typeof number === 'number') &&
    lists.every((list) => Array.isArray(list) && list.every((text) => typeof text === 'string')) &&
    typeof step.main === 'boolean' &&
    typeof step.failing === 'boolean'
  );
}
