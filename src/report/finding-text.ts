import type { Finding } from '../../detectors/finding.ts';
import type { Json, TraceHeader } from '../../traces/trace.ts';
import { detailOfReport, type Report, reportOf } from '../explain/report.ts';
import { clip, count, plural, printable, wrap } from '../text.ts';
import { headline } from './header-text.ts';
import type { Ink } from './ink.ts';
import { type Look, stepTable } from './step-table.ts';

/** Columns of a report, unless more are asked for. */
export const REPORT_WIDTH = 80;
/** Columns with `--wide`. */
export const WIDE_WIDTH = 160;

/** What is told of a finding, whether it was just made or stands in a trace. */
export interface FindingReport {
  /** Which detector found it. */
  readonly detector: string;
  readonly title: string;
  readonly id: string | undefined;
  readonly step: number;
  /** A report, or whatever else a trace has there. */
  readonly detail: Json;
}

/** A finding with its report, as it would stand in a trace. */
export function reported(
  { detector, title, step, detail }: Finding,
  id: string | undefined,
  report: Report | undefined,
): FindingReport {
  return {
    detector,
    title,
    id,
    step,
    detail: report === undefined ? detail : detailOfReport(report),
  };
}

/** How to print it; what is left out is plain, 80 columns, and short. */
export interface FindingLook {
  readonly ink: Ink;
  readonly width?: number;
  readonly verbose?: boolean;
}

/** The detail as lines; one that other programs wrote may be any JSON. */
function detailLines(detail: Json): string[] {
  if (detail === null) return [];
  const items = Array.isArray(detail) ? detail : [detail];
  return items.map((item) => (typeof item === 'string' ? item : JSON.stringify(item)));
}

/**
 * A finding on one screen: what failed, what happened, the steps that matter, and why.
 *
 * @param header what ran; undefined if nobody knows
 */
export function findingText(
  finding: FindingReport,
  header: TraceHeader | undefined,
  { ink, width = REPORT_WIDTH, verbose = false }: FindingLook,
): string {
  const look = { ink, width, verbose };
  const id = finding.id === undefined ? '' : `[${printable(finding.id)}]`;
  const program = header === undefined ? '' : `${printable(header.program)} › `;
  const name = clip(`${program}${printable(finding.detector)}`, width - 8 - id.length - 1);
  const report = reportOf(finding.detail);
  const lines = [
    `${ink.red(ink.bold(' FAIL '))} ${ink.bold(name)}${id.padStart(width - 7 - name.length)}`,
    ...body(finding, report, look, configuration(finding, header, report, width)),
  ];
  return lines.join('\n');
}

/** What ran, up to which step; each part stays in one piece. */
function configuration(
  { step }: FindingReport,
  header: TraceHeader | undefined,
  report: Report | undefined,
  width: number,
): string[] {
  const parts = (header === undefined ? 'unknown run' : headline(header)).split(' · ');
  parts.push(`step ${count(step)}`);
  if (report !== undefined) parts.push(plural(report.switches, 'switch', 'switches'));
  const lines: string[] = [];
  for (const part of parts) {
    const line = lines[lines.length - 1];
    const longer = `${line} · ${part}`;
    if (line === undefined || longer.length > width) lines.push(` ${clip(part, width - 1)}`);
    else lines[lines.length - 1] = longer;
  }
  return lines;
}

function body(
  finding: FindingReport,
  report: Report | undefined,
  look: Look,
  configured: readonly string[],
): string[] {
  const { width } = look;
  const title = clip(printable(finding.title), 2 * width);
  if (report === undefined) {
    const lines = detailLines(finding.detail).map(
      (line) => `   ${clip(printable(line), width - 3)}`,
    );
    return [paragraph(title, ' ', width), ...configured, ...lines];
  }
  const summary = clip(printable(report.summary), 2 * width);
  const lines = [paragraph(summary, ' ', width), ...configured];
  if (!summary.includes(title)) lines.push(paragraph(title, ' ', width));
  const table = stepTable(report, look);
  if (table.length > 0) lines.push('', ...table);
  lines.push(...why(report, look));
  if (look.verbose && report.stack.length > 0) {
    lines.push(' Stack', ...report.stack.map((f) => clip(`   at ${printable(f)}`, width)));
  }
  return lines;
}

function why(report: Report, { ink, width }: Look): string[] {
  return report.why.map((sentence, i) => {
    const head = i === 0 ? ` ${ink.bold('Why')}   ` : '       ';
    return `${head}${wrap(words(printable(sentence), width - 7), '       ', width)}`;
  });
}

/** The words of a text; one that no line can hold is cut into pieces. */
function words(text: string, longest: number): string[] {
  return text
    .split(' ')
    .flatMap((word) => word.match(new RegExp(`.{1,${longest}}`, 'gu')) ?? [word]);
}

function paragraph(text: string, indent: string, width: number): string {
  return `${indent}${wrap(words(text, width - indent.length), indent, width)}`;
}

/** The nearest schedule that passes; `when add is not preempted at step 4: …`. */
export function passesText(text: string, width: number): string {
  return ` Passes  ${wrap(words(printable(text), width - 9), '         ', width)}`;
}

/** The exact commands that show it again. */
export function commandsText(traceOrId: string): string {
  return ` Replay  xv6-replay replay ${traceOrId}\n Show    xv6-replay show ${traceOrId}`;
}
