/** Mistakes with mappings, frames and translations. */
import type { Scenario } from '../scenario.ts';
import { fatal, situation } from './situation.ts';

const MAP = 'open:foo trunc:0:4096 map:0=0 store:0:7';

export const mappings: Readonly<Record<string, Scenario>> = {
  'copy-readonly': situation('a process reads from a pipe into a page that it may only read', [
    'readinto:ro=-1',
  ]),
  'copy-lazy': situation('a process reads from a pipe into memory that it has not touched yet', [
    'readinto:heap=4 readinto:area=4',
  ]),
  'map-close': situation('one process maps an object, writes to it and closes it', [
    `${MAP} load:0=7 close:0=0`,
  ]),
  'map-map': situation('two processes map one object for the first time', [
    'open:foo trunc:0:4096 map:0=0',
    'open:foo trunc:0:4096 map:0=0',
  ]),
  'map-twice': situation('a descriptor that is mapped is mapped again', [
    `${MAP} map:0=-1 close:0=0`,
  ]),
  'map-fork': situation('a process forks with a mapping, and both exit', [`${MAP} fork load:0=7`]),
  'map-exit': situation('a process exits with a mapping', [MAP]),
  'map-exec': situation('a process executes another program with a mapping', [
    `${MAP} exec:script`,
  ]),
  'map-grow': situation('a heap grows beside a mapping', [`${MAP} sbrk:4096=0 load:0=7 close:0=0`]),
  'use-closed': fatal('a process uses a mapping that it closed', [
    // Opened twice, so that the frame lives on.
    'open:foo open:foo trunc:0:4096 map:0=0 store:0:7 close:0=0 load:0',
  ]),
  'use-shrunk': fatal('a process uses a page that it gave back', [
    'sbrk:4096=0 fill:7 sbrk:-4096 heap',
  ]),
  'use-moved': situation('a page is mapped anew while its process is on another CPU', [
    `${MAP} sleep:1 close:0=0 sbrk:4096=0 open:bar trunc:0:4096 map:0=0 sleep:1 load:0=0`,
  ]),
  'heap-heap': situation('two processes grow and shrink their heaps', [
    'sbrk:4096=0 sbrk:-4096=0',
    'sbrk:4096=0 sbrk:-4096=0',
  ]),
};
