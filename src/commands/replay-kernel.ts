import type { Command } from 'commander';
import { ReplayDivergence } from '../../scheduler/divergence.ts';
import type { Trace } from '../../traces/reader.ts';
import type { TraceHeader } from '../../traces/trace.ts';
import { tooLong } from '../affordable.ts';
import { EXIT, UsageError } from '../errors.ts';
import { checkFiles, makeBoard, readKernelFiles, settingsOf } from '../kernel-file/header.ts';
import { RecordedRun } from '../kernel-file/replay.ts';
import { Screen } from '../kernel-file/screen.ts';
import { isWhole } from '../report/damage-text.ts';
import { findingText } from '../report/finding-text.ts';
import { plural, printable } from '../text.ts';
import { drive, guestOutput } from './kernel-console.ts';
import { parseFile } from './options.ts';
import type { Shell } from './shell.ts';

export interface ReplayKernelOptions {
  readonly kernel?: string;
  readonly disk?: string;
  readonly unbounded?: boolean;
  readonly json?: boolean;
}

/** What any run without options may take. */
const STEPS_FREE = 20e9;

/** The options of `replay` for a trace of a kernel in a file. */
export function addKernelFiles(command: Command): void {
  command
    .option('--kernel <file>', 'the kernel that was run, if it was one in a file', parseFile)
    .option('--disk <file>', 'its disk; neither file is changed', parseFile);
}

/**
 * Replays a trace of a kernel in a file. Only files that the user names are opened, and only those of
 * the trace's digests are run.
 *
 * @throws UsageError for other files, or a trace that asks for too much.
 * @throws ReplayDivergence where the board does something else than the trace says.
 */
export async function replayKernelFile(
  trace: Trace,
  header: TraceHeader,
  options: ReplayKernelOptions,
  shell: Shell,
): Promise<void> {
  if (options.kernel === undefined || options.disk === undefined) {
    const which = `${printable(header.program)}, a kernel in a file`;
    throw new UsageError(
      `the trace is of ${which}: name it and its disk, --kernel FILE --disk FILE`,
    );
  }
  const settings = settingsOf(header);
  const asked = trace.end?.steps ?? 0;
  if (asked > STEPS_FREE && options.unbounded !== true) throw tooLong(asked);
  const files = readKernelFiles(options.kernel, options.disk);
  const warning = checkFiles(header, files);
  if (warning !== undefined) shell.warn(warning);
  const board = makeBoard(files, settings);
  const screen = new Screen(board, {}, guestOutput(options, shell));
  const run = new RecordedRun(board, screen, trace, header);
  try {
    const advance = (): 'over' | undefined => (run.advance() ? undefined : 'over');
    if ((await drive(advance, board, screen, shell)) === 'interrupted') {
      shell.exitCode = EXIT.interrupted;
      return;
    }
  } catch (error) {
    screen.flush();
    if (options.json && error instanceof ReplayDivergence) {
      shell.json({ kind: 'divergence', step: error.step, message: error.message });
    }
    throw error;
  }
  const [finding] = trace.findings;
  shell.exitCode = finding === undefined ? EXIT.ok : EXIT.finding;
  if (!isWhole(trace)) shell.exitCode = EXIT.usage;
  if (options.json) reportJson(trace, run, board.executed, shell);
  else reportText(trace, header, run, board.executed, shell);
}

function reportJson(trace: Trace, run: RecordedRun, steps: number, shell: Shell): void {
  const [finding] = trace.findings;
  if (finding !== undefined) {
    const { kind: detector, ...known } = finding;
    shell.json({ kind: 'finding', detector, ...known, report: null });
  }
  const verdict = finding?.title ?? trace.end?.verdict ?? 'nothing found';
  const { switches, checkpoints, complete } = run;
  const { exitCode } = shell;
  shell.json({ kind: 'replay', verdict, steps, switches, checkpoints, complete, exitCode });
}

function reportText(
  trace: Trace,
  header: TraceHeader,
  { switches, checkpoints, complete }: RecordedRun,
  steps: number,
  shell: Shell,
): void {
  const { ink } = shell;
  const [finding] = trace.findings;
  if (finding !== undefined) {
    const { kind: detector, ...known } = finding;
    shell.say(findingText({ detector, ...known }, header, { ink }));
  }
  const agree = plural(checkpoints, 'checkpoint agrees', 'checkpoints agree');
  const verdict = complete ? ink.green('identical') : ink.yellow('identical as far as it goes');
  const effort = `${plural(steps, 'instruction')}, ${plural(switches, 'switch', 'switches')}`;
  shell.say(`replayed ${effort}, ${agree}: ${verdict}`);
}
