#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { Shell } from './commands/shell.ts';
import { EXIT, UsageError } from './errors.ts';
import { didYouMean } from './nearest.ts';
import { Stray } from './stray.ts';

interface Verb {
  readonly summary: string;
  /** Only the command that is asked for is loaded: the kernel is most of the program. */
  load(): Promise<{ define(command: Command, shell: Shell): void }>;
}

const VERBS: ReadonlyMap<string, Verb> = new Map(
  Object.entries<Verb>({
    run: {
      summary: 'run a program or scenario once',
      load: () => import('./commands/run-command.ts'),
    },
    explore: {
      summary: 'run schedule after schedule until something is found',
      load: () => import('./commands/explore.ts'),
    },
    fuzz: {
      summary: 'generate programs and schedules until something is found',
      load: () => import('./commands/fuzz.ts'),
    },
    shrink: {
      summary: 'make the schedule of a finding small',
      load: () => import('./commands/shrink.ts'),
    },
    replay: { summary: 'replay a trace and check it', load: () => import('./commands/replay.ts') },
    show: { summary: 'show a trace as text', load: () => import('./commands/show.ts') },
    diff: { summary: 'find where two traces part', load: () => import('./commands/diff.ts') },
    list: {
      summary: 'list programs, scenarios, strategies, detectors, mutants',
      load: () => import('./commands/list.ts'),
    },
  }),
);

const HELP = `
Exit code: 0 nothing found, 1 a finding, 2 bad input, 3 a replay diverged, 4 nothing ran,
5 a search that found nothing and is not complete, 70 a fault of xv6-replay,
130 interrupted by Ctrl-C or SIGTERM: what was done is saved.

Examples:
  $ xv6-replay run shmtest --seed 42 --record out.xrt -- foo 8192 4
  $ xv6-replay replay out.xrt
  $ xv6-replay show out.xrt
`;

function version(): string {
  const file = new URL('../../package.json', import.meta.url);
  return JSON.parse(readFileSync(file, 'utf8')).version as string;
}

/** Errors are thrown, so that one place says them; help goes where all output goes. */
function prepared(command: Command, shell: Shell): Command {
  return command.exitOverride().configureOutput({
    writeOut: (text) => shell.out.write(text),
    writeErr: () => undefined,
  });
}

async function program(shell: Shell): Promise<Command> {
  const root = prepared(new Command('xv6-replay'), shell)
    .description('Deterministic record and replay of an xv6-style kernel.')
    .version(version())
    .addHelpText('after', HELP);
  const [first, second] = shell.argv.filter((word) => !word.startsWith('-'));
  const asked = first === 'help' ? second : first;
  if (first === 'help' && asked !== undefined && !VERBS.has(asked)) {
    throw new UsageError(`no command ${asked}${didYouMean(asked, VERBS.keys())}`);
  }
  for (const [name, { summary, load }] of VERBS) {
    const command = prepared(root.command(name), shell).summary(summary);
    if (name === asked) (await load()).define(command, shell);
  }
  return root;
}

/** @throws UsageError when the current folder was removed: no path means anything then. */
function checkFolder(): void {
  try {
    process.cwd();
  } catch {
    throw new UsageError('the current folder is gone');
  }
}

async function main(shell: Shell): Promise<void> {
  try {
    checkFolder();
    const root = await program(shell);
    if (shell.argv.length === 0) {
      shell.out.write(root.helpInformation() + HELP);
      shell.exitCode = EXIT.usage;
    } else {
      await root.parseAsync(shell.argv, { from: 'user' });
    }
  } catch (error) {
    // Help or the version was asked for, and is out.
    if (error instanceof CommanderError && error.exitCode === 0) return;
    const { failureOf } = await import('./verbs/failure.ts');
    const { exitCode, message } = failureOf(error, shell.argv);
    shell.exitCode = exitCode;
    shell.warn(message);
  }
}

const shell = new Shell(process.argv.slice(2), process.env);
// A program of a user's has this process, too: what it leaves behind must not decide how we end.
const stray = new Stray(shell);
await main(shell);
await stray.settled();
stray.exit();
