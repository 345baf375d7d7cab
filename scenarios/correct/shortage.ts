/** Memory, slots and time run out. */
import { allOk, okOrKilled, processes, type Scenario, SMALL } from '../scenario.ts';

export const shortage: Readonly<Record<string, Scenario>> = {
  oom: {
    summary: 'two processes map, grow and fork where frames run out',
    processes: processes('scarce foo 2', 'scarce foo 2 13'),
    // init and these take 27 frames, and leave 17. A mapping needs 4, a child with it 8 and what it
    // writes to: where the large heap comes first a mapping fails half-way, where it comes last a
    // fork does, or a page fault.
    param: { ...SMALL, frames: 44 },
    holds: okOrKilled(2),
  },
  'full-tables': {
    summary: 'more processes and objects than there are slots',
    processes: processes('scarce a 1', 'scarce b 1', 'scarce c 1'),
    param: { ...SMALL, nproc: 5, nshm: 2, ncpu: 3 },
    holds: allOk(3),
  },
  preempted: {
    summary: 'the timer interrupts every 60 operations, wherever interrupts are on',
    processes: processes('churn foo 2', 'forkclose bar', 'leave foo'),
    param: { ...SMALL, tickInterval: 60 },
    holds: allOk(3),
  },
  'heap-window': {
    summary: 'the heap grows beside a mapping, and never into the window',
    processes: processes('shmsbrk foo'),
    param: SMALL,
    holds: allOk(1),
  },
  'heap-shrink': {
    summary: 'memory that sbrk takes away goes to another process',
    processes: processes('heapshrink', 'churn foo 2'),
    param: SMALL,
    holds: allOk(2),
  },
};
