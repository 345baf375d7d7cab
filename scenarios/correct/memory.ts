/** Mapped files and anonymous memory, copied on write and shared, with all that goes on beside. */
import { allOk, okOrKilled, processes, type Scenario, SMALL } from '../scenario.ts';

export const memory: Readonly<Record<string, Scenario>> = {
  'map-file': {
    summary: 'two processes map files of their own, write to them and unmap parts',
    processes: processes('testmmap f', 'testmmap g'),
    param: SMALL,
    holds: allOk(2),
  },
  'map-file-fork': {
    summary: 'parents and children share mappings and have copies, in two families',
    processes: processes('testmmfork f', 'testmmfork g'),
    param: { ...SMALL, ncpu: 3 },
    holds: allOk(2),
  },
  'map-beside': {
    summary: 'a family maps a file while others fork, map shared memory and write files',
    processes: processes('testmmfork f', 'shmfork foo', 'filerace g 1'),
    param: { ...SMALL, nproc: 7, ncpu: 3 },
    holds: allOk(3),
  },
  'map-preempted': {
    summary: 'the timer interrupts page faults every 60 operations',
    processes: processes('testmmfork f'),
    param: { ...SMALL, tickInterval: 60 },
    holds: allOk(1),
  },
  'map-oom': {
    summary: 'two families map, fork and copy where frames run out',
    processes: processes(
      `script mmap:3:s put:0:7 fork p/put:1:7:1 c/put:1:7:2 mmap:3:p put:0:1 put:2:2 munmap:1:1 wait`,
      'scarce foo 1',
    ),
    // init and these take 27 frames.
    param: { ...SMALL, frames: 44 },
    holds: okOrKilled(1),
  },
};
