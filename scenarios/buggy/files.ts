/** Mistakes with open files, inodes, directories and pipes. */
import type { Scenario } from '../scenario.ts';
import { situation } from './situation.ts';

export const files: Readonly<Record<string, Scenario>> = {
  'file-close': situation('a process opens and closes a file', ['openf:README=3 closef:3=0']),
  'file-read': situation('a process reads a file', ['openf:README=3 readf:3:3=xv6']),
  'read-read': situation('parent and child read a file through one descriptor', [
    'openf:README=3 fork readf:3:3 p/wait=0',
  ]),
  'write-append': situation('parent and child write to a file through one descriptor', [
    'creat:f=3 fork writef:3:a=1 p/wait=0 p/openf:f=4 p/readf:4:4=aa p/unlink:f',
  ]),
  'file-file': situation('two processes open files', ['openf:README=3', 'openf:tmp=3']),
  'file-fork': situation('a process forks with two files open', ['openf:README openf:tmp fork']),
  'create-both': situation('two processes create one file', ['creat:f=3', 'creat:f=3']),
  'write-both': situation(
    'two processes write six blocks of a file each',
    ['sbrk:24576 creat:f writen:3:24576=24576', 'sbrk:24576 creat:g writen:3:24576=24576'],
    { fssize: 16 },
  ),
  'unlink-open': situation('a file is removed while it is open', [
    'creat:f unlink:f=0 writef:3:a=1',
  ]),
  'open-missing': situation('a file that is not there is opened', ['openf:no=-1']),
  'inodes-full': situation('a file is created when inodes have run out', ['creat:f=-1'], {
    ninode: 3,
  }),
  'disk-full': situation(
    'a file grows by two blocks where one is left',
    ['sbrk:8192 creat:f writen:3:8192=-1'],
    { fssize: 5 },
  ),
  'pipe-pipe': situation('two processes make pipes', ['pipe=0', 'pipe=0']),
  'pipe-scarce': situation('a pipe is made when there is no memory for it', ['pipe=-1'], {
    kallocFailsAt: 1,
  }),
  'pipe-full': situation(
    'a pipe is written while it is full, and read',
    ['pipe fork c/writef:4:abcdefgh=8 p/closef:4 p/readf:3:4=abcd p/wait=0'],
    { pipesize: 4 },
  ),
  'pipe-broken': situation('a pipe that nobody can read is written', [
    'pipe closef:3 writef:4:a=-1',
  ]),
  'pipe-end': situation('a reader waits at a pipe whose write end is closed', [
    'pipe fork p/closef:4 p/readf:3:1',
  ]),
};
