/** Mistakes with objects, names, descriptors and counts. */
import type { Scenario } from '../scenario.ts';
import { situation } from './situation.ts';

export const objects: Readonly<Record<string, Scenario>> = {
  'open-close': situation('one process opens an object and closes it', ['open:foo=0 close:0=0']),
  'open-again': situation('a process opens an object after it has closed one', [
    'open:foo=0 close:0=0 open:foo=0',
  ]),
  'open-open': situation('two processes open one new name', ['open:foo', 'open:foo']),
  'open-others': situation('two processes open different names', ['open:foo', 'open:bar']),
  'open-last': situation('one opens what the other closes', ['open:foo close:0', 'open:foo']),
  'open-full': situation(
    'an open finds no free descriptor',
    ['open:foo=0 open:foo=-1 close:0=0 close:0=-1'],
    { noshm: 1 },
  ),
  'close-closed': situation('a descriptor that is not open is closed', [
    'close:0=-1 open:foo=0 close:0=0',
  ]),
  'trunc-twice': situation('an object is given a size twice', [
    'open:foo trunc:0:4096=4096 trunc:0:8192=-1',
  ]),
  'trunc-trunc': situation('two processes give one object different sizes', [
    'open:foo trunc:0:4096',
    'open:foo trunc:0:8192',
  ]),
};
