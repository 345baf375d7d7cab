import { Kernel } from '../kernel/kernel.ts';
import { MKFSBLOCKS, MKFSINODES } from '../kernel/mkfs.ts';
import { isMutant, MUTANTS, type MutantName } from '../kernel/mutants.ts';
import { MAXARG, MAXPATH, PARAM, type Param } from '../kernel/param.ts';
import { SCENARIOS, type Scenario } from '../scenarios/index.ts';
import type { TraceHeader } from '../traces/trace.ts';
import { PROGRAMS } from '../user/programs/index.ts';
import { UsageError } from './errors.ts';
import { didYouMean } from './nearest.ts';

/** What to boot: enough to build the same kernel again, anywhere. */
export interface GuestSpec {
  /** A program of user/programs or a scenario. */
  readonly program: string;
  readonly args: readonly string[];
  readonly param: Param;
  /** Defects that are switched on, sorted. */
  readonly mutants: readonly MutantName[];
  /** Names of the detectors that watch; undefined for all. */
  readonly detectors?: readonly string[];
}

const programs = new Map(Object.entries(PROGRAMS).map(([name, entry]) => [name, entry.program]));
const scenarios = new Map(Object.entries(SCENARIOS));

/** Limits of each parameter, inclusive. */
export const PARAM_RANGES: Readonly<Record<keyof Param, readonly [number, number]>> = {
  ncpu: [1, 64],
  nproc: [2, 256],
  nshm: [1, 1024],
  nshmpg: [1, 1024],
  noshm: [1, 256],
  nofile: [3, 256],
  nfile: [1, 1024],
  ninode: [MKFSINODES, 1024],
  npipe: [1, 256],
  pipesize: [1, 4096],
  fssize: [MKFSBLOCKS, 4096],
  nvma: [1, 256],
  nobject: [1, 1024],
  nsegment: [1, 1024],
  nposix: [1, 1024],
  frames: [32, 262_144],
  tickInterval: [0, 1_000_000_000],
  stepsMax: [1, Number.MAX_SAFE_INTEGER],
  kallocFailsAt: [0, Number.MAX_SAFE_INTEGER],
};

/** Frames that a fresh process may take: image, trapframe, page tables, and room to spare. */
const FRAMES_PER_PROCESS = 12;

/** @throws UsageError for a value outside its range. */
function checkParam(param: Param): void {
  for (const [name, [least, most]] of Object.entries(PARAM_RANGES)) {
    const value = param[name as keyof Param];
    if (!Number.isSafeInteger(value) || value < least || value > most) {
      throw new UsageError(`${name} is a whole number from ${least} to ${most}, not ${value}`);
    }
  }
}

/** exec's limits, and the guest's alphabet. @throws UsageError */
function checkArgs(args: readonly string[]): void {
  if (args.length >= MAXARG)
    throw new UsageError(`a program takes ${MAXARG - 1} arguments at most`);
  for (const arg of args) {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: a NUL ends a string in the guest
    if (arg.length >= MAXPATH || /[^\x01-\x7f]/.test(arg)) {
      throw new UsageError(`a program's arguments are ASCII of ${MAXPATH - 1} bytes at most`);
    }
  }
}

/** @throws UsageError for a mutant that does not exist. */
function checkMutants(names: readonly string[]): MutantName[] {
  for (const name of names) {
    if (isMutant(name)) continue;
    throw new UsageError(
      `no mutant ${name}${didYouMean(name, Object.keys(MUTANTS)) || '; list shows them'}`,
    );
  }
  return [...new Set(names)].filter(isMutant).sort();
}

/**
 * Completes what the user asked for: a scenario brings a configuration of its own, and what the
 * user says goes before it.
 *
 * @param mutants names of mutants to switch on, in any order
 * @throws UsageError for an unknown program or mutant, arguments to a scenario, or a limit out of
 *   range.
 */
export function guestSpec(
  program: string,
  args: readonly string[],
  overrides: Partial<Param>,
  mutants: readonly string[] = [],
): GuestSpec {
  const scenario = scenarios.get(program);
  if (scenario === undefined && !programs.has(program)) {
    const hint = didYouMean(program, [...programs.keys(), ...scenarios.keys()]);
    throw new UsageError(`no program or scenario ${program}${hint || '; list shows them'}`);
  }
  if (program === 'init') throw new UsageError('init is the parent of what runs; name a program');
  if (scenario !== undefined && args.length > 0) {
    throw new UsageError(`${program} is a scenario and takes no arguments`);
  }
  checkArgs(args);
  const param = { ...PARAM, ...scenario?.param, ...overrides };
  checkParam(param);
  return { program, args, param, mutants: checkMutants(mutants) };
}

/**
 * Builds the kernel of a specification, booted.
 *
 * @throws UsageError when the machine is too small for its initial processes.
 */
export function bootGuest(spec: GuestSpec): Kernel {
  const { program, args, param } = spec;
  const scenario = scenarios.get(program);
  const processes = scenario?.processes ?? [{ name: program, argv: [program, ...args] }];
  const count = processes.length + 1;
  if (count > param.nproc) {
    throw new UsageError(`nproc ${param.nproc} is too few for ${count} processes`);
  }
  if (count * FRAMES_PER_PROCESS > param.frames) {
    throw new UsageError(`${param.frames} frames are too few for ${count} processes`);
  }
  // As pushArguments lays them out, on a stack of one page.
  const bytes = args.reduce((sum, arg) => sum + 16 * Math.ceil((arg.length + 1) / 16), 64);
  if (bytes + 8 * (args.length + 2) > 4096) {
    throw new UsageError(`the arguments of ${program} do not fit on its stack`);
  }
  const k = new Kernel(param, programs, processes, spec.mutants);
  if (scenario !== undefined) bootedFor.set(k, scenario);
  return k;
}

const bootedFor = new WeakMap<Kernel, Scenario>();

/** The scenario that `bootGuest` booted a kernel for, if it was one. */
export function scenarioOf(k: Kernel): Scenario | undefined {
  return bootedFor.get(k);
}

/** The specification that a trace was made from. @throws UsageError for one we cannot build. */
export function specOfHeader(header: TraceHeader): GuestSpec {
  if (header.guest !== 'kernel') throw new UsageError('the trace is of a bare program');
  const overrides: Partial<Record<keyof Param, number>> = { ncpu: header.cpus };
  for (const name of Object.keys(PARAM) as (keyof Param)[]) {
    const value = header.config[name];
    if (typeof value === 'number') overrides[name] = value;
  }
  const spec = guestSpec(header.program, header.args, overrides, header.mutants);
  const { detectors } = header.config;
  return typeof detectors === 'string' ? { ...spec, detectors: detectors.split(' ') } : spec;
}

/** The configuration as a trace keeps it. */
export function configOfSpec(spec: GuestSpec): Record<string, number | string> {
  const { ncpu: _, ...config } = spec.param;
  return spec.detectors === undefined ? config : { ...config, detectors: spec.detectors.join(' ') };
}
