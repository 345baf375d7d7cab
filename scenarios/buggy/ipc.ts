/** Mistakes with System V segments, POSIX objects and futexes. */
import type { Scenario } from '../scenario.ts';
import { situation } from './situation.ts';

export const ipc: Readonly<Record<string, Scenario>> = {
  'segment-remove': situation('a segment is removed while another attaches and detaches', [
    'shmget:7 shmat shmdt',
    'shmget:7 rmid',
  ]),
  'segment-leave': situation('two processes detach from one segment', [
    'shmget:7 shmat shmdt',
    'shmget:7 shmat shmdt',
  ]),
  'segment-marked': situation('a segment is removed while it is attached', [
    'shmget:7=0 shmat=0 rmid=0 shmat=-1 peek=0 shmdt=0',
  ]),
  'segment-fork': situation('a process forks with a segment attached', [
    'shmget:7=0 shmat=0 rmid=0 fork peek=0 shmdt=0',
  ]),
  'segment-again': situation('a slot of the table of segments is used a second time', [
    'shmget:7=0 rmid=0 shmget:8=0 shmat:0=-1 shmat:1=0 shmdt=0 rmid=0',
  ]),
  'segment-exclusive': situation('two processes make the segment of one key, if there is none', [
    'shmgetx:7',
    'shmgetx:7',
  ]),
  'posix-exclusive': situation('two processes make the object of one name, if there is none', [
    'posixx:a',
    'posixx:a',
  ]),
  'posix-grow': situation('an object gets a size', ['posix:a=3 ftruncate:3:1=0']),
  'posix-open-both': situation('two processes open one new name', ['posix:a=3', 'posix:a=3']),
  'posix-open-unlink': situation('one opens a name that the other removes', [
    'posix:b=3 pclose:3=0 posix:a=3',
    'posix:a=3 pclose:3=0 shmunlink:a',
  ]),
  'posix-close-unlink': situation('one closes a name that the other removes', [
    'posix:a=3 pclose:3=0',
    'posix:b=3 shmunlink:a',
  ]),
  'posix-unlinked': situation('a name is removed while its object is open and mapped', [
    'posix:a=3 ftruncate:3:1=0 pmap:3:1=0 shmunlink:a=0 poke:0:7=0 peek=7 pclose:3=0 peek=7',
  ]),
  'futex-raise': situation('one waits for a word that another changes, and wakes', [
    'shmget:7=0 shmat=0 rmid=0 fork p/await=0 p/wait=0 c/raise',
  ]),
  'futex-lone': situation('a child waits for a word of its own memory, which its parent has too', [
    'meet:lone:own=0',
  ]),
  'futex-moved': situation('one waits for a word that another has mapped elsewhere', [
    'shmget:7=0 shmat=0 fork p/await=0 p/wait=0 p/rmid=0 c/shmat=0 c/raise',
  ]),
};
