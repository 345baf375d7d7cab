import { statSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { type Command, InvalidArgumentError } from 'commander';
import { isMutant, MUTANTS, type MutantName } from '../../kernel/mutants.ts';
import { PARAM, type Param } from '../../kernel/param.ts';
import type { MemoryModel } from '../../machine/index.ts';
import { SEARCHES } from '../../scheduler/searches.ts';
import { Segments } from '../../scheduler/strategies/segments.ts';
import { makeStrategy, STRATEGIES } from '../../scheduler/strategies.ts';
import type { Strategy } from '../../scheduler/strategy.ts';
import { doubtsOf } from '../doubts.ts';
import { EXIT, UsageError } from '../errors.ts';
import { DEEPEN } from '../explore/plan.ts';
import { didYouMean } from '../nearest.ts';
import { commandsText, findingText, reported } from '../report/finding-text.ts';
import { headline } from '../report/header-text.ts';
import { selectDetectors } from '../select-detectors.ts';
import { limitsOfSchedule, parseSchedule } from '../stage/schedule.ts';
import { Stage, type Subject } from '../stage/stage.ts';
import { guestSpec, PARAM_RANGES } from '../subject/kernel-spec.ts';
import { kernelSubject, limited, withMemory } from '../subject/subject.ts';
import { isSubjectFile, loadSubject } from '../subject/subject-file.ts';
import { clip, count, plural, printable, shellWord } from '../text.ts';
import { copyTrace, storeTrace, TraceFile } from '../trace-file.ts';
import { type RunOptions, type RunResult, runOn } from '../verbs/run.ts';
import type { SeedRange } from '../verbs/seeds.ts';
import { flagOf, givenLimits } from './limits.ts';
import { type LookOptions, look } from './look.ts';
import {
  drawSeed,
  parseMemory,
  parseModel,
  parseNames,
  parseSeed,
  wholeNumber,
} from './options.ts';
import type { Shell } from './shell.ts';

export interface RunCommandOptions extends LookOptions {
  readonly seed?: number;
  readonly seeds?: SeedRange;
  readonly cpus?: number;
  readonly strategy?: string;
  readonly schedule?: string;
  readonly record?: string;
  readonly detail: number;
  readonly mutant?: readonly string[];
  readonly detectors?: readonly string[];
  readonly memory?: MemoryModel | number;
  readonly json?: boolean;
  readonly [limit: string]: unknown;
}

/** What runs when nobody says what. */
const DEFAULT_PROGRAM = 'shmtest';
const DEFAULT_ARGS = ['demo', '8192', '4'];

export function parseStrategy(name: string): string {
  if (makeStrategy(name) !== undefined) return name;
  const [kind = name] = name.split(':');
  if (SEARCHES.has(kind) || kind === DEEPEN) {
    throw new InvalidArgumentError(`It searches: use explore --strategy ${name}.`);
  }
  if (STRATEGIES.has(kind)) throw new InvalidArgumentError(`${kind} has no such options.`);
  const hint = didYouMean(kind, STRATEGIES.keys());
  throw new InvalidArgumentError(`unknown strategy${hint || '; list shows them'}`);
}

function named(strategy: string): Strategy {
  return makeStrategy(strategy) as Strategy;
}

/** Tells the program's name from its arguments, which alone may stand after `--`. */
function programAndArgs(operands: readonly string[], argv: readonly string[]): [string, string[]] {
  const dashes = argv.indexOf('--');
  const behind = dashes < 0 ? 0 : argv.length - dashes - 1;
  const [program = DEFAULT_PROGRAM, ...before] = operands.slice(0, operands.length - behind);
  const args = [...before, ...operands.slice(operands.length - behind)];
  if (operands.length > behind || args.length > 0) return [program, args];
  return [program, DEFAULT_ARGS];
}

/** Everything about one run that reporting needs. */
interface Ran {
  readonly subject: Subject;
  readonly result: RunResult;
  readonly ms: number;
  /** Where it was recorded, if it was. */
  readonly file: string | undefined;
  /** Runs the same once more, into that file. */
  again(path: string): void;
}

/** What the command line asks to boot. @throws UsageError */
export async function askedFor(
  options: RunCommandOptions,
  operands: readonly string[],
  shell: Shell,
): Promise<Subject> {
  const [program, args] = programAndArgs(operands, shell.argv);
  const limits = { ...givenLimits(options), ...limitsOfSchedule(options.schedule ?? '') };
  const overrides = options.cpus === undefined ? limits : { ...limits, ncpu: options.cpus };
  const given = isSubjectFile(program)
    ? await fromFile(program, args, overrides, options.mutant)
    : kernelSubject(guestSpec(program, args, overrides, options.mutant));
  const { memory } = options;
  const subject = typeof memory === 'string' ? withMemory(given, memory) : given;
  const { detectors } = options;
  if (detectors === undefined) return subject;
  const [blind] = new Stage(subject).blind(selectDetectors(detectors));
  if (blind === undefined) return { ...subject, detectors };
  throw new UsageError(`the detector ${blind.name} has nothing to watch in ${program}`);
}

async function fromFile(
  word: string,
  args: readonly string[],
  limits: Partial<Param>,
  mutants: readonly string[] = [],
): Promise<Subject> {
  const subject = await loadSubject(word);
  if (args.length > 0) throw new UsageError(`${word} takes no arguments`);
  const kernels = Object.keys(limits).find((name) => name !== 'stepsMax');
  if (subject.guest === 'bare' && kernels !== undefined) {
    throw new UsageError(`${word} has no kernel: ${flagOf(kernels)} cannot be used there`);
  }
  if (subject.guest === 'bare' && mutants.length > 0) {
    throw new UsageError(`${word} has no kernel: --mutant cannot be used there`);
  }
  return limited(subject, limits, mutants);
}

/** Who chooses. @throws UsageError */
function chooserOf({ strategy, schedule }: RunCommandOptions): Pick<RunOptions, 'strategy'> {
  if (schedule === undefined) return strategy === undefined ? {} : { strategy: named(strategy) };
  if (strategy === undefined) return { strategy: new Segments(parseSchedule(schedule)) };
  throw new UsageError('--schedule and --strategy cannot both choose what runs next');
}

/** @throws UsageError when a schedule is of a machine with more lanes. */
function checkLanes({ schedule = '' }: RunCommandOptions, { lanes }: Stage): void {
  const strange = parseSchedule(schedule).find(({ lane }) => lane >= lanes);
  if (strange === undefined) return;
  throw new UsageError(`no lane ${strange.lane}: what runs has lanes 0 to ${lanes - 1}`);
}

async function runOnce(
  options: RunCommandOptions,
  operands: readonly string[],
  shell: Shell,
  prints = true,
): Promise<Ran> {
  const chooser = chooserOf(options);
  const subject = await askedFor(options, operands, shell);
  const { seed = drawSeed(), detail, json, record } = options;
  const stage = new Stage(subject);
  checkLanes(options, stage);
  const onPrint = (text: string): void => {
    if (!prints) return;
    if (json) shell.json({ kind: 'output', text });
    else shell.prints(text);
  };
  const base: RunOptions = { seed, detail, ...chooser };
  // Opened last, so that what cannot run leaves no file behind.
  const file = record === undefined ? undefined : new TraceFile(record);
  const began = performance.now();
  try {
    const sink = file === undefined ? {} : { sink: file.sink };
    const result = runOn(stage, { ...base, ...sink, onPrint });
    const ms = performance.now() - began;
    const again = (path: string): void => {
      const copy = new TraceFile(path);
      try {
        runOn(stage, { ...base, sink: copy.sink });
      } finally {
        copy.close();
      }
    };
    return { subject, result, ms, file: record, again };
  } finally {
    file?.close();
  }
}

/** Leaves the trace of a finding in the store; answers the id to call it by, if that worked. */
function keep(ran: Ran, id: string, shell: Shell): string | undefined {
  try {
    const { file, result } = ran;
    return storeTrace(id, result.header, (path) => {
      if (file === undefined) ran.again(path);
      else copyTrace(file, path);
    });
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    shell.warn(`the finding's trace is not kept: ${error.message}`);
    return undefined;
  }
}

/** What to know when nothing was found: what could not be decided, and where mutants show. */
function hints({ notes = [], header }: RunResult): string[] {
  const { program, mutants } = header;
  const elsewhere = mutants
    .filter((name) => isMutant(name) && MUTANTS[name].scenario !== program)
    .map((name) => `mutant ${name} shows in scenario ${MUTANTS[name as MutantName].scenario}`);
  return [...notes, ...elsewhere];
}

function reportText(
  ran: Ran,
  kept: string | undefined,
  options: RunCommandOptions,
  shell: Shell,
): void {
  const { result, ms, file } = ran;
  const { finding, id, header, outcome, steps, switches, contextSwitches, report } = result;
  const { ink } = shell;
  const known = [plural(steps, 'step'), plural(switches, 'switch', 'switches')];
  if (header.guest === 'kernel') {
    known.push(plural(contextSwitches, 'context switch', 'context switches'));
  }
  const effort = `${known.join(', ')}, ${(ms / 1000).toFixed(3)} s`;
  if (finding === undefined) {
    shell.say(`${headline(header)}\n${ink.green('nothing found')} in ${effort}`);
    if (outcome !== undefined) shell.say(`outcome ${clip(printable(String(outcome)), 400)}`);
    for (const line of hints(result)) shell.say(printable(line));
    for (const { text } of doubtsOf(ran.subject)) shell.say(`doubtful: ${printable(text)}`);
  } else {
    shell.say(findingText(reported(finding, id, report), header, look(options, shell)));
    shell.say(` ${effort}`);
  }
  if (file !== undefined) {
    const size = `${count(statSync(file).size)} bytes`;
    const replay = finding === undefined ? `; replay it: xv6-replay replay ${shellWord(file)}` : '';
    shell.say(`${finding ? ' ' : ''}recorded in ${file}, ${size}${replay}`);
  }
  if (finding !== undefined) {
    const name = kept ?? (file === undefined ? undefined : shellWord(file));
    shell.say(name === undefined ? ' Replay  the trace is not kept' : commandsText(name));
  }
}

function reportJson(ran: Ran, kept: string | undefined, shell: Shell): void {
  const { result, ms, file } = ran;
  const { finding, id, header, ending, steps, switches, contextSwitches, report } = result;
  const { program, args, cpus, strategy, seed, mutants } = header;
  if (finding !== undefined) {
    const { about: _, ...known } = finding;
    shell.json({ kind: 'finding', id, ...known, report, trace: kept ?? file ?? null });
  }
  const recorded = file === undefined ? {} : { file, bytes: statSync(file).size };
  const verdict = finding?.title ?? 'nothing found';
  const came = result.outcome === undefined ? {} : { outcome: result.outcome };
  const counts = { steps, switches, contextSwitches, ms: Math.round(ms * 1000) / 1000 };
  const what = { program, args, cpus, strategy, seed, mutants };
  const exitCode = shell.exitCode;
  shell.json({ kind: 'run', ...what, ending, verdict, ...came, ...counts, ...recorded, exitCode });
}

/** Runs once, reports, and leaves the trace of a finding behind. Answers the finding's id, if any. */
export async function runAndReport(
  options: RunCommandOptions,
  operands: readonly string[],
  shell: Shell,
): Promise<string | undefined> {
  const ran = await runOnce(options, operands, shell);
  const { id } = ran.result;
  const kept = id === undefined ? undefined : keep(ran, id, shell);
  shell.exitCode = id === undefined ? EXIT.ok : EXIT.finding;
  if (options.json) reportJson(ran, kept, shell);
  else reportText(ran, kept, options, shell);
  return id;
}

/** Runs once and leaves the trace of a finding behind; answers the name to call it by, if any. */
export async function runAndKeep(
  options: RunCommandOptions,
  operands: readonly string[],
  shell: Shell,
): Promise<string | undefined> {
  const ran = await runOnce(options, operands, shell, false);
  const { id } = ran.result;
  return id === undefined ? undefined : keep(ran, id, shell);
}

const MODELS = 'how memory orders stores: sc, or with store buffers tso, pso';

/** What to boot and how to schedule it: for run, and for explore, which knows further strategies. */
export function addGuestOptions(command: Command, explores = false): void {
  const chooser = explores
    ? 'search or strategy: dpor, dfs, deepen, random, pct, … (default: dpor; deepen for a kernel)'
    : 'what chooses the next thread; round-robin if not given, random for a bare program';
  command
    .argument(
      '[program]',
      'a program or scenario of `xv6-replay list`, or a file that exports one: my-race.ts, races.ts#second; shmtest demo 8192 4 if not given',
    )
    .argument(
      '[args...]',
      'arguments of the program; after a +, another program that runs at the same time',
    )
    .option(
      '--seed <n>',
      'decides the schedule: any integer; if not given, it is drawn and printed',
      parseSeed,
    )
    .option(
      '--cpus <n>',
      `CPUs, 1 to 64 (usually ${PARAM.ncpu})`,
      wholeNumber(...PARAM_RANGES.ncpu),
    )
    .option('--strategy <name>', chooser, explores ? String : parseStrategy)
    .option('--mutant <names>', 'switch on planted bugs of the kernel: see `list`', parseNames)
    .option(
      '--memory <model>',
      explores ? MODELS : `${MODELS};\nfor a kernel in a file: MiB, 64 to 1024 (usually 128)`,
      explores ? parseModel : parseMemory,
    )
    .option('--detectors <names>', 'use only these detectors, and panic: see `list`', parseNames)
    .option('--json', 'one JSON object per line instead of text');
}
