import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Command } from 'commander';
import { EXIT, UsageError } from '../errors.ts';
import { findingText, passesText, REPORT_WIDTH, reported } from '../report/finding-text.ts';
import { type Shrunk, type Size, shrink } from '../shrink/shrink.ts';
import { plural } from '../text.ts';
import { openTrace, storeTrace, TraceFile } from '../trace-file.ts';
import { run } from '../verbs/run.ts';
import { addLook, type LookOptions, look } from './look.ts';
import { examples, parseFile } from './options.ts';
import type { Shell } from './shell.ts';
import { addSubject, type SubjectOptions, stepsAllowed, subjectToReplay } from './trace-report.ts';

interface Options extends LookOptions, SubjectOptions {
  readonly output?: string;
  readonly json?: boolean;
}

const size = ({ preemptions, steps }: Size): string =>
  `${plural(preemptions, 'preemption')}, ${plural(steps, 'step')}`;

/** Runs the shrunk schedule once more, into a file. */
function record(shrunk: Shrunk, path: string): ReturnType<typeof run> {
  const { subject, seed, strategy } = shrunk;
  const file = new TraceFile(path);
  try {
    return run(subject, { seed, strategy, sink: file.sink });
  } finally {
    file.close();
  }
}

/** Before the work, not after it. */
function checkNew(path: string): void {
  if (existsSync(path)) {
    throw new UsageError(`cannot write ${path}: it exists; nothing is overwritten`);
  }
  if (!existsSync(dirname(path))) {
    throw new UsageError(`cannot write ${path}: no such file or folder`);
  }
}

/** What came of it, in a few lines. */
function summary({ from, to, executions, minimal, passing }: Shrunk, width: number): string[] {
  const proof = minimal ? '; none with fewer preemptions has it' : '';
  const lines = [
    ` Shrunk  from ${size(from)}`,
    `         to ${size(to)}, in ${plural(executions, 'execution')}${proof}`,
  ];
  const text = passing?.text ?? 'with no single change of a switch that was tried';
  lines.push(passesText(text, width));
  return lines;
}

async function act(pathOrId: string, options: Options, shell: Shell): Promise<void> {
  if (options.output !== undefined) checkNew(options.output);
  const trace = openTrace(pathOrId);
  stepsAllowed(trace, options);
  const given = trace.header && (await subjectToReplay(trace.header, options, shell));
  const shrunk = shrink(trace, given);
  const { subject, seed, strategy, from, to, minimal, schedule, executions } = shrunk;
  const result =
    options.output === undefined
      ? run(subject, { seed, strategy })
      : record(shrunk, options.output);
  const { finding, header, id, report } = result;
  const kept = options.output ?? storeTrace(id ?? '', header, (path) => void record(shrunk, path));
  shell.exitCode = EXIT.finding;
  if (options.json) {
    const { about: _, ...known } = shrunk.finding;
    const sizes = { from, to, minimal, executions, schedule, passing: shrunk.passing ?? null };
    shell.json({ kind: 'shrunk', id, ...sizes, trace: kept, finding: known, report });
    return;
  }
  const how = look(options, shell);
  if (finding !== undefined) shell.say(findingText(reported(finding, id, report), header, how));
  for (const line of summary(shrunk, how.width ?? REPORT_WIDTH)) shell.say(line);
  shell.say(` Replay  xv6-replay replay ${kept}`);
}

export function define(command: Command, shell: Shell): void {
  command
    .description('Makes the schedule of a finding small: the few switches that matter.')
    .argument('<trace>', "a trace file, or a finding's short id")
    .option(
      '-o, --output <file>',
      'write the shrunk trace to this file; without it, it is kept under its id',
      parseFile,
    )
    .option('--json', 'one JSON object per line instead of text');
  addSubject(command);
  addLook(command);
  command
    .addHelpText(
      'after',
      examples('shrink XR-3f9a1c', 'shrink fail.xrt -o min.xrt', 'shrink fail.xrt --json'),
    )
    .action((pathOrId: string, options: Options) => act(pathOrId, options, shell));
}
