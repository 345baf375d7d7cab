import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import type { Writer } from './output.ts';

/** The pager the user wants, as git decides it; undefined for none. */
export function pagerCommand(env: NodeJS.ProcessEnv): string | undefined {
  const { PAGER } = env;
  if (PAGER === undefined) {
    const found = spawnSync('less', ['--version'], { stdio: 'ignore' }).status === 0;
    return found ? 'less' : undefined;
  }
  return PAGER === '' || PAGER === 'cat' ? undefined : PAGER;
}

/** A pager at work: text goes to its standard input. */
export class Pager implements Writer {
  private readonly child: ChildProcess;
  private readonly done: Promise<unknown>;
  private gone = false;

  /** Starts it, through the shell, because PAGER may hold options. */
  constructor(command: string, env: NodeJS.ProcessEnv) {
    this.child = spawn(command, {
      shell: true,
      stdio: ['pipe', 'inherit', 'inherit'],
      // Colours as they are, no paging of what fits on the screen, and leave it there: git's choice.
      env: { LESS: 'FRX', LV: '-c', ...env },
    });
    // Ctrl-C is the pager's while it runs: it must not be left without its reader.
    process.on('SIGINT', ignore);
    this.done = once(this.child, 'close').catch(() => undefined);
    this.child.stdin?.on('error', () => {
      this.gone = true;
    });
  }

  get closed(): boolean {
    return this.gone || this.child.exitCode !== null;
  }

  async write(text: string): Promise<void> {
    const { stdin } = this.child;
    if (this.closed || stdin === null || stdin.write(text)) return;
    await Promise.race([once(stdin, 'drain').catch(() => undefined), this.done]);
  }

  /** Waits until the user has left it. */
  async end(): Promise<void> {
    this.child.stdin?.end();
    await this.done;
    process.off('SIGINT', ignore);
  }
}

function ignore(): void {}
