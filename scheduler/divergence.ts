/** What the machine did is not what the trace says: it is another program, kernel or mutant. */
export class ReplayDivergence extends Error {
  override readonly name = 'ReplayDivergence';
  /** Operations performed before the divergence was seen. */
  readonly step: number;

  /**
   * @param expected what the trace says, as a phrase: `cpu 1 to go on`.
   * @param found what the machine has: `cpu 0 at release(shm.lock)`.
   */
  constructor(step: number, expected: string, found: string) {
    super(`step ${step}: the trace expects ${expected}, the machine has ${found}`);
    this.step = step;
  }
}
