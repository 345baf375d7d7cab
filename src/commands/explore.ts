import { availableParallelism } from 'node:os';
import type { Command } from 'commander';
import { PARAM } from '../../kernel/param.ts';
import { type CampaignOptions, campaign } from '../campaign/campaign.ts';
import type { Standing } from '../campaign/standing.ts';
import type { Question, Saved } from '../campaign/state-file.ts';
import { doubtsOf } from '../doubts.ts';
import { EXIT, UsageError } from '../errors.ts';
import { incompleteOf } from '../explore/incomplete.ts';
import { outcomesText, progressText, verdictText } from '../report/exploration-text.ts';
import { passesText, REPORT_WIDTH } from '../report/finding-text.ts';
import { passingNear } from '../shrink/passing-near.ts';
import { checkFound } from '../stage/determinism.ts';
import type { Subject } from '../stage/stage.ts';
import { clip, count, plural, printable, wrap } from '../text.ts';
import type { Discovery, Exploration } from '../verbs/explore.ts';
import { Interrupt } from './interrupt.ts';
import { addLimits } from './limits.ts';
import { addLook, look } from './look.ts';
import { drawSeed, examples, parseNames, wholeNumber } from './options.ts';
import { inPlace, Pace, parseDuration } from './pace.ts';
import {
  addCampaignOptions,
  before,
  type CampaignCommandOptions,
  type Campaigning,
  interrupted,
} from './resume.ts';
import {
  addGuestOptions,
  askedFor,
  type RunCommandOptions,
  runAndKeep,
  runAndReport,
} from './run.ts';
import type { Shell } from './shell.ts';

interface Options extends RunCommandOptions, CampaignCommandOptions {
  readonly schedules?: number;
  /** Seconds. */
  readonly maxTime?: number;
  readonly preemptions?: number;
  readonly focus?: readonly string[];
  readonly commuting?: readonly string[];
  readonly keepGoing?: boolean;
}

/** What decides what comes of it, but for the seed and the version of the code. */
function questionOf(subject: Subject, options: Options): Question {
  const { program, args, mutants, config, detectors, spec } = subject;
  const { strategy, preemptions, focus, commuting, keepGoing = false } = options;
  return {
    program,
    arguments: args,
    mutants,
    cpus: spec?.param.ncpu ?? 'one a thread',
    ...config,
    detectors: detectors ?? 'all',
    strategy: strategy ?? 'the usual',
    preemptions: preemptions ?? 'any',
    focus: focus ?? 'everything',
    commuting: commuting ?? 'the usual',
    'keep-going': String(keepGoing),
  };
}

function campaigning(subject: Subject, options: Options): Campaigning {
  const question = questionOf(subject, options);
  return { verb: 'explore', question, fingerprint: subject.fingerprint() };
}

function campaignOptions(options: Options): CampaignOptions {
  const { strategy, preemptions, focus, keepGoing, schedules, maxTime } = options;
  const commuting = options.commuting?.filter((name) => name !== 'none');
  return {
    strategy,
    preemptions,
    focus,
    commuting,
    jobs: options.jobs ?? availableParallelism(),
    ...(keepGoing === undefined ? {} : { keepGoing }),
    ...(schedules === undefined ? {} : { schedules }),
    ...(maxTime === undefined ? {} : { msMax: 1000 * maxTime }),
  };
}

function isSearch({ strategy }: Options): boolean {
  return strategy === undefined || /^(dfs|dpor|deepen)/.test(strategy);
}

/** How an exploration ended. */
interface Explored {
  readonly at: Standing;
  readonly seed: number;
  /** All that it took, what came before an interruption included; what was dropped is not. */
  readonly seconds: number;
  /** Executions of an unfinished round. */
  readonly dropped: number;
  readonly wasInterrupted: boolean;
}

async function explored(
  subject: Subject,
  options: Options,
  saved: Saved<Standing> | undefined,
  { err }: Shell,
): Promise<Explored> {
  const { maxTime, schedules } = options;
  const seed = saved?.seed ?? options.seed ?? (isSearch(options) ? 0 : drawSeed());
  const pace = new Pace(maxTime ?? Number.POSITIVE_INFINITY);
  const seconds = (): number => pace.seconds + (saved?.ms ?? 0) / 1000;
  const onProgress: CampaignOptions['onProgress'] = (so, running) => {
    if (!pace.shows) return;
    const secondsLeft = (maxTime ?? Number.POSITIVE_INFINITY) - pace.seconds;
    const limits = { schedules, secondsLeft, columns: err.columns };
    err.write(inPlace(progressText(so, running, seconds(), limits)));
  };
  const interrupt = new Interrupt();
  try {
    const shown = err.isTerminal ? { onProgress } : {};
    const { signal } = interrupt;
    const asked = { ...campaignOptions(options), ...shown, seed, signal, from: saved?.at };
    const { at, isOver, ms, dropped } = await campaign(subject, asked);
    const wasInterrupted = signal.aborted && !isOver;
    const taken = ((saved?.ms ?? 0) + ms) / 1000;
    return { at, seed, dropped, wasInterrupted, seconds: wasInterrupted ? taken : seconds() };
  } finally {
    interrupt.end();
    if (pace.hasShown) err.write(inPlace(''));
  }
}

function reportJson(so: Exploration, program: string, seconds: number, shell: Shell): void {
  const { finding, discoveries, outcomes, sample, withdrawn, ...counts } = so;
  shell.json({
    kind: 'exploration',
    program,
    ...counts,
    seed: so.seed ?? null,
    sample: {
      executions: sample.executions,
      switchPoints: sample.switchPoints.size,
      traces: sample.traces.size,
    },
    incomplete: incompleteOf(so),
    found: finding?.title ?? null,
    discoveries: discoveries.map(({ finding: { detector, title }, ...rest }) => ({
      detector,
      title,
      ...rest,
    })),
    outcomes,
    notes: withdrawn.map(({ text }) => text),
    ms: Math.round(1000 * seconds),
  });
}

/** What runs a discovery again: its seed, or for a search its schedule. */
function again(discovery: Discovery, so: Exploration, options: Options): RunCommandOptions {
  const { strategy, seed, schedule } = discovery;
  if (so.coverage.kind === 'sampled') return { ...options, strategy, seed };
  const { strategy: _, ...others } = options;
  const untimed = so.coverage.untimed === true ? { tickInterval: 0 } : {};
  return { ...others, ...untimed, seed: 0, schedule };
}

/** Runs what was found once more: the first for its report, all for their traces. */
async function report(
  so: Exploration,
  options: Options,
  operands: readonly string[],
  shell: Shell,
): Promise<void> {
  const [first, ...others] = so.discoveries;
  if (first === undefined) return;
  const id = await runAndReport(again(first, so, options), operands, shell);
  if (id !== undefined) await sayPassing(first, so, options, operands, shell);
  if (options.json) {
    for (const each of others) await runAndReport(again(each, so, options), operands, shell);
    return;
  }
  if (id === undefined) sayLearnt(first, shell);
  if (first.times > 1) shell.say(` seen in ${count(first.times)} executions`);
  if (others.length === 0) return;
  shell.say(`\n${plural(others.length, 'other bug')}; xv6-replay replay shows each:`);
  for (const each of others) {
    const kept = await runAndKeep(again(each, so, options), operands, shell);
    const seen = `execution ${count(each.execution)}, ${plural(each.times, 'time')}`;
    shell.say(
      `  ${kept ?? '(no trace)'}  ${each.finding.title} (${each.finding.detector}; ${seen})`,
    );
  }
}

/** The nearest schedule that passes, of what was found first. */
async function sayPassing(
  discovery: Discovery,
  so: Exploration,
  options: Options,
  operands: readonly string[],
  shell: Shell,
): Promise<void> {
  const asked = again(discovery, so, options);
  const subject = await askedFor(asked, operands, shell);
  const passing = passingNear(subject, asked.seed ?? 0, discovery.schedule);
  if (passing === undefined) return;
  if (options.json) shell.json({ kind: 'passing', ...passing });
  else shell.say(passesText(passing.text, look(options, shell).width ?? REPORT_WIDTH));
}

/** An order of locks, for example, is learnt over several executions. */
function sayLearnt({ finding, seed }: Discovery, shell: Shell): void {
  const detail = finding.detail.map((line) => `  ${line}`).join('\n');
  shell.say(`${clip(printable(finding.title), 400)}\n${detail}`);
  shell.say(`seen over several executions, up to seed ${seed}, not in the last one alone`);
}

async function act(options: Options, operands: readonly string[], shell: Shell): Promise<void> {
  if (options.schedule !== undefined) throw new UsageError('--schedule is for run');
  const subject = await askedFor(options, operands, shell);
  const asked = campaigning(subject, options);
  const from = before<Standing>(asked, options);
  const ended = await explored(subject, options, from?.saved, shell);
  const { at, seed, seconds } = ended;
  const { so } = at;
  if (subject.isOwn) checkFound(await askedFor(options, operands, shell), so.discoveries);
  so.doubts = doubtsOf(subject);
  if (ended.wasInterrupted) {
    const { executions, discoveries } = so;
    const counts = { executions, found: discoveries.length, dropped: ended.dropped };
    const again =
      ended.dropped > 0 ? `; ${count(ended.dropped)} more were under way, and are done again` : '';
    const done = `${plural(executions, 'execution')}, ${count(counts.found)} found${again}`;
    interrupted(asked, { ...ended, counts, done }, from?.file, options.json, shell);
    return;
  }
  const isFound = so.discoveries.length > 0;
  const { head, rest } = verdictText(so, subject.program, seconds, shell.ink);
  if (options.json) reportJson(so, subject.program, seconds, shell);
  else sayLines([...head, ...(isFound ? [] : rest), ...outcomesText(so)], shell);
  if (so.executions === 0) shell.exitCode = EXIT.nothing;
  else shell.exitCode = incompleteOf(so).length === 0 ? EXIT.ok : EXIT.incomplete;
  if (!isFound) return;
  if (!options.json) shell.say('');
  await report(so, { ...options, seed }, operands, shell);
  if (!options.json) sayLines(['', ...rest], shell);
  shell.exitCode = EXIT.finding;
}

/** On a terminal no word is broken at the end of a line. */
function sayLines(lines: readonly string[], shell: Shell): void {
  const { columns = Number.POSITIVE_INFINITY } = shell;
  for (const line of lines)
    shell.say(line.length < columns ? line : wrap(line.split(' '), '  ', columns));
}

export function define(command: Command, shell: Shell): void {
  command
    .description(
      'Runs one schedule after the other until something is found or no schedule is left.',
    )
    .usage('[program|scenario|file] [options] [-- program args]');
  addGuestOptions(command, true);
  command
    .option('--schedules <n>', 'run at most so many executions', wholeNumber(1, 1e12))
    .option('--max-time <time>', 'stop after 60s, 5m, 2h', parseDuration)
    .option('--preemptions <k>', 'for a search: at most so many preemptions', wholeNumber(0, 1e6))
    .option('--focus <names>', 'for a search: switch only at these words, such as shm', parseNames)
    .option(
      '--commuting <names>',
      'for a search: critical sections whose order does not matter;\nkmem,looks if not given; or `none`',
      parseNames,
    )
    .option('--keep-going', 'go on after a finding');
  addCampaignOptions(command);
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
