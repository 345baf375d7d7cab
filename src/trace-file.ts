import {
  closeSync,
  constants,
  copyFileSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { SHORT_ID } from '../detectors/finding.ts';
import { TraceFormatError } from '../traces/errors.ts';
import { readTrace, type Trace } from '../traces/reader.ts';
import type { TraceHeader } from '../traces/trace.ts';
import type { Sink } from '../traces/writer.ts';
import { UsageError } from './errors.ts';

/** Where traces of findings, and what campaigns left unfinished, are kept: below the current folder. */
export const STORE = '.xv6-replay';

function storedPath(id: string): string {
  return join(STORE, `${id}.xrt`);
}

const REASONS: ReadonlyMap<string, string> = new Map(
  Object.entries({
    ENOENT: 'no such file or folder',
    EISDIR: 'it is a folder',
    EEXIST: 'it exists; nothing is overwritten',
    EACCES: 'permission denied',
    EROFS: 'the file system is read-only',
    ENOSPC: 'no space left',
    ENOTDIR: 'a part of the path is not a folder',
  }),
);

/** What the operating system said, as the end of a sentence. */
export function reason(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return REASONS.get(code ?? '') ?? message;
}

/** A file that a trace is written to; each frame is with the operating system when it is written. */
export class TraceFile {
  readonly path: string;
  private readonly fd: number;

  /** @throws UsageError when it exists or cannot be made. */
  constructor(path: string) {
    this.path = path;
    try {
      this.fd = openSync(path, 'wx');
    } catch (error) {
      throw new UsageError(`cannot write ${path}: ${reason(error)}`);
    }
  }

  readonly sink: Sink = (bytes) => {
    try {
      for (let at = 0; at < bytes.length; ) at += writeSync(this.fd, bytes, at);
    } catch (error) {
      throw new UsageError(`cannot write ${this.path}: ${reason(error)}`);
    }
  };

  close(): void {
    closeSync(this.fd);
  }
}

/**
 * Reads a trace by path or by the short id of a finding.
 *
 * @throws UsageError when there is no such file; TraceFormatError when nothing in it can be read.
 */
export function openTrace(pathOrId: string): Trace {
  const path = pathOf(pathOrId);
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    throw new UsageError(`cannot read ${path}: ${reason(error)}`);
  }
  try {
    return readTrace(bytes);
  } catch (error) {
    if (!(error instanceof TraceFormatError)) throw error;
    throw new TraceFormatError(error.code, `${path}: ${error.message}`);
  }
}

const pathOf = (pathOrId: string): string =>
  SHORT_ID.test(pathOrId) && !existsSync(pathOrId) ? storedPath(pathOrId) : pathOrId;

/** Whether two traces are the same to the byte. False for what cannot be read. */
export function haveSameBytes(one: string, other: string): boolean {
  const [a, b] = [pathOf(one), pathOf(other)];
  try {
    return statSync(a).size === statSync(b).size && readFileSync(a).equals(readFileSync(b));
  } catch {
    return false;
  }
}

/**
 * Keeps the trace of a finding in the store. Nothing there is overwritten: a trace of the same run
 * stays, and if another run's finding has this id, ours gets a number behind it.
 *
 * @param write makes the file at the path it is given
 * @returns the name to call it by, `XR-3f9a1c` or `XR-3f9a1c-2`
 * @throws UsageError when it cannot be written.
 */
export function storeTrace(id: string, header: TraceHeader, write: (path: string) => void): string {
  let name = id;
  for (let n = 2; existsSync(storedPath(name)); n++) {
    if (isOfRun(storedPath(name), header)) return name;
    name = `${id}-${n}`;
  }
  const unfinished = `${storedPath(name)}.${process.pid}.tmp`;
  try {
    makeFolder(STORE);
    write(unfinished);
    renameSync(unfinished, storedPath(name));
  } catch (error) {
    // What is not there, or cannot be removed, must not hide the error.
    if (existsSync(unfinished)) rmSync(unfinished, { force: true });
    if (error instanceof UsageError || !isFromSystem(error)) throw error;
    throw new UsageError(`cannot write ${storedPath(name)}: ${reason(error)}`);
  }
  return name;
}

/** Makes a folder that may be there already. @throws UsageError if something else is. */
export function makeFolder(path: string): void {
  try {
    mkdirSync(path, { recursive: true });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const why = code === 'EEXIST' ? 'it is not a folder' : reason(error);
    throw new UsageError(`cannot use ${path}: ${why}`);
  }
}

/** Whether a whole trace of the same run, by the same kernel, is in that file. */
function isOfRun(path: string, header: TraceHeader): boolean {
  try {
    const trace = readTrace(readFileSync(path));
    const found = { ...trace.header, detail: header.detail };
    return trace.missing.length === 0 && isDeepStrictEqual(found, header);
  } catch {
    return false;
  }
}

function isFromSystem(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error;
}

/** @throws UsageError when the copy exists or cannot be made. */
export function copyTrace(from: string, to: string): void {
  try {
    copyFileSync(from, to, constants.COPYFILE_EXCL);
  } catch (error) {
    throw new UsageError(`cannot write ${to}: ${reason(error)}`);
  }
}
