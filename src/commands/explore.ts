import type { Command } from 'commander';
import { PARAM } from '../../kernel/param.ts';
import { checkFound } from '../determinism.ts';
import { EXIT, UsageError } from '../errors.ts';
import { type Discovery, type Exploration, type ExploreOptions, explore } from '../explore.ts';
import { outcomesText, verdictText } from '../report/exploration-text.ts';
import { count } from '../report/text.ts';
import type { Subject } from '../stage.ts';
import { addLimits } from './limits.ts';
import { addLook } from './look.ts';
import { drawSeed, examples, parseNames, wholeNumber } from './options.ts';
import { Pace, parseDuration } from './pace.ts';
import { addGuestOptions, askedFor, type RunCommandOptions, runAndReport } from './run.ts';
import type { Shell } from './shell.ts';

interface Options extends RunCommandOptions {
  readonly schedules?: number;
  /** Seconds. */
  readonly maxTime?: number;
  readonly preemptions?: number;
  readonly focus?: readonly string[];
  readonly commuting?: readonly string[];
  readonly keepGoing?: boolean;
}

function progress(so: Exploration, pace: Pace, { schedules, maxTime }: Options): string {
  const rate = so.executions / pace.seconds;
  const operations = ((rate * so.operations) / so.executions / 1e6).toFixed(1);
  const parts = [
    `${count(so.executions)} executions`,
    `${count(Math.round(rate))}/s`,
    `${operations} M operations/s`,
    `${count(so.discoveries.length)} found`,
  ];
  const isEstimated = Number.isFinite(so.estimate);
  if (isEstimated) parts.push(`${count(so.traces)} traces of about ${count(so.estimate)}`);
  else if (so.levels.unfinished !== undefined) parts.push(`searching ${so.levels.unfinished}`);
  const limits = [
    ((schedules ?? Number.POSITIVE_INFINITY) - so.executions) / rate,
    (maxTime ?? Number.POSITIVE_INFINITY) - pace.seconds,
    isEstimated ? (so.estimate - so.traces) / rate : Number.POSITIVE_INFINITY,
  ].filter(Number.isFinite);
  if (limits.length > 0) parts.push(`${Math.ceil(Math.max(0, Math.min(...limits)))} s left`);
  return parts.join(', ');
}

function reportJson(so: Exploration, program: string, pace: Pace, shell: Shell): void {
  const { finding, discoveries, outcomes, coverage, ...counts } = so;
  shell.json({
    kind: 'exploration',
    program,
    ...counts,
    seed: so.seed ?? null,
    coverage,
    found: finding?.title ?? null,
    discoveries: discoveries.map(({ finding: { detector, title }, ...rest }) => ({
      detector,
      title,
      ...rest,
    })),
    outcomes,
    ms: Math.round(1000 * pace.seconds),
  });
}

function explored(subject: Subject, options: Options, pace: Pace, shell: Shell): Exploration {
  const { isTerminal } = shell.err;
  const goOn = (so: Exploration): boolean => {
    if (isTerminal && so.executions > 0 && pace.shows) {
      shell.err.write(`\r${progress(so, pace, options)}\x1b[K`);
    }
    return !pace.isOver;
  };
  const { strategy, preemptions, focus, schedules, keepGoing, seed = 0 } = options;
  const commuting = options.commuting?.filter((name) => name !== 'none');
  const asked = { strategy, schedules, keepGoing, commuting };
  const given = Object.entries(asked).filter(([, value]) => value !== undefined);
  const so = explore(subject, {
    ...(Object.fromEntries(given) as ExploreOptions),
    preemptions,
    focus,
    seed,
    goOn,
  });
  if (pace.hasShown) shell.err.write('\r\x1b[K');
  return so;
}

/** What runs a discovery again: its seed, or for a search its schedule. */
function again(discovery: Discovery, so: Exploration, options: Options): RunCommandOptions {
  const { strategy, seed, schedule } = discovery;
  if (so.coverage.kind === 'sampled') return { ...options, strategy, seed };
  const { strategy: _, ...others } = options;
  return { ...others, seed: 0, schedule };
}

/** Runs what was found once more, for its report and its trace. */
async function report(
  so: Exploration,
  options: Options,
  operands: readonly string[],
  shell: Shell,
): Promise<void> {
  for (const discovery of so.discoveries) {
    const { finding, seed, times } = discovery;
    const id = await runAndReport(again(discovery, so, options), operands, shell);
    if (id === undefined && options.json !== true) {
      // An order of locks, for example, is learnt over several executions.
      const detail = finding.detail.map((line) => `  ${line}`).join('\n');
      shell.say(`${finding.title}\n${detail}`);
      shell.say(`seen over several executions, up to seed ${seed}, not in the last one alone`);
    }
    if (times > 1 && options.json !== true) shell.say(` seen in ${count(times)} executions\n`);
  }
}

async function act(options: Options, operands: readonly string[], shell: Shell): Promise<void> {
  const subject = await askedFor(options, operands, shell);
  if (options.schedule !== undefined) throw new UsageError('--schedule is for run');
  const pace = new Pace(options.maxTime ?? Number.POSITIVE_INFINITY);
  const searches = options.strategy === undefined || /^(dfs|dpor|deepen)/.test(options.strategy);
  const seeded = searches ? options : { ...options, seed: options.seed ?? drawSeed() };
  const so = explored(subject, seeded, pace, shell);
  if (subject.isOwn) checkFound(await askedFor(options, operands, shell), so.discoveries);
  if (options.json) reportJson(so, subject.program, pace, shell);
  else {
    for (const line of verdictText(so, subject.program, pace.seconds, shell.ink)) shell.say(line);
    for (const line of outcomesText(so)) shell.say(line);
  }
  shell.exitCode = so.executions === 0 ? EXIT.nothing : EXIT.ok;
  if (so.discoveries.length === 0) return;
  if (!options.json) shell.say('');
  await report(so, seeded, operands, shell);
  shell.exitCode = EXIT.finding;
}

export function define(command: Command, shell: Shell): void {
  command
    .description('Runs schedule after schedule until something is found, or none is left.')
    .usage('[program|scenario|file] [options] [-- program args]');
  addGuestOptions(command, true);
  command
    .option('--schedules <n>', 'executions at most', wholeNumber(1, 1e12))
    .option('--max-time <time>', 'stop after 60s, 5m, 2h', parseDuration)
    .option('--preemptions <k>', 'of a search: preemptions at most', wholeNumber(0, 1e6))
    .option('--focus <names>', 'of a search: switch only at these words, such as shm', parseNames)
    .option(
      '--commuting <names>',
      'of a search: critical sections whose order\ndoes not matter; kmem if none, or `none`',
      parseNames,
    )
    .option('--keep-going', 'go on after something was found');
  addLook(command);
  addLimits(command, PARAM);
  command
    .addHelpText(
      'after',
      examples(
        'explore open-race --mutant shm-open-create-apart --max-time 20s',
        'explore two-open-close --strategy dpor --preemptions 2 --focus shm',
        'explore examples/x5-race.ts',
      ),
    )
    .action(async (program: string | undefined, args: string[], options: Options) => {
      await act({ ...options, detail: 1 }, program === undefined ? [] : [program, ...args], shell);
    });
}
