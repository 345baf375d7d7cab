/** Mistakes with page faults, copy on write and mapped areas. */
import type { Scenario } from '../scenario.ts';
import { fatal, situation } from './situation.ts';

const HEAP = 'sbrk:4096=0 fill:7';

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
  'heap-area': situation('a heap grows to where an area is', [
    'mmap:1:p:5=0 put:0:7 sbrk:12288=-1 sbrk:8192=0 get:0=7',
  ]),
};
