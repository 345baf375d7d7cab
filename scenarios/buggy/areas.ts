/** Mistakes with page faults, copy on write and mapped areas. */
import type { Scenario } from '../scenario.ts';
import { fatal, KILLED, situation } from './situation.ts';

const HEAP = 'sbrk:4096=0 fill:7';
const FILE = 'creat:f=3 writef:3:abcd=4';
/** The bytes of "zzzz" as a word. */
const ZZZZ = 0x7a7a7a7a;

/** It depends on who came first. */
function survivedOrKilled(output: string): string | undefined {
  return output === '' || KILLED.test(output) ? undefined : output;
}

export const areas: Readonly<Record<string, Scenario>> = {
  'cow-fork': situation('a process forks while its parent writes to what they share', [
    `${HEAP} fork c/fork p/fill:8`,
  ]),
  'cow-cow': situation('a process and its child write to one page', [
    `${HEAP} fork heap=7 fill:8 heap=8`,
  ]),
  'cow-parent': situation('a process writes to a page that its child has', [
    `${HEAP} fork p/fill:8 c/heap=7`,
  ]),
  'cow-copyout': situation('the kernel writes to a page that a process has from its parent', [
    `${HEAP} fork c/exit:3 heap=7 waitheap=0 heap=3`,
  ]),
  'cow-scarce': fatal(
    'memory is out for the copy of a page',
    [`${HEAP} fork c/sleep:1 p/fill:8`],
    // A page, six for the child.
    { ncpu: 1, kallocFailsAt: 8 },
  ),
  'fault-scarce': fatal(
    'memory is out for the table of the first page of an area',
    ['mmap:1:p=0 put:0:7'],
    { kallocFailsAt: 2 },
  ),
  'fault-fault': situation('two processes touch a page of an area for the first time', [
    'mmap:1:s=0 fork c/put:0:7:1 p/put:0:7:2',
  ]),
  'use-unmapped': fatal('a process uses an area that it unmapped', [
    'mmap:1:p=0 put:0:7 munmap:0:1=0 get:0',
  ]),
  'area-split': situation('a process unmaps the middle of a shared area', [
    'mmap:3:s=0 put:0:7 put:2:8 munmap:1:1=0 get:0=7 get:2=8',
  ]),
  'area-split-fork': situation('a child has what was left when its parent unmapped the middle', [
    'mmap:3:s=0 put:0:7 put:2:8 munmap:1:1=0 fork get:0=7 get:2=8',
  ]),
  'area-fork': situation('a process forks with a shared area, and both exit', [
    'mmap:1:s=0 put:0:7 fork get:0=7',
  ]),
  'area-fork-scarce': situation(
    'memory is out when a fork copies the areas',
    ['mmap:1:s=0 mmap:1:p=0 put:0:7 fork=-1 get:0=7'],
    // A page and a table, six for the child, then the table for the area.
    { kallocFailsAt: 9 },
  ),
  'area-exec': situation('a process executes another program with an area', [
    'mmap:1:p=0 put:0:7 exec:script',
  ]),
  'area-exit': situation('a process exits with an area', ['mmap:1:s=0 put:0:7']),
  'file-area': situation('a process writes to a file through a mapping', [
    `${FILE} mmapf:3:s=0 put:0:${ZZZZ} munmap:0:1=0 openf:f=4 readf:4:4=zzzz unlink:f`,
  ]),
  'file-area-read': situation('a process writes to a file that it has mapped and read', [
    `${FILE} mmapf:3:s=0 get:0 creat:f=4 writef:4:zzzz munmap:0:1=0 openf:f=5 readf:5:4=zzzz unlink:f`,
  ]),
  'file-area-unlink': situation('a process closes and unlinks a file that it has mapped', [
    `${FILE} mmapf:3:p=0 closef:3=0 unlink:f=0 get:0`,
  ]),
  'file-area-cut': {
    ...situation('a process uses a page of a file that another cuts', [
      `${FILE} mmapf:3:s=0 get:0 fork p/truncf:f=4 ${'c/get:0 c/sbrk:0 '.repeat(7)}p/wait p/unlink:f`,
    ]),
    holds: survivedOrKilled,
  },
  'file-area-touch': {
    ...situation('a process touches a page of a file for the first time while another cuts it', [
      `${FILE} mmapf:3:s=0 fork p/truncf:f=4 ${'c/sbrk:0 '.repeat(3)}c/get:0 p/wait p/unlink:f`,
    ]),
    holds: survivedOrKilled,
  },
  'heap-area': situation('a heap grows to where an area is', [
    'mmap:1:p:5=0 put:0:7 sbrk:12288=-1 sbrk:8192=0 get:0=7',
  ]),
};
