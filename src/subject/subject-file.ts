import { readFileSync, realpathSync } from 'node:fs';
import { basename, extname, isAbsolute, relative, resolve, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import { messageOf } from '../../detectors/model.ts';
import type { TraceHeader } from '../../traces/trace.ts';
import { UsageError } from '../errors.ts';
import { didYouMean } from '../nearest.ts';
import type { Subject } from '../stage/stage.ts';
import { reason } from '../trace-file.ts';
import { expectUserCode } from '../user-code.ts';
import { sha256 } from './bare-subject.ts';
import { fingerprint } from './fingerprint.ts';

/** `my-race.ts`, `./races.ts#second`: a path, and the export that is meant. */
const FILE = /^(.*\.[cm]?[jt]s)(?:#(.*))?$/;

/** Whether a word on the command line, or a trace's program, names a file. */
export function isSubjectFile(word: string): boolean {
  return FILE.test(word);
}

/**
 * Loads the program or scenario that a file of a user's exports: its default export, its only one,
 * or the one named behind `#`. TypeScript and JavaScript; `xv6-replay` in its imports is this very
 * installation, wherever the file lies. Loaded anew each time.
 *
 * A trace calls it by its path from the current folder, and knows its version by the file's text;
 * what it imports is not looked at.
 *
 * @throws UsageError, one line, for a file that cannot be read, parsed or run, or exports nothing
 *   of use.
 */
export async function loadSubject(word: string): Promise<Subject> {
  const [, path = word, name] = FILE.exec(word) ?? [];
  const shown = relative('', path).split(sep).join('/');
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new UsageError(`cannot read ${shown}: ${reason(error)}`);
  }
  const subject = chosen(subjectsOf(await evaluate(path, shown)), shown, name);
  const source = sha256(text);
  const version = source.slice(0, 12);
  return {
    ...subject,
    program: name === undefined ? shown : `${shown}#${name}`,
    file: word,
    source,
    fingerprint: () => (subject.guest === 'bare' ? version : `${fingerprint()}/${version}`),
  };
}

/**
 * What a trace is of, where its header names a file; undefined where the header alone says it.
 *
 * A trace is data: it must not choose what is executed. So a file is loaded only if the user names it,
 * or if it lies in the current folder and has the very text that was recorded.
 *
 * @param named the file that the user names instead of the one in the header
 * @throws UsageError that says which file was expected, and how to name it.
 */
export async function subjectOfTrace(
  header: TraceHeader | undefined,
  named?: string,
): Promise<Subject | undefined> {
  if (header === undefined || header.guest === 'elf') return undefined;
  const { program } = header;
  if (named !== undefined) {
    if (!isSubjectFile(named)) throw new UsageError(`--subject ${named}: it is a .ts or .js file`);
    const wanted = FILE.exec(program)?.[2];
    const word = named.includes('#') || wanted === undefined ? named : `${named}#${wanted}`;
    return { ...(await loadSubject(word)), program };
  }
  if (!isSubjectFile(program)) return undefined;
  const doubt = doubtOf(header);
  if (doubt === undefined) return loadSubject(program);
  const { source = 'unknown' } = header;
  const what = `the trace is of ${program} (SHA-256 ${source.slice(0, 12)})`;
  throw new UsageError(`${what}, ${doubt}; if you trust it, name the file: --subject FILE`);
}

/** Why the file that a header names is not to be executed; undefined if it may be. */
function doubtOf({ program, source }: TraceHeader): string | undefined {
  const [, path = program] = FILE.exec(program) ?? [];
  const parts = path.split(/[\\/]/);
  if (isAbsolute(path) || parts.includes('..')) return 'which is not in this folder';
  if (parts.includes('node_modules')) return 'which is in node_modules';
  let text: string;
  try {
    // A link on the way would lead out of the folder.
    if (realpathSync(path) !== resolve(realpathSync('.'), path))
      return 'which is reached through a link';
    text = readFileSync(path, 'utf8');
  } catch (error) {
    return `which cannot be read: ${reason(error)}`;
  }
  return sha256(text) === source ? undefined : 'and the file of that name here has another text';
}

async function evaluate(path: string, shown: string): Promise<unknown> {
  expectUserCode();
  const [{ createJiti }, api] = await Promise.all([import('jiti'), import('../index.ts')]);
  const jiti = createJiti(pathToFileURL(resolve('.', 'any')).href, {
    // No cache on disk, in nobody's folder; none in memory, for what changes while we run.
    fsCache: false,
    moduleCache: false,
    interopDefault: false,
    virtualModules: { 'xv6-replay': api },
  });
  const filename = resolve(path);
  try {
    if (extname(path) !== '.mjs') return await jiti.import(filename);
    // jiti leaves these to Node, which may find another xv6-replay beside them.
    const how = { filename, ext: '.mjs', async: true, forceTranspile: true };
    return await jiti.evalModule(readFileSync(filename, 'utf8'), how);
  } catch (error) {
    throw new UsageError(loadingText(error, filename, shown));
  }
}

/** Why a file could not be loaded: what is wrong, and where in it. */
function loadingText(error: unknown, path: string, shown: string): string {
  if (error instanceof UsageError) return `${shown}: ${error.message}`;
  const message = messageOf(error);
  const text = error instanceof Error ? `${error.message}\n${error.stack}` : '';
  const line = text.split(`${path}:`)[1]?.match(/^\d+/)?.[0];
  const where = line === undefined ? shown : `${shown}:${line}`;
  if (message.startsWith('ParseError: ')) return `${where}: ${message.slice(12).trim()}`;
  if (/^Cannot find (module|package)/.test(message)) {
    return `${shown}: ${message.replace(resolve('.') + sep, '')}`;
  }
  return `${where}: throws while it is loaded: ${message}`;
}

/** The subjects that a module exports, by name. */
function subjectsOf(module: unknown): Map<string, Subject> {
  if (isSubject(module)) return new Map([['default', module]]);
  const entries = Object.entries((module ?? {}) as object);
  return new Map(entries.filter((entry): entry is [string, Subject] => isSubject(entry[1])));
}

function isSubject(value: unknown): value is Subject {
  if (typeof value !== 'object' || value === null) return false;
  return 'build' in value && 'fingerprint' in value && 'guest' in value;
}

function chosen(all: Map<string, Subject>, shown: string, name: string | undefined): Subject {
  const names = [...all.keys()];
  const [only] = all.size === 1 && name === undefined ? all.values() : [];
  const found = all.get(name ?? 'default') ?? only;
  if (found !== undefined) return found;
  if (all.size === 0) {
    const example = "export default program('name', …)";
    throw new UsageError(`${shown} exports no program or scenario; write ${example}`);
  }
  const list = names.map((each) => `${basename(shown)}#${each}`).join(', ');
  if (name === undefined) throw new UsageError(`${shown} has several, choose one: ${list}`);
  throw new UsageError(
    `${shown} exports no ${name}${didYouMean(name, names) || `; it has ${list}`}`,
  );
}
