/** System V segments that several processes make, use and remove. */
import { allOk, processes, type Scenario, SMALL } from '../scenario.ts';

export const sysv: Readonly<Record<string, Scenario>> = {
  'complete-example': {
    summary: 'a semaphore, a counter and a message in a segment: five writes, five reads',
    processes: processes('complete 7'),
    param: SMALL,
    holds: allOk(1),
  },
  'segment-race': {
    summary: 'processes make, attach, fork with and remove the segment of one key',
    processes: processes('segments 7 2', 'segments 7 2', 'segments 7 1'),
    param: { ...SMALL, ncpu: 3, nproc: 8, nsegment: 2 },
    holds: allOk(3),
  },
};
