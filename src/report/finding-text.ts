import type { Json } from '../../traces/trace.ts';
import type { Ink } from './ink.ts';
import { COLUMNS, clip, printable, wrap } from './text.ts';

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

/** Right edge of the id in the title's line: a report is no wider than a mail or a terminal. */
const WIDTH = 80;

/**
 * What is wrong, then who, where and why.
 *
 * @param what the run, as `headline` puts it
 */
export function findingText(finding: FindingReport, what: string, ink: Ink): string {
  const id = finding.id === undefined ? '' : `  [${printable(finding.id)}]`;
  const title = clip(printable(finding.title), COLUMNS - 7 - id.length);
  const detail = detailLines(finding.detail).map((line) => {
    return `   ${wrap(printable(line).split(' '), '     ')}`;
  });
  const first = ink.red(ink.bold(' FAIL '));
  return [
    `${first} ${ink.bold(title)}${id.padStart(WIDTH - 7 - title.length)}`,
    ` ${what} · step ${finding.step}`,
    ...detail,
  ].join('\n');
}

/** The exact commands that show it again. */
export function commandsText(traceOrId: string): string {
  return ` Replay  xv6-replay replay ${traceOrId}\n Show    xv6-replay show ${traceOrId}`;
}
