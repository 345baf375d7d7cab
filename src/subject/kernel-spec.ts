import { Kernel } from '../../kernel/kernel.ts';
import { MKFSBLOCKS, MKFSINODES } from '../../kernel/mkfs.ts';
import { isMutant, MUTANTS, type MutantName } from '../../kernel/mutants.ts';
import { MAXARG, MAXPATH, PARAM, type Param } from '../../kernel/param.ts';
import { MEMORY_MODELS, type MemoryModel } from '../../machine/index.ts';
import { SCENARIOS, type Scenario } from '../../scenarios/index.ts';
import type { TraceHeader } from '../../traces/trace.ts';
import { PROGRAMS } from '../../user/programs/index.ts';
import type { Program } from '../../user/ulib.ts';
import { UsageError } from '../errors.ts';
import { didYouMean } from '../nearest.ts';

/** What to boot: enough to build the same kernel again, anywhere. */
export interface GuestSpec {
  /** A program of user/programs or a scenario. */
  readonly program: string;
  /** Of the program; after a `+`, the name and arguments of one that starts beside it. */
  readonly args: readonly string[];
  readonly param: Param;
  /** Defects that are switched on, sorted. */
  readonly mutants: readonly MutantName[];
  /** Names of the detectors that watch; undefined for all. */
  readonly detectors?: readonly string[];
  /** How memory orders stores; `sc` if left out. */
  readonly memory?: MemoryModel;
  /** A user's own scenario, which `program` names; nothing of ours goes by that name then. */
  readonly own?: OwnGuest;
}

/** What a user's own scenario brings. */
export interface OwnGuest {
  readonly scenario: Scenario;
  /** Besides ours, and before them. */
  readonly programs: ReadonlyMap<string, Program>;
  /** Names the version of its code. */
  readonly fingerprint: string;
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
  ticks: [0, 1_000_000],
  idleWaits: [0, 1],
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

/** Between the command lines of processes that start together. */
const BESIDE = '+';

/** The processes of `churn foo 1 + churn bar 2`. */
function processesOf(words: readonly string[]): Scenario['processes'] {
  const all: string[][] = [[]];
  for (const word of words) {
    if (word === BESIDE) all.push([]);
    else all.at(-1)?.push(word);
  }
  return all.map((argv) => ({ name: argv[0] ?? '', argv }));
}

/** @throws UsageError for a program that does not exist, or arguments that exec would not take. */
function checkPrograms(processes: Scenario['processes']): void {
  for (const { name, argv } of processes) {
    if (name === '' && processes.length === 1) throw new UsageError('a program has a name');
    if (name === '') throw new UsageError(`${BESIDE} needs a program on both sides`);
    if (name === 'init') throw new UsageError('init cannot be run; name a program');
    if (!programs.has(name)) {
      if (scenarios.has(name)) throw new UsageError(`${name} is a scenario and runs alone`);
      const others = processes.length === 1 ? scenarios.keys() : [];
      const hint = didYouMean(name, [...programs.keys(), ...others]);
      throw new UsageError(`no program or scenario ${name}${hint || '; list shows them'}`);
    }
    checkArgs(argv.slice(1));
  }
}

/** As pushArguments lays them out, on a stack of one page. @throws UsageError if they do not fit. */
function checkStack(name: string, args: readonly string[]): void {
  const bytes = args.reduce((sum, arg) => sum + 16 * Math.ceil((arg.length + 1) / 16), 64);
  if (bytes + 8 * (args.length + 2) > 4096) {
    throw new UsageError(`the arguments of ${name} do not fit on its stack`);
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
  if (scenario === undefined) checkPrograms(processesOf([program, ...args]));
  else if (args.length > 0) {
    throw new UsageError(`${program} is a scenario and takes no arguments`);
  }
  const param = { ...PARAM, ...scenario?.param, ...overrides };
  checkParam(param);
  return { program, args, param, mutants: checkMutants(mutants) };
}

/**
 * The same with other limits and mutants: what is not said stays.
 *
 * @throws UsageError for a limit out of range or an unknown mutant.
 */
export function limitedSpec(
  spec: GuestSpec,
  overrides: Partial<Param>,
  mutants: readonly string[],
): GuestSpec {
  const param = { ...spec.param, ...overrides };
  checkParam(param);
  return { ...spec, param, mutants: checkMutants(mutants) };
}

/** @throws UsageError for processes of a scenario that cannot be. */
export function checkProcesses({ scenario, programs: own }: OwnGuest): void {
  for (const { name, argv } of scenario.processes) {
    checkArgs(argv);
    if (own.has(name) || programs.has(name)) continue;
    const hint = didYouMean(name, [...own.keys(), ...programs.keys()]);
    throw new UsageError(`no program ${name}${hint || '; list shows ours'}`);
  }
}

/**
 * Builds the kernel of a specification, booted.
 *
 * @throws UsageError when the machine is too small for its initial processes.
 */
export function bootGuest(spec: GuestSpec): Kernel {
  const { program, args, param, own } = spec;
  const scenario = own?.scenario ?? scenarios.get(program);
  const processes = scenario?.processes ?? processesOf([program, ...args]);
  const count = processes.length + 1;
  if (count > param.nproc) {
    throw new UsageError(`nproc ${param.nproc} is too few for ${count} processes`);
  }
  if (count * FRAMES_PER_PROCESS > param.frames) {
    throw new UsageError(`${param.frames} frames are too few for ${count} processes`);
  }
  for (const { name, argv } of processes) checkStack(name, argv.slice(1));
  const known = own === undefined ? programs : new Map([...programs, ...own.programs]);
  const k = new Kernel(param, known, processes, spec.mutants, spec.memory);
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
  const spec = guestSpec(header.program, header.args, limitsOfHeader(header), header.mutants);
  const { detectors } = header.config;
  const memory = memoryOfHeader(header);
  return {
    ...spec,
    ...(memory === 'sc' ? {} : { memory }),
    ...(typeof detectors === 'string' ? { detectors: detectors.split(' ') } : {}),
  };
}

/** How memory ordered stores where a trace was made. */
export function memoryOfHeader({ config }: TraceHeader): MemoryModel {
  return MEMORY_MODELS.find((model) => model === config.memory) ?? 'sc';
}

/** The limits that a trace was made with. */
export function limitsOfHeader({ cpus, config }: TraceHeader): Partial<Param> {
  const limits: Partial<Record<keyof Param, number>> = { ncpu: cpus };
  for (const name of Object.keys(PARAM) as (keyof Param)[]) {
    const value = config[name];
    if (typeof value === 'number') limits[name] = value;
  }
  return limits;
}

/** The limits as a trace keeps them: without the CPUs, which it names apart, and what only searches set. */
export function configOfSpec(spec: GuestSpec): Record<string, number | string> {
  const { ncpu: _, ticks, idleWaits, ...config } = spec.param;
  return {
    ...config,
    ...(ticks === 0 ? {} : { ticks }),
    ...(idleWaits === 0 ? {} : { idleWaits }),
    ...((spec.memory ?? 'sc') === 'sc' ? {} : { memory: spec.memory as MemoryModel }),
  };
}
