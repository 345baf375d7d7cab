import type { Command } from 'commander';
import { PARAM } from '../../kernel/param.ts';
import { addLimits } from './limits.ts';
import { addLook } from './look.ts';
import { examples, parseFile, wholeNumber } from './options.ts';
import { addGuestOptions, type RunCommandOptions, runAndReport } from './run.ts';
import { addKernelOptions, isKernelFile, type KernelOptions, runKernelFile } from './run-kernel.ts';
import { parseSeeds, runSeeds } from './run-seeds.ts';
import type { Shell } from './shell.ts';

export function define(command: Command, shell: Shell): void {
  command
    .description(
      'Boots the kernel and runs a program or scenario once, under a schedule that the seed decides.',
    )
    .usage('[program|scenario|file] [options] [-- program args]');
  addGuestOptions(command);
  command
    .option(
      '--seeds <a..b>',
      'run once with each seed: how often it fails, and why; strategy random if not given',
      parseSeeds,
    )
    .option('--schedule <text>', 'follow this schedule, such as 0-3.1-2: lanes and their steps')
    .option('--record <file>', 'write a trace, which must not exist yet', parseFile)
    .option(
      '--detail <n>',
      'events in the trace: 0 none, 1 calls, 2 locks too',
      wholeNumber(0, 2),
      1,
    );
  addKernelOptions(command);
  addLook(command);
  addLimits(command, PARAM);
  command
    .addHelpText(
      'after',
      examples(
        'run shmtest --seed 42 -- foo 8192 4',
        'run open-race --mutant shm-open-create-apart --seeds 1..1000',
        'run kernel/kernel --disk fs.img --cpus 3 --seed 42',
      ),
    )
    .action(async (program: string | undefined, args: string[], options: RunCommandOptions) => {
      const operands = program === undefined ? [] : [program, ...args];
      if (isKernelFile(program, options as KernelOptions)) {
        await runKernelFile(operands, options as KernelOptions, shell);
      } else if (options.seeds !== undefined) {
        await runSeeds(options.seeds, options, operands, shell);
      } else await runAndReport(options, operands, shell);
    });
}
