/** Ctrl-C while a campaign runs: the first asks it to end, and a second ends the process at once. */
export class Interrupt {
  private readonly controller = new AbortController();
  private readonly abort = (): void => this.controller.abort();

  constructor() {
    process.once('SIGINT', this.abort);
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  /** From now on Ctrl-C ends the process. */
  end(): void {
    process.removeListener('SIGINT', this.abort);
  }
}
