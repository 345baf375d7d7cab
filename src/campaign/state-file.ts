import { createHash } from 'node:crypto';
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { Packr } from 'msgpackr';
import { crc32 } from '../../traces/crc32.ts';
import { UsageError } from '../errors.ts';
import { makeFolder, reason, STORE } from '../trace-file.ts';

/*
 * Where a campaign stands, in a file: a line that says what it is, a checksum of 4 bytes, and a body in
 * MessagePack. It is for the same version of xv6-replay, and lives as long as somebody means to go on.
 */

/** What was asked, as far as it decides what comes of it; `program` is what is explored. */
export interface Question {
  readonly program: string;
  readonly [option: string]: string | number | readonly string[];
}

export interface Saved<Standing> {
  readonly question: Question;
  /** Names the version of what is explored, and of the kernel. */
  readonly fingerprint: string;
  readonly seed: number;
  /** Milliseconds that it took so far. */
  readonly ms: number;
  readonly at: Standing;
}

const HEAD = Buffer.from('xv6-replay state 2\n');
const packr = new Packr({ structuredClone: true });

/** The usual file for a question: the same question has the same. */
export function stateFile(command: string, question: Question): string {
  const hash = createHash('sha256').update(JSON.stringify(question)).digest('hex');
  return join(STORE, `${command}-${hash.slice(0, 6)}.state`);
}

/**
 * Writes a state, whole or not at all.
 *
 * @param path where it was read from, and is replaced; or the usual file: then nothing is
 *   overwritten, and a number is put before the end of the name if need be
 * @returns the file
 * @throws UsageError when it cannot be written.
 */
export function saveState<Standing>(
  saved: Saved<Standing>,
  path: string,
  replaces: boolean,
): string {
  let file = path;
  for (let n = 2; !replaces && existsSync(file); n++) file = path.replace(/(\.\w+)$/, `-${n}$1`);
  const body = packr.pack(saved);
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32LE(crc32(body));
  const unfinished = `${file}.${process.pid}.tmp`;
  try {
    makeFolder(dirname(file));
    writeFileSync(unfinished, Buffer.concat([HEAD, checksum, body]));
    renameSync(unfinished, file);
  } catch (error) {
    if (existsSync(unfinished)) rmSync(unfinished, { force: true });
    if (error instanceof UsageError) throw error;
    throw new UsageError(`cannot write ${file}: ${reason(error)}`);
  }
  return file;
}

/**
 * Reads a state that answers this question.
 *
 * @throws UsageError when there is none, when it is damaged, or is of another question or version.
 */
export function loadState<Standing>(
  path: string,
  question: Question,
  fingerprint: string,
): Saved<Standing> {
  const saved = read(path) as Saved<Standing>;
  const names = new Set([...Object.keys(saved.question), ...Object.keys(question)]);
  for (const name of names) {
    const [its, ours] = [saved.question[name], question[name]];
    if (isDeepStrictEqual(its, ours)) continue;
    throw new UsageError(`${path} was saved with ${name} ${shown(its)}, not ${shown(ours)}`);
  }
  if (saved.fingerprint !== fingerprint) {
    throw new UsageError(`${path} was saved with another version of ${question.program}`);
  }
  return saved;
}

/** The last state that was written to the usual file of a question. @throws UsageError for none. */
export function lastState(usual: string): string {
  let last: string | undefined;
  let file = usual;
  for (let n = 2; existsSync(file); n++) {
    last = file;
    file = usual.replace(/(\.\w+)$/, `-${n}$1`);
  }
  if (last !== undefined) return last;
  throw new UsageError(`nothing was saved of this program with these options: no ${usual}`);
}

function read(path: string): unknown {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    throw new UsageError(`cannot read ${path}: ${reason(error)}`);
  }
  if (!bytes.subarray(0, HEAD.length).equals(HEAD)) {
    throw new UsageError(`${path} was not saved by this version of xv6-replay`);
  }
  const body = bytes.subarray(HEAD.length + 4);
  const isWhole = body.length > 0 && bytes.readUInt32LE(HEAD.length) === crc32(body);
  if (!isWhole) throw new UsageError(`${path} is damaged and cannot be resumed`);
  return packr.unpack(body);
}

function shown(value: unknown): string {
  return String(value) === '' ? 'none' : String(value);
}
