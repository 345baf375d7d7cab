import type { KernelEvents } from '../../kernel/events.ts';

/** How often a system call was made, and how often it answered −1. */
export interface CallCount {
  made: number;
  refused: number;
}

const ignore = (): void => undefined;

/** Listens to a kernel and counts its system calls by name, those that do not return, too. */
export class CallCounts implements KernelEvents {
  readonly counts = new Map<string, CallCount>();

  readonly switched = ignore;
  readonly fault = ignore;
  readonly page = ignore;
  readonly irq = ignore;
  readonly print = ignore;
  readonly lock = ignore;
  readonly unlock = ignore;
  readonly sleep = ignore;
  readonly wakeup = ignore;
  readonly life = ignore;

  enter(_step: number, _cpu: number, _pid: number, call: string): void {
    this.of(call).made++;
  }

  exit(_step: number, _cpu: number, _pid: number, call: string, result: number): void {
    if (result === -1) this.of(call).refused++;
  }

  private of(call: string): CallCount {
    let count = this.counts.get(call);
    if (count === undefined) {
      count = { made: 0, refused: 0 };
      this.counts.set(call, count);
    }
    return count;
  }
}
