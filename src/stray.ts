import { messageOf } from '../detectors/model.ts';
import type { Shell } from './commands/shell.ts';
import { EXIT } from './errors.ts';
import { isUserCode } from './user-code.ts';
import { failureOf } from './verbs/failure.ts';

/**
 * What code of a user's does to the process that it runs in, apart from what its threads do: promises
 * that nobody looks at, timers that throw or go on, an end that is not ours. Each is one line, and the
 * exit code for bad input.
 */
export class Stray {
  private readonly shell: Shell;
  private readonly end = process.exit.bind(process);
  private isOver = false;

  constructor(shell: Shell) {
    this.shell = shell;
    process.on('unhandledRejection', (error) => this.blame('rejects a promise', error));
    process.on('uncaughtException', (error) => this.blame('throws outside of its threads:', error));
    process.on('exit', () => {
      if (this.isOver) return;
      shell.warn('the program ended the process, or waits for what never comes');
      process.exitCode = EXIT.usage;
    });
  }

  private blame(what: string, error: unknown): void {
    if (isUserCode(error)) {
      this.shell.warn(`the program ${what} ${messageOf(error)}; nothing waits for it`);
      this.shell.exitCode = EXIT.usage;
      return;
    }
    const { exitCode, message } = failureOf(error, this.shell.argv);
    this.shell.warn(message);
    this.shell.exitCode = exitCode;
  }

  /** When rejections so far have been told of. */
  settled(): Promise<void> {
    return new Promise((resolve) => setImmediate(resolve));
  }

  /** Ends the process, whatever timers are left. All output is out: it is written at once. */
  exit(): never {
    this.isOver = true;
    return this.end(this.shell.exitCode) as never;
  }
}
