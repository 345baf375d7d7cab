import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { Board } from '../../riscv/board.ts';
import { Refusal } from '../../riscv/refusal.ts';
import { PRNG } from '../../scheduler/prng.ts';
import type { TraceHeader } from '../../traces/trace.ts';
import { UsageError } from '../errors.ts';
import { printable } from '../text.ts';
import { reason } from '../trace-file.ts';

/** The behaviour of riscv/: to be raised with every change that another execution, or another digest, follows from. */
const MACHINE_VERSION = 'rv64-3';

export const HARTS_MAX = 8;
const MEMORY_MIN = 64;
const MEMORY_MAX = 1024;

/** What a board is made of. */
export interface KernelFiles {
  readonly path: string;
  readonly kernel: Uint8Array;
  readonly diskPath: string;
  readonly disk: Uint8Array;
}

export interface KernelSettings {
  readonly cpus: number;
  /** MiB. */
  readonly memory: number;
  readonly legacyDisk: boolean;
}

/** Reads a kernel and its disk. @throws UsageError */
export function readKernelFiles(path: string, diskPath: string | undefined): KernelFiles {
  const kernel = read(path);
  if (diskPath === undefined)
    throw new UsageError(`${printable(path)} is a kernel: --disk names its disk, such as fs.img`);
  return { path, kernel, diskPath, disk: read(diskPath) };
}

function read(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const why = code === 'ENOENT' ? 'no such file' : reason(error);
    throw new UsageError(`${printable(path)}: ${why}`);
  }
}

/** @throws UsageError when a file cannot be used. */
export function makeBoard(files: KernelFiles, settings: KernelSettings): Board {
  const { cpus: harts, memory, legacyDisk } = settings;
  try {
    const board = new Board(files.kernel, files.disk, { harts, memory, ratio: 1, legacyDisk });
    if (files.disk.length > 0) return board;
  } catch (error) {
    if (error instanceof Refusal)
      throw new UsageError(`${printable(files.path)}: ${error.message}`);
    throw error;
  }
  throw new UsageError(`${printable(files.diskPath)}: an empty disk`);
}

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** @param config what decides the end of the execution, by name. */
export function headerOf(
  files: KernelFiles,
  settings: KernelSettings,
  seed: number,
  lines: readonly string[],
  config: TraceHeader['config'],
): TraceHeader {
  const { cpus, memory, legacyDisk } = settings;
  return {
    guest: 'elf',
    program: basename(files.path),
    args: lines,
    seed,
    strategy: 'random',
    prng: PRNG,
    cpus,
    mutants: [],
    config: { ...config, memory, legacyDisk, disk: sha256(files.disk) },
    fingerprint: MACHINE_VERSION,
    source: sha256(files.kernel),
    detail: 1,
  };
}

/** How the board of a trace was made. @throws UsageError when no board is so. */
export function settingsOf({ cpus, config }: TraceHeader): KernelSettings {
  const { memory, legacyDisk } = config;
  if (cpus < 1 || cpus > HARTS_MAX) {
    throw new UsageError(`the header is damaged: ${cpus} CPUs, and a kernel in a file has 1 to 8`);
  }
  const whole = typeof memory === 'number' && Number.isInteger(memory);
  if (!whole || memory < MEMORY_MIN || memory > MEMORY_MAX || typeof legacyDisk !== 'boolean') {
    throw new UsageError('the header is damaged: it does not say which memory and disk there were');
  }
  return { cpus, memory, legacyDisk };
}

/**
 * @returns what to warn of: the trace is of another version of the machine.
 * @throws UsageError when the trace is of another kernel or disk.
 */
export function checkFiles(header: TraceHeader, files: KernelFiles): string | undefined {
  const { source, config, fingerprint } = header;
  const pairs = [
    ['kernel', files.path, source, sha256(files.kernel)],
    ['disk', files.diskPath, config.disk, sha256(files.disk)],
  ] as const;
  for (const [what, path, then, now] of pairs) {
    if (then === now) continue;
    const had = printable(`${then}`.slice(0, 12));
    const digests = `SHA-256 ${had}… then, ${now.slice(0, 12)}… now`;
    throw new UsageError(`${printable(path)} is not the ${what} of the trace: ${digests}`);
  }
  if (fingerprint === MACHINE_VERSION) return undefined;
  const versions = `${printable(fingerprint)}, this one is ${MACHINE_VERSION}`;
  return `made on another version of the machine (${versions}): it may diverge`;
}
