import type { Command } from 'commander';
import {
  lastState,
  loadState,
  type Question,
  type Saved,
  saveState,
  stateFile,
} from '../campaign/state-file.ts';
import { EXIT, UsageError } from '../errors.ts';
import { shellWord } from '../text.ts';
import { wholeNumber } from './options.ts';
import type { Shell } from './shell.ts';

/** Options of campaigns: commands that run on several threads and can be gone on with. */
export interface CampaignCommandOptions {
  readonly seed?: number;
  readonly jobs?: number;
  /** The file; true for the last that was saved of the same. */
  readonly resume?: string | true;
}

const JOBS_MAX = 256;

export function addCampaignOptions(command: Command): void {
  command
    .option(
      '--jobs <n>',
      'threads that execute; one for each core if not given',
      wholeNumber(1, JOBS_MAX),
    )
    .option(
      '--resume [file]',
      'go on where Ctrl-C or SIGTERM interrupted the same command; without a file, the last time',
    );
}

/** What campaigns of a command are asked, and who answers. */
export interface Campaigning {
  readonly verb: string;
  readonly question: Question;
  /** Names the version of the code. */
  readonly fingerprint: string;
}

/** An interrupted campaign that is gone on with. */
export interface Before<Standing> {
  readonly file: string;
  readonly saved: Saved<Standing>;
}

/** What `--resume` asks for. @throws UsageError for a state of something else. */
export function before<Standing>(
  { verb, question, fingerprint }: Campaigning,
  { resume, seed }: CampaignCommandOptions,
): Before<Standing> | undefined {
  if (resume === undefined) return undefined;
  const file = resume === true ? lastState(stateFile(verb, question)) : resume;
  const saved = loadState<Standing>(file, question, fingerprint);
  if (seed === undefined || seed === saved.seed) return { file, saved };
  throw new UsageError(`${file} was saved with seed ${saved.seed}, not ${seed}`);
}

/** A campaign that was interrupted. */
export interface Interrupted<Standing> {
  readonly at: Standing;
  readonly seed: number;
  readonly seconds: number;
  /** How far it came, for `--json`, and in words. */
  readonly counts: Readonly<Record<string, number>>;
  readonly done: string;
}

/**
 * Leaves on disk where a campaign stands, and says how to go on.
 *
 * @param file that it was read from, and is replaced; undefined for the usual one
 */
export function interrupted<Standing>(
  { verb, question, fingerprint }: Campaigning,
  { at, seed, seconds, counts, done }: Interrupted<Standing>,
  file: string | undefined,
  json: boolean | undefined,
  shell: Shell,
): void {
  const saved = { question, fingerprint, seed, ms: Math.round(1000 * seconds), at };
  const state = saveState(saved, file ?? stateFile(verb, question), file !== undefined);
  const command = resumeCommand(verb, shell.argv, state);
  shell.exitCode = EXIT.interrupted;
  if (json === true) shell.json({ kind: 'interrupted', ...counts, state, command });
  else shell.say(`interrupted after ${done}; to go on: ${command}`);
}

function resumeCommand(verb: string, argv: readonly string[], file: string): string {
  const words = [...argv];
  const at = words.indexOf('--resume');
  if (at >= 0) words.splice(at, words[at + 1] === file ? 2 : 1);
  words.splice(words.indexOf(verb) + 1, 0, '--resume', file);
  return ['xv6-replay', ...words].map(shellWord).join(' ');
}
