/**
 * Programs that use shared memory without synchronisation, on the kernel as it is: what each detector
 * that sees them must find is a race of the user's.
 */
import { processes, type Scenario, SMALL } from '../scenario.ts';

export const unsynchronised: Readonly<Record<string, Scenario>> = {
  'x5-race': {
    summary: 'x is 5; one process adds 1 and another doubles it: 11, 12, or an update is lost',
    processes: processes('x5 foo none'),
    param: SMALL,
    shows: 'race',
    holds: (output) => (/^x = (6|10|11|12)\n$/.test(output) ? undefined : output),
  },
  'prodcons-race': {
    summary: 'producer and consumer share a buffer without synchronisation: updates get lost',
    processes: processes('prodcons foo none 3'),
    param: SMALL,
    shows: 'race',
    holds: (output) => (/^prodcons: pid 2: .*\n$/.test(output) ? undefined : output),
  },
};
