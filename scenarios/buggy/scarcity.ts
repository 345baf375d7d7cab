/** Mistakes where memory is out: allocation `kallocFailsAt` of the only process that allocates. */
import type { Scenario } from '../scenario.ts';
import { situation } from './situation.ts';

export const scarcity: Readonly<Record<string, Scenario>> = {
  'heap-full': situation('a heap grows over all memory', ['sbrk:1000000=-1 sbrk:0=0']),
  'map-scarce': situation(
    'memory is out for the second page of a mapping',
    ['open:foo trunc:0:8192 map:0=-1 map:0=0 close:0=0'],
    // A frame, two tables, a frame.
    { kallocFailsAt: 4 },
  ),
  'fork-scarce': situation(
    'memory is out when a fork has copied the first of two descriptors',
    ['open:foo open:bar trunc:1:4096 map:1=0 fork=-1'],
    // Three for the mapping, six for the child, then the second table for its mapping.
    { kallocFailsAt: 11 },
  ),
  'exec-scarce': situation('memory is out half-way through an exec', ['exec:script=-1'], {
    kallocFailsAt: 6,
  }),
};
