import type { Command } from 'commander';
import type { Trace } from '../../traces/reader.ts';
import type { TraceHeader } from '../../traces/trace.ts';
import { affordable } from '../affordable.ts';
import { damageLines } from '../report/damage-text.ts';
import type { Subject } from '../stage/stage.ts';
import { subjectOfHeader } from '../subject/subject.ts';
import { subjectOfTrace } from '../subject/subject-file.ts';
import { printable, shellWord } from '../text.ts';
import { isForeign } from '../verbs/replay.ts';
import { parseFile } from './options.ts';
import type { Shell } from './shell.ts';

/** Which file of the user's may be executed. */
export interface SubjectOptions {
  readonly subject?: string;
  readonly unbounded?: boolean;
}

export function addSubject(command: Command): void {
  command.option(
    '--subject <file>',
    'the file that was run; if not given, the file that the trace names, if it is here and unchanged',
    parseFile,
  );
  command.option(
    '--unbounded',
    'use as much time and memory as it takes, for a trace that you trust',
  );
}

/** How many steps a replay of a trace may take. @throws UsageError for one that asks for too much. */
export function stepsAllowed(trace: Trace, { unbounded }: SubjectOptions): number {
  return unbounded === true ? Number.POSITIVE_INFINITY : affordable(trace);
}

/**
 * What a trace is of. One of other code is tried all the same, but whoever reads the outcome must
 * know first.
 */
export async function subjectToReplay(
  header: TraceHeader,
  { subject: named }: SubjectOptions,
  shell: Shell,
): Promise<Subject> {
  const subject = (await subjectOfTrace(header, named)) ?? subjectOfHeader(header);
  if (!isForeign(header, subject)) return subject;
  const made = printable(header.fingerprint);
  const now = subject.fingerprint();
  const what = subject.isOwn
    ? `trace of another program: ${subject.program} was ${made} and is ${now}`
    : `made by another kernel (${made}, this one is ${now})`;
  shell.warn(`${what}: it may diverge`);
  return subject;
}

/** Says what is lost of a trace, after all that could be read was used. Nothing for a whole one. */
export function reportDamage(
  name: string,
  trace: Trace,
  options: { readonly json?: boolean },
  shell: Shell,
): void {
  for (const line of damageLines(trace)) shell.warn(`${shellWord(name)}: ${line}`);
  if (!options.json) return;
  for (const { what, ...rest } of trace.damage) {
    shell.json({ kind: 'damage', trace: name, what, ...rest });
  }
  for (const { what, ...rest } of trace.missing) {
    shell.json({ kind: 'missing', trace: name, what, ...rest });
  }
}
