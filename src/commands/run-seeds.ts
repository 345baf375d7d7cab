import { setImmediate } from 'node:timers/promises';
import { InvalidArgumentError } from 'commander';
import { makeStrategy } from '../../scheduler/strategies.ts';
import type { Strategy } from '../../scheduler/strategy.ts';
import { doubtsOf } from '../doubts.ts';
import { EXIT, UsageError } from '../errors.ts';
import { Stage, type Subject } from '../stage/stage.ts';
import { clip, count, plural, printable } from '../text.ts';
import {
  failureInterval,
  type SeedGroup,
  type SeedRange,
  SeedRunner,
  type SeedRuns,
} from '../verbs/seeds.ts';
import { Interrupt } from './interrupt.ts';
import { inPlace, Pace } from './pace.ts';
import { askedFor, type RunCommandOptions, runAndKeep } from './run.ts';
import type { Shell } from './shell.ts';

/** Every seed that fails is kept in memory: so many at most. */
const SEEDS_MOST = 1e7;
/** Seeds that are listed of each group; `--json` has all. */
const LISTED = 10;
const OUTCOMES_LISTED = 20;
/** Operations between two looks at the clock and at Ctrl-C. */
const LOOK = 1e6;
/** Round-robin would do much the same for every seed. */
const STRATEGY = 'random';
const TITLE_MAX = 400;

/** `1..1000` */
export function parseSeeds(text: string): SeedRange {
  const [, from = '', to = ''] = /^(-?\d+)\.\.(-?\d+)$/.exec(text) ?? [];
  const [first, last] = [Number(from) + 0, Number(to) + 0];
  const whole = Number.isSafeInteger(first) && Number.isSafeInteger(last);
  if (from === '' || !whole || first > last)
    throw new InvalidArgumentError('It must be the first and the last seed, such as 1..1000.');
  if (last - first < SEEDS_MOST) return { first, last };
  throw new InvalidArgumentError(`It must be ${count(SEEDS_MOST)} seeds at most.`);
}

/** What `run` takes for one execution only. */
const NOT_WITH_SEEDS = ['seed', 'schedule', 'record'] as const;

/** The rate of failure over a range of seeds, and what fails, by cause. */
export async function runSeeds(
  range: SeedRange,
  options: RunCommandOptions,
  operands: readonly string[],
  shell: Shell,
): Promise<void> {
  const strange = NOT_WITH_SEEDS.find((name) => options[name] !== undefined);
  if (strange !== undefined)
    throw new UsageError(`--${strange} is for one run: it does not go with --seeds`);
  const { strategy = STRATEGY } = options;
  const subject = await askedFor(options, operands, shell);
  const runner = new SeedRunner(new Stage(subject), makeStrategy(strategy) as Strategy, range);
  const pace = new Pace(Number.POSITIVE_INFINITY);
  const wasInterrupted = await all(runner, pace, range, shell);
  const { so } = runner;
  const isFailing = so.groups.length > 0;
  shell.exitCode = isFailing ? EXIT.finding : EXIT.ok;
  if (wasInterrupted) shell.exitCode = EXIT.interrupted;
  const what: What = { subject, strategy, range, operands };
  const asked = { ...options, strategy };
  if (options.json) await reportJson(so, what, asked, pace.seconds, shell);
  else await reportText(so, what, asked, pace.seconds, shell);
}

interface What {
  readonly subject: Subject;
  readonly strategy: string;
  readonly range: SeedRange;
  readonly operands: readonly string[];
}

/** Runs them all; answers whether Ctrl-C came first. */
async function all(
  runner: SeedRunner,
  pace: Pace,
  { first, last }: SeedRange,
  { err }: Shell,
): Promise<boolean> {
  const { so } = runner;
  const interrupt = new Interrupt();
  try {
    for (let lookAt = 0; !runner.isOver; ) {
      if (so.operations >= lookAt) {
        lookAt = so.operations + LOOK;
        await setImmediate();
        if (interrupt.signal.aborted) return true;
        if (err.isTerminal && pace.shows)
          err.write(inPlace(`${count(so.runs)} of ${plural(last - first + 1, 'seed')}`));
      }
      runner.next();
    }
    return false;
  } finally {
    interrupt.end();
    if (pace.hasShown) err.write(inPlace(''));
  }
}

const failures = ({ groups }: SeedRuns): number =>
  groups.reduce((sum, { seeds }) => sum + seeds.length, 0);

/** Two digits, as few runs tell no more. */
function percent(rate: number): string {
  return `${Number((100 * rate).toPrecision(2))} %`;
}

function rateText(failed: number, runs: number): string {
  const { low, high } = failureInterval(failed, runs);
  return `${percent(failed / runs)}, between ${percent(low)} and ${percent(high)}`;
}

async function reportText(
  so: SeedRuns,
  { subject, strategy, range, operands }: What,
  options: RunCommandOptions,
  seconds: number,
  shell: Shell,
): Promise<void> {
  const { runs, cut, groups, outcomes } = so;
  const { first, last } = range;
  const ran = [subject.program, ...subject.args].map(printable).join(' ');
  const asked = last - first + 1;
  const seeds =
    runs === asked ? `seeds ${first} to ${last}` : `${count(runs)} of ${count(asked)} seeds`;
  shell.say(`${clip(ran, TITLE_MAX)} · ${strategy} · ${seeds} · ${seconds.toFixed(3)} s`);
  if (runs < asked) shell.say('interrupted');
  if (runs === 0) return;
  const failed = failures(so);
  const word =
    failed === 0
      ? shell.ink.green('no run fails')
      : `${plural(failed, 'run')} of ${count(runs)} ${failed === 1 ? 'fails' : 'fail'}`;
  shell.say(`${word}: ${rateText(failed, runs)} (95 % confidence)`);
  if (cut > 0)
    shell.say(
      `${plural(cut, 'run')} reached the step limit: nothing is known of what comes after it`,
    );
  for (const group of groups) await sayGroup(group, runs, options, operands, shell);
  if (outcomes.length > 0) shell.say('');
  for (const { value, seed, runs: times } of outcomes.slice(0, OUTCOMES_LISTED))
    shell.say(
      `outcome ${clip(printable(String(value)), TITLE_MAX)}: ${plural(times, 'run')}, seed ${seed} is the first`,
    );
  if (outcomes.length > OUTCOMES_LISTED)
    shell.say(`and ${plural(outcomes.length - OUTCOMES_LISTED, 'other outcome')}`);
  for (const { text } of doubtsOf(subject)) shell.say(`doubtful: ${printable(text)}`);
}

/** One cause: how often, which seeds, and a trace of the first. */
async function sayGroup(
  { finding, seeds }: SeedGroup,
  runs: number,
  options: RunCommandOptions,
  operands: readonly string[],
  shell: Shell,
): Promise<void> {
  shell.say(`\n${clip(printable(finding.title), TITLE_MAX)} (${finding.detector})`);
  shell.say(` ${plural(seeds.length, 'run')}: ${rateText(seeds.length, runs)}`);
  const more = seeds.length > LISTED ? ` and ${count(seeds.length - LISTED)} more` : '';
  shell.say(
    ` ${seeds.length === 1 ? 'seed' : 'seeds'} ${seeds.slice(0, LISTED).join(', ')}${more}`,
  );
  const kept = await runAndKeep({ ...options, seed: seeds[0] as number }, operands, shell);
  shell.say(kept === undefined ? ' the trace is not kept' : ` xv6-replay replay ${kept}`);
}

async function reportJson(
  so: SeedRuns,
  { subject, strategy, range, operands }: What,
  options: RunCommandOptions,
  seconds: number,
  shell: Shell,
): Promise<void> {
  const { program, args, mutants } = subject;
  const { runs, operations, cut, groups, outcomes } = so;
  const rate = (failed: number): object =>
    runs === 0 ? {} : { rate: failed / runs, ...failureInterval(failed, runs) };
  const found: object[] = [];
  for (const { finding, seeds } of groups) {
    const { detector, title } = finding;
    const trace = await runAndKeep({ ...options, seed: seeds[0] as number }, operands, shell);
    found.push({
      detector,
      title,
      runs: seeds.length,
      ...rate(seeds.length),
      seeds,
      trace: trace ?? null,
    });
  }
  const failed = failures(so);
  shell.json({
    kind: 'seeds',
    program,
    args,
    mutants,
    strategy,
    ...range,
    runs,
    operations,
    cut,
    failed,
    ...rate(failed),
    found,
    outcomes,
    doubts: doubtsOf(subject),
    ms: Math.round(1000 * seconds),
    exitCode: shell.exitCode,
  });
}
