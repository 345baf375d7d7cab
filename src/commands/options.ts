import { randomInt } from 'node:crypto';
import { type Command, InvalidArgumentError } from 'commander';
import type { Param } from '../../kernel/param.ts';
import { PARAM_RANGES } from '../guest.ts';

/** A parser for a whole number in a range, inclusive. */
export function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = /^-?\d+$/.test(text) ? Number(text) + 0 : Number.NaN;
    if (Number.isSafeInteger(value) && value >= least && value <= most) return value;
    throw new InvalidArgumentError(`It must be a whole number from ${least} to ${most}.`);
  };
}

/** Any safe integer, as the trace format allows; -0 is 0. */
export const parseSeed = wholeNumber(Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);

/** A seed for a run that was given none: short enough to type again. */
export function drawSeed(): number {
  return randomInt(2 ** 31);
}

const LIMITS: readonly (readonly [flag: string, param: keyof Param, what: string])[] = [
  ['--nproc <n>', 'nproc', 'processes'],
  ['--nshm <n>', 'nshm', 'shared-memory objects in the system'],
  ['--nshmpg <n>', 'nshmpg', 'pages of a shared-memory object'],
  ['--noshm <n>', 'noshm', 'shared-memory descriptors of a process'],
  ['--frames <n>', 'frames', 'frames of memory'],
  ['--tick-interval <n>', 'tickInterval', 'operations between timer interrupts of a CPU; 0: none'],
  ['--steps-max <n>', 'stepsMax', 'operations after which a run is called endless'],
  ['--kalloc-fails-at <n>', 'kallocFailsAt', 'make the n-th allocation of a frame fail; 0: none'],
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

/** The limits that the user gave. */
export function givenLimits(options: Readonly<Record<string, unknown>>): Partial<Param> {
  const given: Partial<Record<keyof Param, number>> = {};
  for (const [, param] of LIMITS) {
    const value = options[param];
    if (typeof value === 'number') given[param] = value;
  }
  return given;
}

/** The three commands that every help ends with. */
export function examples(...lines: readonly [string, string, string]): string {
  return `\nExamples:\n${lines.map((line) => `  $ xv6-replay ${line}`).join('\n')}\n`;
}
