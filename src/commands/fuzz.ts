import { availableParallelism } from 'node:os';
import type { Command } from 'commander';
import {
  type FuzzCampaign,
  type FuzzCampaignOptions,
  type FuzzStanding,
  fuzzCampaign,
} from '../campaign/fuzz-campaign.ts';
import type { Saved } from '../campaign/state-file.ts';
import { EXIT } from '../errors.ts';
import { generation } from '../fuzz/case.ts';
import type { FuzzFinding } from '../fuzz/program.ts';
import { fingerprint } from '../subject/fingerprint.ts';
import { count, plural } from '../text.ts';
import { reportFound } from './fuzz-found.ts';
import { coveredText, type FuzzCommandOptions, progressText } from './fuzz-text.ts';
import { Interrupt } from './interrupt.ts';
import { addLook } from './look.ts';
import { drawSeed, examples, parseNames, parseSeed, wholeNumber } from './options.ts';
import { inPlace, Pace, parseDuration } from './pace.ts';
import { addCampaignOptions, before, type Campaigning, interrupted } from './resume.ts';
import { parseStrategy } from './run.ts';
import type { Shell } from './shell.ts';

const PROGRAMS_DEFAULT = 1000;
const UNLIMITED = Number.MAX_SAFE_INTEGER;

/** What decides what comes of it, but for the seed, how many programs, and the version of the code. */
function campaigning(options: FuzzCommandOptions): Campaigning {
  const { schedules, strategy, mutant, detectors, keepGoing = false, shrink } = options;
  const question = {
    program: 'generated programs',
    schedules,
    strategy,
    mutants: mutant ?? [],
    detectors: detectors ?? 'all',
    'keep-going': String(keepGoing),
    shrink: String(shrink),
  };
  return { verb: 'fuzz', question, fingerprint: `${fingerprint()}/${generation()}` };
}

function programsOf({ programs, maxTime }: FuzzCommandOptions): number {
  return programs ?? (maxTime === undefined ? PROGRAMS_DEFAULT : UNLIMITED);
}

function campaignOptions(options: FuzzCommandOptions, seed: number): FuzzCampaignOptions {
  const { schedules, strategy, mutant = [], detectors, shrink, keepGoing, maxTime, jobs } = options;
  return {
    seed,
    programs: programsOf(options),
    schedules,
    strategy,
    mutants: mutant,
    shrink,
    jobs: jobs ?? availableParallelism(),
    ...(detectors === undefined ? {} : { detectors }),
    ...(keepGoing === undefined ? {} : { keepGoing }),
    ...(maxTime === undefined ? {} : { msMax: 1000 * maxTime }),
  };
}

/** How a campaign ended. */
interface Fuzzed extends FuzzCampaign {
  readonly seed: number;
  /** All that it took, what came before an interruption included. */
  readonly seconds: number;
  readonly wasInterrupted: boolean;
}

/** Fuzzes, and reports each finding as soon as it is shrunk. */
async function fuzzed(
  options: FuzzCommandOptions,
  saved: Saved<FuzzStanding> | undefined,
  shell: Shell,
): Promise<Fuzzed> {
  const { maxTime = Number.POSITIVE_INFINITY } = options;
  const seed = saved?.seed ?? options.seed ?? drawSeed();
  const pace = new Pace(maxTime);
  const seconds = (): number => pace.seconds + (saved?.ms ?? 0) / 1000;
  const clear = (): void => {
    if (pace.hasShown) shell.err.write(inPlace(''));
  };
  const onProgress: FuzzCampaignOptions['onProgress'] = (share, running) => {
    if (!pace.shows) return;
    const time = { seconds: seconds(), secondsLeft: maxTime - pace.seconds };
    const line = progressText(share, running, programsOf(options), time);
    shell.err.write(inPlace(line));
  };
  let reports = Promise.resolve();
  const onFinding = (found: FuzzFinding): void => {
    clear();
    reports = reports.then(() => reportFound(found, options, shell));
    // Whoever waits for all of them hears of it.
    reports.catch(() => undefined);
  };
  const shown = shell.err.isTerminal ? { onProgress } : {};
  const interrupt = new Interrupt();
  const { signal } = interrupt;
  const asked = { ...campaignOptions(options, seed), ...shown, onFinding, signal, from: saved?.at };
  try {
    const ended = await fuzzCampaign(asked);
    await reports;
    const wasInterrupted = signal.aborted && !ended.isOver;
    return { ...ended, seed, seconds: seconds(), wasInterrupted };
  } finally {
    interrupt.end();
    clear();
  }
}

function reportJson({ at, seed, seconds }: Fuzzed, shell: Shell): void {
  const { calls, hits, ...counts } = at.share;
  const came = { findings: hits.length, calls: Object.fromEntries(calls) };
  const ms = Math.round(1000 * seconds);
  shell.json({ kind: 'fuzz', seed, ...counts, ...came, ms, exitCode: shell.exitCode });
}

function reportText({ at, seed, seconds }: Fuzzed, shell: Shell): void {
  const { executions, repeated, hits } = at.share;
  const { ink } = shell;
  const isFound = hits.length > 0;
  const bugs = plural(hits.length, 'bug');
  const verdict = isFound ? ink.red(`${bugs} found`) : ink.green('nothing found');
  // Shrinking and reports took their time, too.
  const [first, ...further] = coveredText(at.share, isFound ? undefined : executions / seconds);
  shell.say(`${verdict} in ${first}; seed ${seed}`);
  for (const line of further) shell.say(line);
  if (repeated > 0) shell.say(`${plural(repeated, 'program')} more with findings like these`);
}

async function act(options: FuzzCommandOptions, shell: Shell): Promise<void> {
  const asked = campaigning(options);
  const from = before<FuzzStanding>(asked, options);
  const ended = await fuzzed(options, from?.saved, shell);
  const { programs, executions, hits } = ended.at.share;
  if (ended.wasInterrupted) {
    const counts = { programs, executions, found: hits.length };
    const done = `${plural(programs, 'program')}, ${count(hits.length)} found`;
    interrupted(asked, { ...ended, counts, done }, from?.file, options.json, shell);
    return;
  }
  if (hits.length > 0) shell.exitCode = EXIT.finding;
  else shell.exitCode = programs === 0 ? EXIT.nothing : EXIT.ok;
  if (options.json) reportJson(ended, shell);
  else reportText(ended, shell);
}

export function define(command: Command, shell: Shell): void {
  command
    .description(
      'Generates programs of system calls, machines and schedules until something is found, and makes it small.',
    )
    .option(
      '--seed <n>',
      'seed of the first program; the next has the next seed; drawn if not given',
      parseSeed,
    )
    .option(
      '--programs <n>',
      `programs at most; ${PROGRAMS_DEFAULT} if none, any number with --max-time`,
      wholeNumber(1, 1e12),
    )
    .option('--schedules <n>', 'schedules tried for each program', wholeNumber(1, 1e9), 20)
    .option('--max-time <time>', 'stop after 60s, 5m, 2h', parseDuration)
    .option('--strategy <name>', 'what chooses the next thread', parseStrategy, 'portfolio')
    .option('--mutant <names>', 'switch on planted bugs of the kernel: see `list`', parseNames)
    .option('--detectors <names>', 'use only these detectors, and panic: see `list`', parseNames)
    .option('--keep-going', 'go on after a finding')
    .option('--no-shrink', 'do not shrink programs and schedules');
  addCampaignOptions(command);
  command.option('--json', 'one JSON object per line instead of text');
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
