/** Processes that fork, exit, fault, are killed or execute while they hold shared memory. */
import { allOk, processes, type Scenario, SMALL } from '../scenario.ts';

export const lifecycle: Readonly<Record<string, Scenario>> = {
  'close-exit': {
    summary: 'one process closes an object while another exits with it open',
    processes: processes('churn foo 2', 'leave foo', 'leave foo'),
    param: SMALL,
    holds: allOk(3),
  },
  'fork-close': {
    summary: 'parent and child close what they share at the same time',
    processes: processes('forkclose foo'),
    param: SMALL,
    holds: allOk(1),
  },
  'orphan-close': {
    summary: 'a parent exits while its child closes what it inherited',
    processes: processes('orphan foo', 'orphan foo2'),
    param: SMALL,
    holds: allOk(2),
  },
  'kill-holder': {
    summary: 'a process is killed anywhere between its open and its sleep with a mapping',
    processes: processes('killer foo', 'churn bar 1'),
    param: SMALL,
    holds: allOk(2),
  },
  'fault-holder': {
    summary: 'processes die of their accesses while others use the frames',
    processes: processes('rofault foo', 'afterclose bar'),
    param: SMALL,
    holds: allOk(2),
  },
  'exec-close': {
    summary: 'exec closes an object while others make and destroy theirs',
    processes: processes('execclose foo', 'churn bar 2'),
    param: SMALL,
    holds: allOk(2),
  },
  slices: {
    summary: 'processes fill slices of one object, which is then verified',
    processes: processes('shmtest foo 8192 3'),
    param: { ...SMALL, ncpu: 3 },
    holds: (output) => (/, ok\n$/.test(output) ? undefined : output),
  },
  'fork-fork': {
    summary: 'two processes fork at the same time with the same object open',
    processes: processes('scarce foo 1', 'scarce foo 1'),
    param: SMALL,
    holds: allOk(2),
  },
  migrate: {
    summary: 'a process changes CPUs between mapping and unmapping at one address',
    processes: processes('wander foo 3', 'churn bar 2'),
    param: SMALL,
    holds: allOk(2),
  },
};
