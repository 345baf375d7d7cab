import { PARAM } from '../kernel/param.ts';
import type { Trace } from '../traces/reader.ts';
import { UsageError } from './errors.ts';
import { limitsOfHeader } from './subject/kernel-spec.ts';

/*
 * What a trace may ask of whoever replays it, by its size: a few bytes can name a machine of a gigabyte,
 * or steps without end. What any run without options asks for is always allowed. Measured: a frame takes
 * 8.5 kB of memory with all detectors, a page of a shared object 190 bytes, and a million steps 0.1 s.
 */

/** Memory of a machine beyond that of the program, in bytes. */
const MEMORY_FREE = 2 ** 27;
const MEMORY_PER_BYTE = 200;
const FRAME = 8_500;
const PAGE = 190;
/** Steps of an execution. */
const STEPS_FREE = PARAM.stepsMax;
const STEPS_PER_BYTE = 20;

const IF_TRUSTED = 'if you trust it: --unbounded';

/**
 * How many steps a replay of this trace may take.
 *
 * @throws UsageError, one line, when it asks for more memory or steps than a trace of its size may.
 */
export function affordable({ header, end, size }: Trace): number {
  const steps = STEPS_FREE + STEPS_PER_BYTE * size;
  if (header === undefined) return steps;
  const { frames, nshm, nshmpg } = { ...PARAM, ...limitsOfHeader(header) };
  const memory = FRAME * frames + PAGE * nshm * nshmpg;
  if (header.guest === 'kernel' && memory > MEMORY_FREE + MEMORY_PER_BYTE * size) {
    const asked = `a machine of about ${Math.ceil(memory / 2 ** 20)} MiB`;
    throw new UsageError(`the trace asks for ${asked}, more than its size suggests; ${IF_TRUSTED}`);
  }
  if (end !== undefined && end.steps > steps) throw tooLong(end.steps);
  return steps;
}

/** A trace whose execution goes on and on. */
export function tooLong(steps: number): UsageError {
  const asked = `${steps.toLocaleString('en')} steps or more`;
  return new UsageError(`the trace asks for ${asked}, more than its size suggests; ${IF_TRUSTED}`);
}
