import { performance } from 'node:perf_hooks';
import { type Command, InvalidArgumentError } from 'commander';
import { PARAM } from '../../kernel/param.ts';
import { Pct } from '../../scheduler/strategies/pct.ts';
import { makeStrategy } from '../../scheduler/strategies.ts';
import type { Strategy } from '../../scheduler/strategy.ts';
import { EXIT } from '../errors.ts';
import { type Exploration, explore, pctMissChance } from '../explore.ts';
import { count, plural } from '../report/text.ts';
import type { Subject } from '../stage.ts';
import { addLimits } from './limits.ts';
import { addLook } from './look.ts';
import { drawSeed, examples, wholeNumber } from './options.ts';
import { addGuestOptions, askedFor, type RunCommandOptions, runAndReport } from './run.ts';
import type { Shell } from './shell.ts';

interface Options extends RunCommandOptions {
  readonly schedules: number;
  /** Seconds. */
  readonly maxTime?: number;
}

const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600 };

/** `90`, `60s`, `5m`, `2h` as seconds. */
function parseDuration(text: string): number {
  const [, digits, unit = 's'] = /^(\d+)([smh])?$/.exec(text) ?? [];
  const seconds = Number(digits) * (UNITS[unit] as number);
  if (seconds > 0 && seconds <= 1e7) return seconds;
  throw new InvalidArgumentError('It must be a time such as 60s, 5m or 2h.');
}

/** Answers once a second that there is something to show, and whether the time is over. */
class Pace {
  readonly began = performance.now();
  private shown = this.began;
  private readonly end: number;

  constructor(seconds: number) {
    this.end = this.began + 1000 * seconds;
  }

  get seconds(): number {
    return (performance.now() - this.began) / 1000;
  }

  get isOver(): boolean {
    return performance.now() >= this.end;
  }

  get hasShown(): boolean {
    return this.shown !== this.began;
  }

  get shows(): boolean {
    const now = performance.now();
    if (now - this.shown < 1000) return false;
    this.shown = now;
    return true;
  }
}

function progress(so: Exploration, pace: Pace, options: Options): string {
  const rate = so.executions / pace.seconds;
  const bySchedules = (options.schedules - so.executions) / rate;
  const left = Math.min(bySchedules, (options.maxTime ?? Number.POSITIVE_INFINITY) - pace.seconds);
  const operations = ((rate * so.operations) / so.executions / 1e6).toFixed(1);
  return `${count(so.executions)} schedules, ${count(Math.round(rate))}/s, ${operations} M operations/s, ${Math.ceil(left)} s left`;
}

/** What can be said when nothing was found. */
function verdict(so: Exploration, strategy: Strategy): string[] {
  const lines: string[] = [];
  if (so.abandoned > 0) {
    lines.push(`${plural(so.abandoned, 'schedule')} reached the step limit and say nothing`);
  }
  if (strategy instanceof Pct && so.executions > 0) {
    const { depth } = strategy;
    const chance = pctMissChance(so.threads, so.stepsLongest, depth, so.executions);
    lines.push(
      `a bug of depth ${depth} was missed with a chance of ${chance.toPrecision(2)} at most`,
    );
  }
  return lines;
}

function reportText(so: Exploration, strategy: Strategy, spec: Subject, pace: Pace, shell: Shell) {
  const rate = count(Math.round(so.executions / pace.seconds));
  const effort = `${plural(so.executions, 'schedule')} of ${spec.program} (${strategy.name}), ${rate}/s`;
  if (so.finding === undefined) {
    shell.say(`${shell.ink.green('not found')} in ${effort}`);
    for (const line of verdict(so, strategy)) shell.say(line);
  } else {
    shell.say(`found in schedule ${count(so.executions)}; ${effort}\n`);
  }
}

function reportJson(so: Exploration, strategy: Strategy, pace: Pace, shell: Shell): void {
  const { finding, seed, ...counts } = so;
  shell.json({
    kind: 'exploration',
    strategy: strategy.name,
    ...counts,
    found: finding?.title ?? null,
    seed: seed ?? null,
    ms: Math.round(1000 * pace.seconds),
  });
}

function act(options: Options, operands: readonly string[], shell: Shell): void {
  const spec = askedFor(options, operands, shell);
  const strategy = makeStrategy(options.strategy) as Strategy;
  const { schedules, maxTime = Number.POSITIVE_INFINITY, seed = drawSeed() } = options;
  const pace = new Pace(maxTime);
  const { isTerminal } = shell.err;
  const goOn = (so: Exploration): boolean => {
    if (isTerminal && pace.shows) shell.err.write(`\r${progress(so, pace, options)}\x1b[K`);
    return !pace.isOver;
  };
  const so = explore({ spec, strategy, seed, schedules, goOn });
  if (pace.hasShown) shell.err.write('\r\x1b[K');
  if (options.json) reportJson(so, strategy, pace, shell);
  else reportText(so, strategy, spec, pace, shell);
  shell.exitCode = so.executions === 0 ? EXIT.nothing : EXIT.ok;
  if (so.finding === undefined || so.seed === undefined) return;
  const id = runAndReport({ ...options, seed: so.seed }, operands, shell);
  if (id === undefined) {
    // An order of locks, for example, is learnt over several executions.
    shell.say(`${so.finding.title}\n${so.finding.detail.map((line) => `  ${line}`).join('\n')}`);
    shell.say(`seen over schedules ${seed} to ${so.seed}, not in the last one alone`);
  }
  shell.exitCode = EXIT.finding;
}

export function define(command: Command, shell: Shell): void {
  command
    .description(
      'Runs one schedule after another, each with the next seed, until something is found.',
    )
    .usage('[program|scenario] [options] [-- program args]');
  addGuestOptions(command, 'random');
  command
    .option('--schedules <n>', 'schedules at most', wholeNumber(1, 1e12), 10_000)
    .option('--max-time <time>', 'stop after 60s, 5m, 2h', parseDuration);
  addLook(command);
  addLimits(command, PARAM);
  command
    .addHelpText(
      'after',
      examples(
        'explore open-race --mutant shm-open-create-apart --seed 1',
        'explore two-open-close --strategy pct:3,500 --max-time 60s',
        'explore --schedules 1000 --cpus 4 -- demo 8192 3',
      ),
    )
    .action((program: string | undefined, args: string[], options: Options) => {
      act({ ...options, detail: 1 }, program === undefined ? [] : [program, ...args], shell);
    });
}
