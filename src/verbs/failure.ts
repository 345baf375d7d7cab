import { KernelPanic } from '../../kernel/panic.ts';
import { ReplayDivergence } from '../../scheduler/divergence.ts';
import { TraceFormatError } from '../../traces/errors.ts';
import { EXIT, UsageError } from '../errors.ts';
import { printable, shellWord } from '../text.ts';

/** How a command that failed ends. */
export interface Failure {
  readonly exitCode: number;
  /** For standard error, after `xv6-replay: `; one line unless it is a fault of ours. */
  readonly message: string;
}

/** What to say of an error, and the exit code: the user's, the trace's, or ours. */
export function failureOf(error: unknown, argv: readonly string[]): Failure {
  if (error instanceof UsageError || error instanceof TraceFormatError) {
    return { exitCode: EXIT.usage, message: printable(error.message) };
  }
  if (error instanceof ReplayDivergence) {
    return { exitCode: EXIT.diverged, message: printable(error.message) };
  }
  // Executions turn a panic into a finding themselves; what comes here stopped the boot before them.
  if (error instanceof KernelPanic) {
    const { message, cpu } = error;
    const what = `found: kernel panic at boot: ${message}, on CPU ${cpu}`;
    return { exitCode: EXIT.finding, message: printable(what) };
  }
  if (isCommanderError(error)) {
    const message = error.message
      .replace(/^error: /, '')
      .replaceAll(/\s*\n\s*/g, ' ')
      .replace(EXCESS, (_, verb, most, given) => {
        return `too many arguments: ${verb} takes ${most}, and was given ${given}`;
      });
    return { exitCode: EXIT.usage, message: printable(`${message}${otherName(error, argv)}`) };
  }
  const { stack } = error instanceof Error ? error : new Error(String(error));
  const command = ['xv6-replay', ...argv].map(shellWord).join(' ');
  const message = `internal error: ${stack}
This is a fault of xv6-replay, not of what it ran. Please report it with the lines above, the
version of Node (${process.version}) and the command: ${command}`;
  return { exitCode: EXIT.internal, message };
}

/** How commander says it. */
const EXCESS = /^too many arguments for '(.+)'\. Expected (\d+) arguments? but got (\d+)\.$/;

/** What options are called elsewhere, and here. */
const OTHER_NAMES: ReadonlyMap<string, string> = new Map([
  ['--bug', '--mutant'],
  ['--bugs', '--mutant'],
  ['--mutation', '--mutant'],
  ['--threads', '--jobs'],
  ['--workers', '--jobs'],
  ['--iterations', '--schedules'],
  ['--executions', '--schedules'],
  ['--timeout', '--max-time'],
  ['--bound', '--preemptions'],
  ['--output', '--record'],
]);

/** The option that was probably meant by one that does not exist. */
function otherName({ code, message }: CommanderError, argv: readonly string[]): string {
  if (code !== 'commander.unknownOption' || message.includes('Did you mean')) return '';
  const names = argv.map((word) => OTHER_NAMES.get(word.replace(/=.*/, '')));
  const name = names.find((each) => each !== undefined);
  return name === undefined ? '' : `; did you mean ${name}?`;
}

/** As far as it is looked at here. */
interface CommanderError extends Error {
  readonly code: string;
}

/** By name, so that this file need not load commander. */
function isCommanderError(error: unknown): error is CommanderError {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('commander.');
}
