import type { Command } from 'commander';
import { diffTraces, type Parting, type TraceDifference } from '../../traces/diff.ts';
import type { Trace } from '../../traces/reader.ts';
import type { Choice, TraceEvent } from '../../traces/trace.ts';
import { EXIT } from '../errors.ts';
import { isWhole } from '../report/damage-text.ts';
import { choiceLine, EventText } from '../report/event-text.ts';
import { clip, plural, printable } from '../text.ts';
import { haveSameBytes, openTrace } from '../trace-file.ts';
import { examples } from './options.ts';
import type { Shell } from './shell.ts';
import { reportDamage } from './trace-report.ts';

/** A line that both have, or `a` or `b` alone. */
function sided(side: ' ' | 'a' | 'b', line: string, { ink }: Shell): string {
  if (side === ' ') return ink.dim(`   ${line}`);
  return side === 'a' ? ink.red(` a ${line}`) : ink.green(` b ${line}`);
}

function partingText<T>(parting: Parting<T>, lineOf: (item: T) => string, shell: Shell): string {
  const over = `${'(over)'.padStart(10)}`;
  return [
    ...parting.before.map((item) => sided(' ', lineOf(item), shell)),
    sided('a', parting.a === undefined ? over : lineOf(parting.a), shell),
    sided('b', parting.b === undefined ? over : lineOf(parting.b), shell),
  ].join('\n');
}

function headerPart({ header }: TraceDifference, { ink }: Shell): string[] {
  if (header.length === 0) return [];
  const value = (x: unknown): string =>
    x === undefined
      ? '(none)'
      : clip(printable(typeof x === 'string' ? x : JSON.stringify(x)), 200);
  const width = Math.min(
    60,
    header.reduce((most, { field }) => Math.max(most, field.length), 0),
  );
  const rows = header
    .slice(0, 64)
    .map(
      ({ field, a, b }) =>
        `   ${clip(printable(field), 60).padEnd(width)}  ${ink.red(`a: ${value(a)}`)}  ${ink.green(`b: ${value(b)}`)}`,
    );
  return [`the headers differ:\n${rows.join('\n')}`];
}

function report(difference: TraceDifference, a: Trace, shell: Shell): string {
  const { cpus = Number.POSITIVE_INFINITY, guest = 'kernel' } = a.header ?? {};
  const { choice, event, step } = difference;
  const parts = headerPart(difference, shell);
  if (choice !== undefined) {
    let index = choice.index - choice.before.length;
    const last = choice.index;
    const line = (c: Choice): string => choiceLine(c, Math.min(index++, last), cpus, guest);
    parts.push(
      `the schedules part at switch ${choice.index}:\n${partingText(choice, line, shell)}`,
    );
  }
  if (event !== undefined) {
    const text = new EventText();
    const line = (e: TraceEvent): string => text.line(e);
    parts.push(`the events part at event ${event.index}:\n${partingText(event, line, shell)}`);
  }
  if (step !== undefined) parts.push(`first difference at step ${step}`);
  return parts.join('\n\n');
}

export function define(command: Command, shell: Shell): void {
  command
    .description('Compares two traces: the first point where they part, and what came before it.')
    .argument('<a>', 'a trace file, or the id of a finding')
    .argument('<b>', 'another')
    .option('--json', 'one JSON object per line instead of text')
    .addHelpText(
      'after',
      `\nExit code: 0 the same execution, 1 they differ, 2 one of them is damaged (what can be read is\ncompared).\n${examples('diff a.xrt b.xrt', 'diff XR-3f9a1c out.xrt', 'diff a.xrt b.xrt --json')}`,
    )
    .action((nameA: string, nameB: string, options: { readonly json?: boolean }) => {
      const a = openTrace(nameA);
      // What has the same bytes need not be read to the end, twice.
      const isSame = haveSameBytes(nameA, nameB);
      const b = isSame ? a : openTrace(nameB);
      const difference = isSame ? undefined : diffTraces(a, b);
      shell.exitCode = difference === undefined ? EXIT.ok : EXIT.finding;
      if (!isWhole(a) || !isWhole(b)) shell.exitCode = EXIT.usage;
      if (options.json) {
        shell.json({ kind: 'diff', same: difference === undefined, ...difference });
      } else if (difference !== undefined) {
        shell.say(report(difference, a, shell));
      } else {
        const all = `${plural(a.choices.length, 'switch', 'switches')}, ${plural(a.eventCount, 'event')}`;
        shell.say(`the same execution: ${all}`);
      }
      reportDamage(nameA, a, options, shell);
      reportDamage(nameB, b, options, shell);
    });
}
