/** Ctrl-C and the end that a job runner or `kill` asks for. */
const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/**
 * SIGINT (Ctrl-C) or SIGTERM while a campaign or a kernel runs: the first asks it to end and to keep
 * what was done, and a second of either ends the process at once.
 */
export class Interrupt {
  private readonly controller = new AbortController();
  private readonly abort = (): void => {
    this.end();
    this.controller.abort();
  };

  constructor() {
    for (const signal of SIGNALS) process.on(signal, this.abort);
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  /** From now on either signal ends the process. */
  end(): void {
    for (const signal of SIGNALS) process.removeListener(signal, this.abort);
  }
}
