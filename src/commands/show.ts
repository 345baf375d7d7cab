import { type Command, InvalidArgumentError } from 'commander';
import { EVENT_KINDS } from '../../traces/event-code.ts';
import type { Trace } from '../../traces/reader.ts';
import type { Json, TraceEvent } from '../../traces/trace.ts';
import { TRACE_VERSION } from '../../traces/version.ts';
import { EXIT, UsageError } from '../errors.ts';
import { reportOf } from '../explain/report.ts';
import { didYouMean } from '../nearest.ts';
import { isWhole } from '../report/damage-text.ts';
import { choiceLine, EVENT_HEAD, EventText, pidsOf } from '../report/event-text.ts';
import { findingText } from '../report/finding-text.ts';
import { headerText } from '../report/header-text.ts';
import { LifeLines } from '../report/life-text.ts';
import { Lines, type Writer } from '../report/output.ts';
import { Pager, pagerCommand } from '../report/pager.ts';
import { clip, count, harmless, jsonLine, plural, printable } from '../text.ts';
import { openTrace } from '../trace-file.ts';
import { addLook, type LookOptions, look } from './look.ts';
import { examples, wholeNumber } from './options.ts';
import type { Shell } from './shell.ts';
import { reportDamage } from './trace-report.ts';

interface Options extends LookOptions {
  readonly pid?: number;
  readonly cpu?: number;
  readonly kind?: ReadonlySet<string>;
  readonly from: number;
  readonly to: number;
  readonly choices?: boolean;
  readonly pager: boolean;
  readonly json?: boolean;
}

function parseKinds(text: string, before?: ReadonlySet<string>): ReadonlySet<string> {
  const kinds = text.split(',');
  for (const kind of kinds) {
    if ((EVENT_KINDS as readonly string[]).includes(kind)) continue;
    const hint = didYouMean(kind, EVENT_KINDS) || `; the kinds are ${EVENT_KINDS.join(', ')}`;
    throw new InvalidArgumentError(`There is no kind ${kind}${hint}`);
  }
  return new Set([...(before ?? []), ...kinds]);
}

function wanted(event: TraceEvent, { pid, cpu, kind, from, to }: Options): boolean {
  return (
    event.step >= from &&
    event.step <= to &&
    (cpu === undefined || event.cpu === cpu) &&
    (kind === undefined || kind.has(event.kind)) &&
    (pid === undefined || pidsOf(event).includes(pid))
  );
}

function coloured(event: TraceEvent, line: string, { ink }: Shell): string {
  if (event.kind === 'fault') return ink.red(line);
  if (event.kind === 'exit') return event.result < 0 ? ink.red(line) : line;
  return event.kind === 'print' ? ink.bold(line) : ink.dim(line);
}

/*
 * Characters that are shown of a trace, at most. A trace of ours has about 20 a byte, but repeated
 * switches take next to no bytes, and a row may name a long text again and again.
 */
const TEXT_FREE = 2 ** 26;
const TEXT_PER_BYTE = 64;

/** Where to write the lines, one by one. */
interface Sheet {
  readonly lines: Lines;
  readonly options: Options;
  readonly shell: Shell;
}

async function events(trace: Trace, { lines, options, shell }: Sheet): Promise<void> {
  const text = new EventText();
  const lives = new LifeLines();
  if (!options.json) await lines.add(`\n${shell.ink.bold(EVENT_HEAD)}`);
  for (const event of trace.events) {
    if (!wanted(event, options)) {
      text.see(event);
      continue;
    }
    if (event.kind === 'life') lives.see(event);
    const line = options.json ? jsonLine(event) : coloured(event, text.line(event), shell);
    const goesOn = lines.add(line);
    if (goesOn !== true && !(await goesOn)) return;
  }
  if (options.json) return;
  for (const line of lives.lines()) await lines.add(`\n${line}`);
}

async function choices(trace: Trace, { lines, options, shell }: Sheet): Promise<void> {
  const { cpus = Number.POSITIVE_INFINITY, guest = 'kernel' } = trace.header ?? {};
  if (!options.json) await lines.add(`\n${shell.ink.bold(EVENT_HEAD)}`);
  for (const { index, step, lane } of trace.choices.readable()) {
    const cpu = lane % cpus;
    if (step < options.from || step > options.to) continue;
    if (options.cpu !== undefined && options.cpu !== cpu) continue;
    const line = options.json
      ? jsonLine({ kind: 'choice', index, step, lane })
      : choiceLine({ step, lane }, index, cpus, guest);
    const goesOn = lines.add(line);
    if (goesOn !== true && !(await goesOn)) return;
  }
}

async function beginning(trace: Trace, { lines, options }: Sheet): Promise<void> {
  if (!options.json) await lines.add(harmless(headerText(trace)));
  else if (trace.header !== undefined) {
    const { header } = trace;
    await lines.add(jsonLine({ kind: 'header', formatVersion: TRACE_VERSION, ...header }));
  }
}

/** A report as `run --json` prints it: with the detector's lines beside it. */
function parts(detail: Json): object {
  const report = reportOf(detail);
  return report === undefined ? {} : { detail: report.detail, report };
}

async function ending(trace: Trace, { lines, options, shell }: Sheet): Promise<void> {
  const { header, end } = trace;
  if (!options.json) await lines.add('');
  for (const { kind: detector, ...finding } of trace.findings) {
    const line = options.json
      ? jsonLine({ kind: 'finding', detector, ...finding, ...parts(finding.detail) })
      : harmless(findingText({ detector, ...finding }, header, look(options, shell)));
    await lines.add(line);
  }
  if (end === undefined) return;
  if (options.json) await lines.add(jsonLine({ kind: 'end', ...end }));
  else {
    const counts = `${plural(end.steps, 'step')}, ${plural(end.switches, 'switch', 'switches')}`;
    await lines.add(
      `end: ${clip(printable(end.verdict), 400)}; ${counts}, digest ${clip(printable(`${end.digest}`), 80)}`,
    );
  }
}

async function show(trace: Trace, options: Options, shell: Shell, to: Writer): Promise<void> {
  const most = TEXT_FREE + TEXT_PER_BYTE * trace.size;
  const sheet = { lines: new Lines(to, most), options, shell };
  await beginning(trace, sheet);
  await (options.choices ? choices(trace, sheet) : events(trace, sheet));
  await ending(trace, sheet);
  await sheet.lines.flush();
  if (!sheet.lines.isFull) return;
  throw new UsageError(
    `the rest is left out: it is more than ${count(most)} characters; --from, --to and --kind choose a part`,
  );
}

/** @throws UsageError for filters that no event or switch could pass. */
function check({ from, to, choices, pid, kind }: Options): void {
  if (from > to) throw new UsageError(`--from ${from} is after --to ${to}`);
  if (!choices || (pid === undefined && kind === undefined)) return;
  const which = pid === undefined ? '--kind' : '--pid';
  throw new UsageError(`--choices shows switches, not events: ${which} cannot be used there`);
}

function startPager(options: Options, shell: Shell): Pager | undefined {
  if (!shell.out.isTerminal || !options.pager || options.json) return undefined;
  const command = pagerCommand(shell.env);
  return command === undefined ? undefined : new Pager(command, shell.env);
}

export function define(command: Command, shell: Shell): void {
  const step = wholeNumber(0, Number.MAX_SAFE_INTEGER);
  command
    .description('Shows what happened in a trace, as text, without running the kernel.')
    .argument('<trace>', 'a trace file, or the id of a finding such as XR-3f9a1c')
    .option('--pid <n>', 'only this process', wholeNumber(0, 2 ** 31))
    .option('--cpu <n>', 'only this CPU', wholeNumber(0, 63))
    .option('--kind <kinds>', `only these kinds of events: ${EVENT_KINDS.join(',')}`, parseKinds)
    .option('--from <step>', 'not before this step', step, 0)
    .option('--to <step>', 'not after this step', step, Number.MAX_SAFE_INTEGER)
    .option('--choices', "the scheduler's switches instead of the events")
    .option('--no-pager', 'do not use a pager (on a terminal, usually PAGER, or less)')
    .option('--json', 'one JSON object per line instead of text');
  addLook(command);
  command
    .addHelpText(
      'after',
      `\nExit code: 0, or 2 when the trace is damaged; all that can be read is shown.\n${examples(
        'show out.xrt',
        'show out.xrt --pid 3 --kind enter,exit',
        'show XR-3f9a1c --choices --from 100 --to 200',
      )}`,
    )
    .action(async (name: string, options: Options) => {
      check(options);
      const trace = openTrace(name);
      const pager = startPager(options, shell);
      await show(trace, options, shell, pager ?? shell.out);
      await pager?.end();
      if (!isWhole(trace)) shell.exitCode = EXIT.usage;
      reportDamage(name, trace, options, shell);
    });
}
