/** POSIX shared memory that several processes make, size, use and unlink. */
import { processes, type Scenario, SMALL } from '../scenario.ts';

/** As allOk, with the reports of processes that lost their page between the verdicts. */
const allOk =
  (count: number) =>
  (output: string): string | undefined => {
    const verdicts = output.match(/named: pid \d+: ok, \d+ rounds\n/g) ?? [];
    return verdicts.length === count ? undefined : output;
  };

export const posix: Readonly<Record<string, Scenario>> = {
  'named-race': {
    summary: 'processes make, size, map, shrink and unlink the objects of one name',
    processes: processes('named a 1', 'named a 2', 'named a 1'),
    param: { ...SMALL, ncpu: 3, nproc: 8 },
    holds: allOk(3),
  },
  'named-two': {
    summary: 'an object shrinks under the mapping of a process on another CPU',
    processes: processes('named a 1', 'named a 1'),
    param: SMALL,
    holds: allOk(2),
  },
};
