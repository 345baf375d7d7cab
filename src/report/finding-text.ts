import type { Json } from '../../traces/trace.ts';
import type { Ink } from './ink.ts';
import { COLUMNS, clip, printable } from './text.ts';

/** What is told of a finding, whether it was just made or stands in a trace. */
export interface FindingReport {
  readonly title: string;
  readonly id: string | undefined;
  readonly step: number;
  readonly detail: Json;
}

/** The detail as lines; one that other programs wrote may be any JSON. */
function detailLines(detail: Json): string[] {
  if (detail === null) return [];
  const items = Array.isArray(detail) ? detail : [detail];
  return items.map((item) => (typeof item === 'string' ? item : JSON.stringify(item)));
}

/**
 * What is wrong, then who, where and why.
 *
 * @param what the run, as `headline` puts it
 */
export function findingText(finding: FindingReport, what: string, ink: Ink): string {
  const id = finding.id === undefined ? '' : `[${printable(finding.id)}]`;
  const title = clip(printable(finding.title), COLUMNS - 8 - id.length);
  const lines = [
    `${ink.red(ink.bold(' FAIL '))} ${ink.bold(title)}${id.padStart(COLUMNS - 20 - 7 - title.length)}`,
    ` ${what} · step ${finding.step}`,
    ...detailLines(finding.detail).map((line) => `   ${clip(printable(line), COLUMNS - 3)}`),
  ];
  return lines.join('\n');
}

/** The exact commands that show it again. */
export function commandsText(traceOrId: string): string {
  return ` Replay  xv6-replay replay ${traceOrId}\n Show    xv6-replay show ${traceOrId}`;
}
