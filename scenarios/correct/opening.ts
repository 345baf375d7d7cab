/** Who opens, sizes and closes objects at the same time. */
import { allOk, processes, type Scenario, SMALL } from '../scenario.ts';

export const opening: Readonly<Record<string, Scenario>> = {
  'two-open-close': {
    summary: 'two processes open, size, map, close one name and exit',
    processes: processes('churn foo 1', 'churn foo 1'),
    param: SMALL,
    holds: allOk(2),
  },
  'open-race': {
    summary: 'three processes make and destroy one name: who finds it, who creates it?',
    processes: processes('churn foo 2', 'churn foo 2', 'churn foo 2'),
    param: { ...SMALL, ncpu: 3 },
    holds: allOk(3),
  },
  strangers: {
    summary: 'objects of different names compete for slots and share no frame',
    processes: processes('churn foo 2', 'shmfork bar', 'rofault baz'),
    param: { ...SMALL, ncpu: 3 },
    holds: allOk(3),
  },
  'trunc-race': {
    summary: 'three processes size one object and exactly one succeeds',
    processes: processes('truncrace foo 3'),
    param: { ...SMALL, ncpu: 3 },
    holds: allOk(1),
  },
  reuse: {
    summary: 'one slot for two names: it is freed and reused between look-up and use (ABA)',
    processes: processes('scarce foo 2', 'scarce bar 2'),
    param: { ...SMALL, nshm: 1 },
    holds: allOk(2),
  },
  'no-descriptors': {
    summary: 'an open finds all descriptors in use and takes no reference',
    processes: processes('limits 4 2 4'),
    param: { ...SMALL, noshm: 2 },
    holds: allOk(1),
  },
  'bad-close': {
    summary: 'calls that fail leave locks and objects in order for others',
    processes: processes('badcalls foo', 'churn bar 1'),
    param: SMALL,
    holds: allOk(2),
  },
  'close-unmapped': {
    summary: 'the last close is of a process that never mapped the object',
    processes: processes('unmapped foo'),
    param: SMALL,
    holds: allOk(1),
  },
};
