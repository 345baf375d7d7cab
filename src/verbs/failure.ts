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
    const message = error.message.replace(/^error: /, '').replaceAll(/\s*\n\s*/g, ' ');
    return { exitCode: EXIT.usage, message: printable(message) };
  }
  const { stack } = error instanceof Error ? error : new Error(String(error));
  const command = ['xv6-replay', ...argv].map(shellWord).join(' ');
  const message = `internal error: ${stack}
This is a fault of xv6-replay, not of what it ran. Please report it with the lines above, the
version of Node (${process.version}) and the command: ${command}`;
  return { exitCode: EXIT.internal, message };
}

/** By name, so that this file need not load commander. */
function isCommanderError(error: unknown): error is Error {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('commander.');
}
