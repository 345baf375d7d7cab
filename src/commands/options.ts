import { randomInt } from 'node:crypto';
import { InvalidArgumentError } from 'commander';
import { MEMORY_MODELS, type MemoryModel } from '../../machine/index.ts';

/** A parser for a whole number in a range, inclusive. */
export function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = /^-?\d+$/.test(text) ? Number(text) + 0 : Number.NaN;
    if (Number.isSafeInteger(value) && value >= least && value <= most) return value;
    throw new InvalidArgumentError(`It must be a whole number from ${least} to ${most}.`);
  };
}

const parseMebibytes = wholeNumber(64, 1024);

/** How memory orders stores; or, for a kernel in a file, how much there is, in MiB. */
export function parseMemory(text: string): MemoryModel | number {
  if (/^\d/.test(text)) return parseMebibytes(text);
  return parseModel(text);
}

export function parseModel(text: string): MemoryModel {
  const model = MEMORY_MODELS.find((each) => each === text);
  if (model !== undefined) return model;
  throw new InvalidArgumentError(`It must be ${MEMORY_MODELS.join(', ')}.`);
}

/** Any safe integer, as the trace format allows; -0 is 0. */
export function parseSeed(text: string): number {
  const seed = /^-?\d+$/.test(text) ? Number(text) + 0 : Number.NaN;
  if (Number.isSafeInteger(seed)) return seed;
  throw new InvalidArgumentError('It must be a whole number of less than 2^53, with or without -.');
}

/** Names between commas, one at least, and those of the option before, if it is given twice. */
export function parseNames(text: string, before: readonly string[] = []): readonly string[] {
  const names = text.split(',').filter((name) => name !== '');
  if (names.length > 0) return [...before, ...names];
  throw new InvalidArgumentError('It must be names, with commas between them.');
}

/** The name of a file that is to be written. */
export function parseFile(text: string): string {
  if (text !== '') return text;
  throw new InvalidArgumentError('It must be the name of a file.');
}

/** A seed for a run that was given none: short enough to type again. */
export function drawSeed(): number {
  return randomInt(2 ** 31);
}

/** The three commands that every help ends with. */
export function examples(...lines: readonly [string, string, string]): string {
  return `\nExamples:\n${lines.map((line) => `  $ xv6-replay ${line}`).join('\n')}\n`;
}
