import type { KernelEvents } from '../../kernel/events.ts';

/** How often a system call was made, and how often it answered −1. */
interface CallCount {
  made: number;
  refused: number;
}

/** By name of the call. */
export type CallTally = Map<string, CallCount>;

export function addCalls(sum: CallTally, more: CallTally): void {
  for (const [name, { made, refused }] of more) {
    const count = countOf(sum, name);
    count.made += made;
    count.refused += refused;
  }
}

function countOf(tally: CallTally, name: string): CallCount {
  let count = tally.get(name);
  if (count === undefined) {
    count = { made: 0, refused: 0 };
    tally.set(name, count);
  }
  return count;
}

const ignore = (): void => undefined;

/** Listens to a kernel and counts its system calls by name, those that do not return, too. */
export class CallCounts implements KernelEvents {
  readonly counts: CallTally = new Map();

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
    countOf(this.counts, call).made++;
  }

  exit(_step: number, _cpu: number, _pid: number, call: string, result: number): void {
    if (result === -1) countOf(this.counts, call).refused++;
  }
}
