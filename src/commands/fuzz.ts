import type { Command } from 'commander';
import { PARAM, type Param } from '../../kernel/param.ts';
import { makeStrategy } from '../../scheduler/strategies.ts';
import type { Strategy } from '../../scheduler/strategy.ts';
import { TraceMemory } from '../../traces/memory.ts';
import { EXIT } from '../errors.ts';
import { type FuzzFinding, type Fuzzing, fuzz } from '../fuzz/fuzz.ts';
import type { GuestSpec } from '../guest.ts';
import { count, plural, shellWord, wrap } from '../report/text.ts';
import { run } from '../run.ts';
import { type Shrunk, type Size, shrink } from '../shrink.ts';
import { flagOf } from './limits.ts';
import { addLook, type LookOptions } from './look.ts';
import { drawSeed, examples, parseNames, parseSeed, wholeNumber } from './options.ts';
import { Pace, parseDuration } from './pace.ts';
import { parseStrategy, runAndReport } from './run.ts';
import type { Shell } from './shell.ts';

interface Options extends LookOptions {
  readonly seed?: number;
  readonly programs?: number;
  readonly schedules: number;
  /** Seconds. */
  readonly maxTime?: number;
  readonly strategy: string;
  readonly mutant?: readonly string[];
  readonly detectors?: readonly string[];
  readonly keepGoing?: boolean;
  readonly shrink: boolean;
  readonly json?: boolean;
}

const PROGRAMS_DEFAULT = 1000;

function progress(so: Fuzzing, programs: number, pace: Pace, { maxTime }: Options): string {
  const rate = so.executions / pace.seconds;
  const millions = (so.operations / pace.seconds / 1e6).toFixed(1);
  const left = Math.min(
    ((programs - so.programs) / so.programs) * pace.seconds,
    (maxTime ?? Number.POSITIVE_INFINITY) - pace.seconds,
  );
  return [
    `${count(so.programs)} programs`,
    `${count(so.executions)} executions`,
    `${count(Math.round(rate))}/s`,
    `${millions} M operations/s`,
    `${count(so.findings.length)} found`,
    `${Math.max(0, Math.ceil(left))} s left`,
  ].join(', ');
}

/** What was covered: how much of what. */
function covered(so: Fuzzing, pace: Pace): string[] {
  const { programs, executions, operations, abandoned, calls } = so;
  const rate = `${count(Math.round(executions / pace.seconds))}/s`;
  const millions = `${(operations / 1e6).toFixed(1)} M operations`;
  const made = [...calls.counts].sort(([, a], [, b]) => b.made - a.made);
  const names = made.map(([name, { made: n, refused }], i) => {
    const refusals = refused > 0 ? ` (−1: ${count(refused)})` : '';
    return `${name} ${count(n)}${refusals}${i < made.length - 1 ? ',' : ''}`;
  });
  const lines = [
    `${plural(programs, 'program')}, ${plural(executions, 'execution')}, ${millions}, ${rate}`,
  ];
  if (abandoned > 0) {
    lines.push(`${plural(abandoned, 'execution')} reached the step limit and say nothing`);
  }
  if (made.length > 0) {
    const head = `${made.length} system calls, in one execution of each program: `;
    lines.push(wrap([...head.trim().split(' '), ...names], ''));
  }
  return lines;
}

/** The options of a command line that boots the same. */
function limitsText({ param, mutants, detectors }: GuestSpec): string[] {
  const limits = (Object.keys(param) as (keyof Param)[])
    .filter((name) => param[name] !== PARAM[name])
    .map((name) => `${flagOf(name)} ${param[name]}`);
  return [...limits, ...named('--mutant', mutants), ...named('--detectors', detectors)];
}

function named(flag: string, names: readonly string[] = []): string[] {
  return names.length === 0 ? [] : [`${flag} ${names.join(',')}`];
}

function runText({ spec, strategy, seed }: FuzzFinding): string {
  const words = [spec.program, ...spec.args].map(shellWord);
  const options = [`--strategy ${strategy}`, `--seed ${seed}`, ...limitsText(spec)];
  return `xv6-replay run ${[...words, ...options].join(' ')}`;
}

/** The command that generates that program again, and nothing else. */
function fuzzText({ program }: FuzzFinding, options: Options): string {
  const { schedules, strategy, mutant, detectors } = options;
  const words = [
    'xv6-replay fuzz',
    `--seed ${program}`,
    '--programs 1',
    `--schedules ${schedules}`,
  ];
  if (strategy !== 'portfolio') words.push(`--strategy ${strategy}`);
  return [...words, ...named('--mutant', mutant), ...named('--detectors', detectors)].join(' ');
}

function programSize({ args, param }: GuestSpec): string {
  const processes = args.filter((word) => word === '+').length + 1;
  const calls = args.length - 2 * (processes - 1);
  return `${plural(processes, 'process', 'processes')}, ${plural(calls, 'step')}, ${plural(param.ncpu, 'CPU')}`;
}

const size = ({ preemptions, steps }: Size): string =>
  `${plural(preemptions, 'preemption')}, ${plural(steps, 'step')}`;

/** The few switches of the shrunk program that matter. */
function shrunkSchedule({ spec, strategy, seed }: FuzzFinding): Shrunk {
  const memory = new TraceMemory();
  run(spec, { seed, strategy: makeStrategy(strategy) as Strategy, sink: memory.sink });
  return shrink(memory.bytes());
}

/** A line for programs: what was found in what. */
function foundJson(found: FuzzFinding, schedule: string | undefined, options: Options): object {
  const { spec, finding, program, strategy, seed, before, candidates, executions } = found;
  const { about: _, ...known } = finding;
  const what = { program: spec.program, args: spec.args, param: spec.param, mutants: spec.mutants };
  const how = { strategy, seed, before, schedule: schedule ?? null };
  const commands = { run: runText(found), fuzz: fuzzText(found, options) };
  return {
    finding: known,
    fuzzSeed: program,
    ...what,
    ...how,
    candidates,
    executions,
    ...commands,
  };
}

/** Runs what is left once more, for its report and its trace, and says how to come here again. */
async function report(found: FuzzFinding, options: Options, shell: Shell): Promise<void> {
  const { spec, finding, from, before, candidates, executions, strategy, seed } = found;
  const shrunk = before > 0 || !options.shrink ? undefined : shrunkSchedule(found);
  if (options.json) {
    shell.json({ kind: 'fuzzed', ...foundJson(found, shrunk?.schedule, options) });
  }
  const { strategy: _, ...others } = options;
  const { ncpu: cpus, ...limits } = spec.param;
  const chooser = shrunk === undefined ? { strategy } : { schedule: shrunk.schedule };
  const asked = { ...others, ...limits, cpus, seed, detail: 1, ...chooser };
  await runAndReport(asked, [spec.program, ...spec.args], shell);
  if (options.json) return;
  if (before > 0) {
    const detail = finding.detail.map((line) => `  ${line}`).join('\n');
    shell.say(`${finding.title}\n${detail}`);
    shell.say(
      `seen after ${plural(before, 'execution')} of the program, not in the last one alone`,
    );
  }
  if (candidates > 0) {
    const effort = `${plural(candidates, 'program')} and ${plural(executions, 'execution')}`;
    shell.say(` Shrunk  the program from ${programSize(from)}`);
    shell.say(`         to ${programSize(spec)}, in ${effort}`);
  }
  if (shrunk !== undefined) {
    shell.say(` Shrunk  its schedule from ${size(shrunk.from)}\n         to ${size(shrunk.to)}`);
  }
  shell.say(` Run     ${runText(found)}\n Fuzz    ${fuzzText(found, options)}`);
}

function reportJson(so: Fuzzing, seed: number, pace: Pace, shell: Shell): void {
  const { calls, findings, ...counts } = so;
  const ms = Math.round(1000 * pace.seconds);
  shell.json({
    kind: 'fuzz',
    seed,
    ...counts,
    findings: findings.length,
    calls: Object.fromEntries(calls.counts),
    ms,
    exitCode: shell.exitCode,
  });
}

async function act(options: Options, shell: Shell): Promise<void> {
  const { seed = drawSeed(), maxTime, json } = options;
  const { programs = maxTime === undefined ? PROGRAMS_DEFAULT : Number.MAX_SAFE_INTEGER } = options;
  const pace = new Pace(maxTime ?? Number.POSITIVE_INFINITY);
  const { isTerminal } = shell.err;
  const goOn = (so: Fuzzing): boolean => {
    if (isTerminal && so.programs > 0 && pace.shows) {
      shell.err.write(`\r${progress(so, programs, pace, options)}\x1b[K`);
    }
    return !pace.isOver;
  };
  const { mutant: mutants = [], detectors, ...others } = options;
  const watched = detectors === undefined ? {} : { detectors };
  const so = fuzz({ ...others, ...watched, seed, programs, mutants, goOn });
  if (pace.hasShown) shell.err.write('\r\x1b[K');
  const { findings } = so;
  const { ink } = shell;
  if (!json) {
    const bugs = findings.length === 1 ? 'found' : `${findings.length} bugs found`;
    const verdict = findings.length > 0 ? ink.red(bugs) : ink.green('nothing found');
    const [first, ...further] = covered(so, pace);
    shell.say(`${verdict} in ${first}; seed ${seed}`);
    for (const line of further) shell.say(line);
  }
  for (const found of findings) {
    if (!json) shell.say('');
    await report(found, options, shell);
  }
  if (so.repeated > 0 && !json)
    shell.say(`${plural(so.repeated, 'program')} more with findings like these`);
  shell.exitCode = so.programs === 0 ? EXIT.nothing : EXIT.ok;
  if (findings.length > 0) shell.exitCode = EXIT.finding;
  if (json) reportJson(so, seed, pace, shell);
}

export function define(command: Command, shell: Shell): void {
  command
    .description(
      'Generates programs of system calls, machines and schedules until something is found, and makes it small.',
    )
    .option('--seed <n>', 'of the first program; each has the next; drawn if none', parseSeed)
    .option(
      '--programs <n>',
      `programs at most; ${PROGRAMS_DEFAULT} if none, any number with --max-time`,
      wholeNumber(1, 1e12),
    )
    .option('--schedules <n>', 'schedules of each program', wholeNumber(1, 1e9), 20)
    .option('--max-time <time>', 'stop after 60s, 5m, 2h', parseDuration)
    .option('--strategy <name>', 'who chooses what runs next', parseStrategy, 'portfolio')
    .option('--mutant <names>', 'switch on planted defects of the kernel: `list`', parseNames)
    .option('--detectors <names>', 'only these watch, and panic: `list`', parseNames)
    .option('--keep-going', 'go on after something was found')
    .option('--no-shrink', 'leave programs and schedules as they were generated')
    .option('--json', 'one JSON object a line instead of text');
  addLook(command);
  command
    .addHelpText(
      'after',
      examples(
        'fuzz --max-time 60s',
        'fuzz --seed 1 --programs 500 --mutant shm-close-split-decrement',
        'fuzz --programs 10000 --schedules 5 --keep-going --json',
      ),
    )
    .action((options: Options) => act(options, shell));
}
