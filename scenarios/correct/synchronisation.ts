/** Mutexes, semaphores and conditions in shared memory. */
import { allOk, numberPrinted, processes, type Scenario, SMALL } from '../scenario.ts';

const handingOver = (summary: string, how: string): Scenario => ({
  summary,
  processes: processes(`prodcons foo ${how} 3`),
  param: SMALL,
  holds: allOk(1),
});

export const synchronisation: Readonly<Record<string, Scenario>> = {
  'prodcons-spin': handingOver('producer and consumer share a buffer under a spin mutex', 'spin'),
  'prodcons-mutex': handingOver('producer and consumer share a buffer under a mutex', 'mutex'),
  'prodcons-sem': handingOver('producer and consumer wait for each other at semaphores', 'sem'),
  'prodcons-monitor': handingOver(
    'producer and consumer use a monitor: a mutex, two conditions',
    'monitor',
  ),
  'x5-mutex': {
    summary: 'x is 5; one process adds 1 and another doubles it, each with a mutex: 11 or 12',
    processes: processes('x5 foo mutex'),
    param: SMALL,
    holds: (output) => (/^x = (11|12)\n$/.test(output) ? undefined : output),
    outcome: numberPrinted,
  },
};
