import type { Command } from 'commander';
import {
  lastState,
  loadState,
  type Question,
  type Saved,
  saveState,
  stateFile,
} from '../campaign/state-file.ts';
import { UsageError } from '../errors.ts';
import { shellWord } from '../report/text.ts';
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

export function addCampaignOptions(command: Command, note = ''): void {
  command
    .option(
      '--jobs <n>',
      `threads that execute; all cores if none${note}`,
      wholeNumber(1, JOBS_MAX),
    )
    .option(
      '--resume [file]',
      'go on where Ctrl-C interrupted the same command; the last one if no file',
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

/**
 * Leaves on disk where a campaign stands.
 *
 * @param file that it was read from, and is replaced; undefined for the usual one
 * @returns the file, and the same command that goes on from it.
 */
export function keep<Standing>(
  { verb, question, fingerprint }: Campaigning,
  known: Pick<Saved<Standing>, 'seed' | 'ms' | 'at'>,
  file: string | undefined,
  { argv }: Shell,
): { readonly state: string; readonly command: string } {
  const saved = { question, fingerprint, ...known };
  const state = saveState(saved, file ?? stateFile(verb, question), file !== undefined);
  return { state, command: resumeCommand(verb, argv, state) };
}

function resumeCommand(verb: string, argv: readonly string[], file: string): string {
  const words = [...argv];
  const at = words.indexOf('--resume');
  if (at >= 0) words.splice(at, words[at + 1] === file ? 2 : 1);
  words.splice(words.indexOf(verb) + 1, 0, '--resume', file);
  return ['xv6-replay', ...words].map(shellWord).join(' ');
}
