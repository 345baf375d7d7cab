import { performance } from 'node:perf_hooks';
import { setImmediate } from 'node:timers/promises';
import type { Command } from 'commander';
import { makeStrategy } from '../../scheduler/strategies.ts';
import type { Strategy } from '../../scheduler/strategy.ts';
import { TraceMemory } from '../../traces/memory.ts';
import { EXIT } from '../errors.ts';
import { type FuzzFinding, type Fuzzing, fuzzing, noFuzzing } from '../fuzz/fuzz.ts';
import { plural } from '../report/text.ts';
import { run } from '../run.ts';
import { type Shrunk, shrink } from '../shrink.ts';
import {
  covered,
  type FuzzCommandOptions,
  fuzzText,
  programSize,
  progress,
  resumeText,
  runText,
  size,
} from './fuzz-text.ts';
import { Interrupt } from './interrupt.ts';
import { addLook } from './look.ts';
import { drawSeed, examples, parseNames, parseSeed, wholeNumber } from './options.ts';
import { Pace, parseDuration } from './pace.ts';
import { parseStrategy, runAndReport } from './run.ts';
import type { Shell } from './shell.ts';

const PROGRAMS_DEFAULT = 1000;
const UNLIMITED = Number.MAX_SAFE_INTEGER;
/** Milliseconds between two chances for others. */
const REST_MS = 50;

/** The few switches of the shrunk program that matter. */
function shrunkSchedule({ spec, strategy, seed }: FuzzFinding): Shrunk {
  const memory = new TraceMemory();
  run(spec, { seed, strategy: makeStrategy(strategy) as Strategy, sink: memory.sink });
  return shrink(memory.bytes());
}

/** A line for programs: what was found in what. */
function foundJson(
  found: FuzzFinding,
  schedule: string | undefined,
  options: FuzzCommandOptions,
): object {
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
async function report(
  found: FuzzFinding,
  options: FuzzCommandOptions,
  shell: Shell,
): Promise<void> {
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
  const came = { findings: findings.length, calls: Object.fromEntries(calls.counts) };
  const ms = Math.round(1000 * pace.seconds);
  shell.json({ kind: 'fuzz', seed, ...counts, ...came, ms, exitCode: shell.exitCode });
}

function reportText(so: Fuzzing, seed: number, pace: Pace, shell: Shell): void {
  const { findings, repeated } = so;
  const { ink } = shell;
  const bugs = plural(findings.length, 'bug');
  const verdict = findings.length > 0 ? ink.red(`${bugs} found`) : ink.green('nothing found');
  const [first, ...further] = covered(so, pace);
  shell.say(`${verdict} in ${first}; seed ${seed}`);
  for (const line of further) shell.say(line);
  if (repeated > 0) shell.say(`${plural(repeated, 'program')} more with findings like these`);
}

async function act(options: FuzzCommandOptions, shell: Shell): Promise<void> {
  const { seed = drawSeed(), maxTime, json, mutant: mutants = [], detectors, ...others } = options;
  const programs = options.programs ?? (maxTime === undefined ? PROGRAMS_DEFAULT : UNLIMITED);
  const watched = detectors === undefined ? {} : { detectors };
  const pace = new Pace(maxTime ?? Number.POSITIVE_INFINITY);
  const interrupt = new Interrupt();
  const so = noFuzzing();
  let last = pace.began;
  for (const found of fuzzing({ ...others, ...watched, seed, programs, mutants }, so)) {
    if (found !== undefined) {
      clear(pace, shell);
      await report(found, options, shell);
    }
    if (shell.err.isTerminal && pace.shows) {
      shell.err.write(`\r${progress(so, programs, pace, options)}\x1b[K`);
    }
    if (performance.now() - last > REST_MS) {
      // Or nobody would hear of Ctrl-C.
      await setImmediate();
      last = performance.now();
    }
    if (pace.isOver || interrupt.signal.aborted) break;
  }
  interrupt.end();
  clear(pace, shell);
  shell.exitCode = so.findings.length > 0 ? EXIT.finding : EXIT.ok;
  const isOver = so.programs === programs || (so.findings.length > 0 && !options.keepGoing);
  const interrupted = interrupt.signal.aborted && !isOver;
  if (interrupted) shell.exitCode = EXIT.interrupted;
  if (json) reportJson(so, seed, pace, shell);
  else reportText(so, seed, pace, shell);
  if (interrupted && !json)
    shell.say(`interrupted; to go on: ${resumeText(so, seed, programs, options)}`);
}

function clear(pace: Pace, shell: Shell): void {
  if (pace.hasShown) shell.err.write('\r\x1b[K');
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
    .action((options: FuzzCommandOptions) => act(options, shell));
}
