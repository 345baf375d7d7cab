import type { Command } from 'commander';
import { ReplayDivergence } from '../../scheduler/divergence.ts';
import type { Trace } from '../../traces/reader.ts';
import { EXIT, UsageError } from '../errors.ts';
import { damageLines, isWhole } from '../report/damage-text.ts';
import { findingText, reported } from '../report/finding-text.ts';
import { plural } from '../text.ts';
import { openTrace } from '../trace-file.ts';
import { type ReplayResult, replay } from '../verbs/replay.ts';
import { addLook, type LookOptions, look } from './look.ts';
import { examples } from './options.ts';
import { addKernelFiles, type ReplayKernelOptions, replayKernelFile } from './replay-kernel.ts';
import type { Shell } from './shell.ts';
import {
  addSubject,
  reportDamage,
  type SubjectOptions,
  stepsAllowed,
  subjectToReplay,
} from './trace-report.ts';

interface Options extends LookOptions, SubjectOptions, ReplayKernelOptions {}

async function run(trace: Trace, options: Options, shell: Shell): Promise<ReplayResult> {
  if (trace.header === undefined) {
    const lost = damageLines(trace)[0];
    throw new UsageError(`the trace cannot be replayed, its header is lost: ${lost}`);
  }
  const stepsMost = stepsAllowed(trace, options);
  const subject = await subjectToReplay(trace.header, options, shell);
  try {
    return replay(trace, {
      subject,
      stepsMost,
      onPrint: (text) => {
        if (options.json) shell.json({ kind: 'output', text });
        else shell.prints(text);
      },
    });
  } catch (error) {
    if (options.json && error instanceof ReplayDivergence) {
      shell.json({ kind: 'divergence', step: error.step, message: error.message });
    }
    throw error;
  }
}

function reportText(trace: Trace, result: ReplayResult, options: Options, shell: Shell): void {
  const { finding, report, steps, switches, checkpoints, complete } = result;
  const { ink } = shell;
  if (finding !== undefined && trace.header !== undefined) {
    const id = trace.findings[0]?.id;
    shell.say(findingText(reported(finding, id, report), trace.header, look(options, shell)));
  }
  const agree = `${plural(checkpoints, 'checkpoint agrees', 'checkpoints agree')}`;
  const verdict = complete ? ink.green('identical') : ink.yellow('identical as far as it goes');
  const effort = `${plural(steps, 'step')}, ${plural(switches, 'switch', 'switches')}`;
  shell.say(`replayed ${effort}, ${agree}: ${verdict}`);
}

function reportJson(trace: Trace, result: ReplayResult, shell: Shell): void {
  const { finding, foreign, ending, report, ...rest } = result;
  if (finding !== undefined) {
    const { about: _, ...known } = finding;
    shell.json({ kind: 'finding', id: trace.findings[0]?.id ?? null, ...known, report });
  }
  const verdict = finding?.title ?? 'nothing found';
  shell.json({ kind: 'replay', ending, verdict, ...rest, foreign, exitCode: shell.exitCode });
}

export function define(command: Command, shell: Shell): void {
  command
    .description(
      'Replays a trace, switch by switch, and checks that the machine does the same: every switch must be possible and every digest of its state equal.',
    )
    .argument('<trace>', 'a trace file, or the id of a finding such as XR-3f9a1c')
    .option('--json', 'one JSON object per line instead of text');
  addSubject(command);
  addKernelFiles(command);
  addLook(command);
  command
    .addHelpText(
      'after',
      `\nExit code: 0 identical, 1 identical and it has a finding, 2 the trace is damaged (what can be\nread is replayed), 3 it diverged.\n${examples(
        'replay out.xrt',
        'replay XR-3f9a1c',
        'replay out.xrt --kernel kernel/kernel --disk fs.img',
      )}`,
    )
    .action(async (name: string, options: Options) => {
      const trace = openTrace(name);
      const { header } = trace;
      if (header?.guest === 'elf') {
        await replayKernelFile(trace, header, options, shell);
        reportDamage(name, trace, options, shell);
        return;
      }
      if (header !== undefined && (options.kernel ?? options.disk) !== undefined) {
        throw new UsageError('--kernel and --disk are for a trace of a kernel in a file');
      }
      const result = await run(trace, options, shell);
      shell.exitCode = result.finding === undefined ? EXIT.ok : EXIT.finding;
      if (!isWhole(trace)) shell.exitCode = EXIT.usage;
      if (options.json) reportJson(trace, result, shell);
      else reportText(trace, result, options, shell);
      reportDamage(name, trace, options, shell);
    });
}
