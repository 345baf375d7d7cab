/**
 * Programs that use shared memory without synchronisation, on the kernel as it is: the race that is
 * found is their own.
 */
import { numberPrinted, processes, type Scenario, SMALL } from '../scenario.ts';

export const unsynchronised: Readonly<Record<string, Scenario>> = {
  'x5-race': {
    summary: 'x is 5; one process adds 1 and another doubles it: 11, 12, or an update is lost',
    processes: processes('x5 foo none'),
    param: SMALL,
    races: true,
    holds: (output) => (/^x = (6|10|11|12)\n$/.test(output) ? undefined : output),
    outcome: numberPrinted,
  },
  'prodcons-race': {
    summary: 'producer and consumer share a buffer without synchronisation: updates get lost',
    processes: processes('prodcons foo none 3'),
    param: SMALL,
    races: true,
    holds: (output) => (/^prodcons: pid 2: .*\n$/.test(output) ? undefined : output),
  },
};
