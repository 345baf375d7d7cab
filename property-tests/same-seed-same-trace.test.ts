import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, it } from 'vitest';

import { makeStrategy } from '../scheduler/strategies.ts';
import { guestSpec } from '../src/subject/kernel-spec.ts';
import { readTrace } from '../traces/reader.ts';
import { folder, xv6 } from './built.ts';
import { record, recordAgain } from './golden-runs.ts';
import { anyRun } from './kernel-runs.ts';

it('the same seed, program and configuration give the same trace, byte for byte', () => {
  fc.assert(
    fc.property(anyRun, (what) => {
      expect(Buffer.compare(record(what()), record(what()))).toBe(0);
    }),
    { numRuns: 40 },
  );
});

it.each(['round-robin', 'random'])('every seed gives a schedule of its own under %s', (name) => {
  const spec = guestSpec('shmtest', ['foo', '8192', '4'], {});
  const schedules = [0, 1, 2, 3, 42, 43, -1, 2 ** 31, 2 ** 32, 2 ** 32 + 1, 2 ** 53 - 1].map(
    (seed) => {
      const strategy = makeStrategy(name);
      if (strategy === undefined) throw new Error(`there is no strategy ${name}`);
      return JSON.stringify([...readTrace(record({ spec, seed, strategy })).choices]);
    },
  );
  expect(new Set(schedules).size).toBe(schedules.length);
});

it('the built command line records, in processes of its own, what a run here records', () => {
  const cwd = folder();
  const ran = [
    ['--seed', '42', '--', 'foo', '8192', '4'],
    [
      '--seed',
      '-3',
      '--cpus',
      '3',
      '--strategy',
      'random',
      '--detail',
      '2',
      '--',
      'b',
      '4096',
      '2',
    ],
    ['--seed', '9', '--steps-max', '300', '--', 'b', '4096', '2'],
  ];
  for (const [i, args] of ran.entries()) {
    const files = ['a', 'b'].map((name) => {
      const path = `${name}${i}.xrt`;
      xv6(cwd, ['run', 'shmtest', '--record', path, ...args]);
      return readFileSync(join(cwd, path));
    });
    const [a, b] = files as [Buffer, Buffer];
    expect(a.equals(b)).toBe(true);
    const { header } = readTrace(a);
    if (header === undefined) throw new Error('the header is lost');
    expect(a.equals(recordAgain(header))).toBe(true);
  }
});
