import type { Command } from 'commander';
import type { Param } from '../../kernel/param.ts';
import { PARAM_RANGES } from '../subject/kernel-spec.ts';
import { wholeNumber } from './options.ts';

const LIMITS: readonly (readonly [flag: string, param: keyof Param, what: string])[] = [
  ['--nproc <n>', 'nproc', 'processes'],
  ['--nshm <n>', 'nshm', 'shared-memory objects in the system'],
  ['--nshmpg <n>', 'nshmpg', 'pages of a shared-memory object'],
  ['--noshm <n>', 'noshm', 'shared-memory descriptors of a process'],
  ['--nofile <n>', 'nofile', 'file descriptors of a process'],
  ['--nfile <n>', 'nfile', 'open files in the system'],
  ['--ninode <n>', 'ninode', 'files and directories on the disk'],
  ['--npipe <n>', 'npipe', 'pipes in the system'],
  ['--pipesize <n>', 'pipesize', 'bytes that a pipe holds'],
  ['--fssize <n>', 'fssize', 'blocks of the disk'],
  ['--nvma <n>', 'nvma', 'mappings of a process'],
  ['--nobject <n>', 'nobject', 'objects behind shared mappings'],
  ['--nsegment <n>', 'nsegment', 'System V segments'],
  ['--nposix <n>', 'nposix', 'POSIX shared-memory objects'],
  ['--frames <n>', 'frames', 'frames of memory'],
  ['--tick-interval <n>', 'tickInterval', 'operations between timer interrupts of a CPU; 0: none'],
  ['--steps-max <n>', 'stepsMax', 'operations after which a run is called endless'],
  [
    '--kalloc-fails-at <n>',
    'kallocFailsAt',
    'make the n-th allocation of a frame fail; 0: no failure',
  ],
  ['--ticks <n>', 'ticks', 'timer interrupts of each CPU that may come at any operation'],
  ['--idle-waits <n>', 'idleWaits', '1: idle CPUs take processes in turn, as in a search'],
];

/** Adds the kernel's limits, which a scenario may set too. */
export function addLimits(command: Command, defaults: Param): void {
  command.optionsGroup('Limits of the kernel:');
  for (const [flag, param, what] of LIMITS) {
    const [least, most] = PARAM_RANGES[param];
    const usual = `(usually ${defaults[param]})`;
    command.option(
      flag,
      defaults[param] === 0 ? what : `${what} ${usual}`,
      wholeNumber(least, most),
    );
  }
}

/** The option that sets a parameter, as people type it. */
export function flagOf(param: string): string {
  const [flag] = LIMITS.find(([, its]) => its === param) ?? ['--cpus'];
  return flag.replace(/ .*/, '');
}

/** The limits that the user gave. */
export function givenLimits(options: Readonly<Record<string, unknown>>): Partial<Param> {
  const given: Partial<Record<keyof Param, number>> = {};
  for (const [, param] of LIMITS) {
    const value = options[param];
    if (typeof value === 'number') given[param] = value;
  }
  return given;
}
