/** Files and pipes that several processes use at the same time. */
import { allOk, okOrKilled, processes, type Scenario, SMALL } from '../scenario.ts';

export const files: Readonly<Record<string, Scenario>> = {
  'two-open-unlink': {
    summary: 'two processes create, write, unlink and close one file',
    processes: processes('filerace f 1', 'filerace f 1'),
    param: SMALL,
    holds: allOk(2),
  },
  'unlink-race': {
    summary: 'three processes make and remove one file, in a directory of their own',
    processes: processes('filerace tmp/f 2', 'filerace tmp/f 2', 'filerace f 2'),
    param: { ...SMALL, ncpu: 3, ninode: 7 },
    holds: allOk(3),
  },
  'read-write': {
    summary: 'two processes each write a file and read it again',
    processes: processes('readwrite f 3', 'readwrite g 5'),
    param: SMALL,
    holds: allOk(2),
  },
  'shared-offset': {
    summary: 'parent and child write through one descriptor, and others use the table',
    processes: processes('sharedfd f 2', 'filerace g 1'),
    param: SMALL,
    holds: allOk(2),
  },
  'pipe-two': {
    summary: 'a writer and a reader of a pipe that holds less than a write',
    processes: processes('pipetest 12 10'),
    param: SMALL,
    holds: allOk(1),
  },
  'pipe-bytes': {
    summary: 'the same with a pipe of seven bytes, which tears every word, and another beside it',
    processes: processes('pipetest 4 3', 'pipetest 4 1'),
    param: { ...SMALL, ncpu: 3, pipesize: 7 },
    holds: allOk(2),
  },
  'pipe-kill': {
    summary: 'children that spin with a pipe open are killed; the timer interrupts them',
    processes: processes('preempt', 'filerace f 1'),
    param: { ...SMALL, tickInterval: 150 },
    holds: allOk(2),
  },
  'files-scarce': {
    summary: 'descriptors, files, inodes, blocks, pipes and processes run out',
    processes: processes('filescarce f 2', 'filescarce g 2', 'filescarce tmp/h 2'),
    param: { ...SMALL, nproc: 6, nfile: 5, ninode: 5, npipe: 1, fssize: 7, ncpu: 3 },
    holds: allOk(3),
  },
  'files-oom': {
    summary: 'pipes and children find no memory while files are in use',
    processes: processes('filescarce f 2', 'scarce foo 2 13'),
    param: { ...SMALL, frames: 44 },
    holds: okOrKilled(2),
  },
};
