import { KernelPanic } from '../../kernel/panic.ts';
import { NotHolder, RunsAlready } from '../../machine/index.ts';
import type { DetectorKind } from '../detector.ts';
import type { Watched } from '../watched.ts';

/** What a panic of acquire or release means, where it is one. */
function misuse(guest: Watched, { message, lock, cpu }: KernelPanic): string | undefined {
  if (lock === 0) return undefined;
  const name = guest.nameOf(lock);
  if (message === 'acquire') return `double acquire of ${name} by CPU ${cpu}`;
  const holder = (guest.m.words[lock] as number) - 1;
  const held = holder < 0 ? 'no CPU holds' : `CPU ${holder} holds`;
  return `release of ${name}, which ${held}: released twice, or by another`;
}

/** Recursion without end, as in a walk of a page table that contains itself. */
function isOverflow(error: unknown): boolean {
  return error instanceof RangeError && /call stack/.test(error.message);
}

/**
 * The kernel's own checks, and the machine's of context switches and of a bare program's mutexes:
 * double acquire and double release among them. Always on. Cannot be wrong: the guest said so itself. Costs nothing.
 */
export const panic: DetectorKind = {
  name: 'panic',
  summary: 'the kernel panicked, ran one process twice, or released a lock that it did not hold',
  make: (guest) => ({
    name: 'panic',
    threw(error) {
      const { step } = guest.m;
      if (error instanceof NotHolder) {
        const detail = ['released twice, or by another than its holder'];
        return { detector: 'panic', title: error.message, detail, step };
      }
      if (error instanceof RunsAlready) {
        const detail = ['one process on two CPUs: its slot was given out or found runnable twice'];
        return { detector: 'panic', title: error.message, detail, step };
      }
      if (isOverflow(error) && guest.kernel !== undefined) {
        const detail = [`in ${guest.here()}; a table that contains itself does that`];
        return { detector: 'panic', title: 'kernel stack overflow', detail, step };
      }
      if (!(error instanceof KernelPanic)) return undefined;
      const thread = guest.m.current;
      const who = error.pid === 0 ? 'the scheduler loop' : guest.who(thread);
      const detail = [`on CPU ${error.cpu} in ${who}`];
      const meaning = misuse(guest, error);
      if (meaning !== undefined) detail.unshift(meaning);
      const held = guest.held.of(error.cpu).map((lock) => guest.nameOf(lock));
      if (held.length > 0) detail.push(`CPU ${error.cpu} holds ${held.join(', ')}`);
      return {
        detector: 'panic',
        title: `kernel panic: ${error.message}`,
        detail,
        step: error.step,
        about: error.lock === 0 ? {} : { locks: [error.lock] },
      };
    },
  }),
};
