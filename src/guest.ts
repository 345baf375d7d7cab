import { Kernel } from '../kernel/kernel.ts';
import { PARAM, type Param } from '../kernel/param.ts';
import { SCENARIOS } from '../scenarios/index.ts';
import type { TraceHeader } from '../traces/trace.ts';
import { PROGRAMS } from '../user/programs/index.ts';
import { UsageError } from './errors.ts';

/** What to boot: enough to build the same kernel again, anywhere. */
export interface GuestSpec {
  /** A program of user/programs or a scenario. */
  readonly program: string;
  readonly args: readonly string[];
  readonly param: Param;
}

const programs = new Map(Object.entries(PROGRAMS).map(([name, entry]) => [name, entry.program]));

/** Limits of each parameter, inclusive. */
const RANGES: Readonly<Record<keyof Param, readonly [number, number]>> = {
  ncpu: [1, 64],
  nproc: [2, 256],
  nshm: [1, 1024],
  nshmpg: [1, 1024],
  noshm: [1, 256],
  frames: [32, 262_144],
  tickInterval: [0, 1_000_000_000],
  stepsMax: [1, Number.MAX_SAFE_INTEGER],
  kallocFailsAt: [0, Number.MAX_SAFE_INTEGER],
};

/** @throws UsageError for a value outside its range. */
function checkParam(param: Param): void {
  for (const [name, [least, most]] of Object.entries(RANGES)) {
    const value = param[name as keyof Param];
    if (!Number.isSafeInteger(value) || value < least || value > most) {
      throw new UsageError(`${name} is a whole number from ${least} to ${most}, not ${value}`);
    }
  }
}

/**
 * Completes what the user asked for: a scenario brings a configuration of its own, and what the
 * user says goes before it.
 *
 * @throws UsageError for an unknown program, arguments to a scenario, or a limit out of range.
 */
export function guestSpec(
  program: string,
  args: readonly string[],
  overrides: Partial<Param>,
): GuestSpec {
  const scenario = SCENARIOS[program];
  if (scenario === undefined && PROGRAMS[program] === undefined) {
    throw new UsageError(`no program or scenario ${program}; xv6-replay list shows them`);
  }
  if (scenario !== undefined && args.length > 0) {
    throw new UsageError(`${program} is a scenario and takes no arguments`);
  }
  const param = { ...PARAM, ...scenario?.param, ...overrides };
  checkParam(param);
  return { program, args, param };
}

/**
 * Builds the kernel of a specification, booted.
 *
 * @throws UsageError when the machine is too small for its initial processes.
 */
export function bootGuest(spec: GuestSpec): Kernel {
  const processes = SCENARIOS[spec.program]?.processes ?? [
    { name: spec.program, argv: [spec.program, ...spec.args] },
  ];
  if (processes.length + 1 > spec.param.nproc) {
    throw new UsageError(
      `nproc ${spec.param.nproc} is too few for ${processes.length + 1} processes`,
    );
  }
  return new Kernel(spec.param, programs, processes);
}

/** The specification that a trace was made from. @throws UsageError for one we cannot build. */
export function specOfHeader(header: TraceHeader): GuestSpec {
  if (header.guest !== 'kernel') throw new UsageError('the trace is of a bare program');
  const overrides: Partial<Record<keyof Param, number>> = { ncpu: header.cpus };
  for (const name of Object.keys(PARAM) as (keyof Param)[]) {
    const value = header.config[name];
    if (typeof value === 'number') overrides[name] = value;
  }
  return guestSpec(header.program, header.args, overrides);
}

/** The configuration as a trace keeps it. */
export function configOfSpec(spec: GuestSpec): Record<string, number> {
  const { ncpu: _, ...config } = spec.param;
  return config;
}
