import { closeSync, openSync, readFileSync, readSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { type Command, InvalidArgumentError } from 'commander';
import type { MemoryModel } from '../../machine/index.ts';
import { Board } from '../../riscv/board.ts';
import { isElf } from '../../riscv/elf.ts';
import { Refusal } from '../../riscv/refusal.ts';
import { EXIT, UsageError } from '../errors.ts';
import { type KernelRun, runKernel } from '../kernel-run.ts';
import { count, plural, printable } from '../text.ts';
import { drawSeed, parseFile, wholeNumber } from './options.ts';
import type { Shell } from './shell.ts';

export interface KernelOptions {
  readonly disk?: string;
  readonly type?: readonly string[];
  readonly prompt?: string;
  readonly until?: string;
  readonly failOn?: RegExp;
  /** MiB; a model of memory is for our own kernel and bare programs. */
  readonly memory?: number | MemoryModel;
  readonly legacyDisk?: boolean;
  readonly maxInstructions?: number;
  readonly seed?: number;
  readonly cpus?: number;
}

const HARTS_MAX = 8;
const FAILS = /panic|FAILED|unexpected scause/;
/** Options of `run` that mean something for our own kernel only, so far. */
const NOT_YET = ['record', 'strategy', 'schedule', 'mutant', 'detectors', 'json'] as const;
const ONLY_HERE = ['type', 'prompt', 'until', 'failOn', 'memory', 'legacyDisk', 'maxInstructions'];

const flagOf = (name: string): string =>
  `--${name.replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`)}`;

function parseRegExp(text: string): RegExp {
  try {
    return new RegExp(text);
  } catch {
    throw new InvalidArgumentError('It must be a regular expression.');
  }
}

/** The options of `run` for a kernel that is a file. */
export function addKernelOptions(command: Command): void {
  command
    .option('--disk <file>', "a kernel's disk, such as fs.img; it is not changed", parseFile)
    .option('--type <line>', 'type this when the shell prompts; again for more lines', typed)
    .option('--prompt <text>', 'what the shell prints when it waits (usually "$ ")')
    .option('--until <text>', 'end when this is printed')
    .option('--fail-on <regexp>', `a line that is a finding (usually ${FAILS.source})`, parseRegExp)
    .option('--legacy-disk', 'a disk of virtio version 1, as kernels before October 2021 want it')
    .option(
      '--max-instructions <n>',
      'end after so many (usually 20,000,000,000)',
      wholeNumber(1, Number.MAX_SAFE_INTEGER),
    );
}

function typed(line: string, before: readonly string[] = []): readonly string[] {
  return [...before, line];
}

/** Whether `run` means a kernel in a file: it is an ELF file, or a disk for it is given. */
export function isKernelFile(program: string | undefined, options: KernelOptions): boolean {
  if (options.disk !== undefined) return true;
  const alone = ONLY_HERE.find((name) => {
    const given = options[name as keyof KernelOptions];
    return given !== undefined && !(name === 'memory' && typeof given === 'string');
  });
  if (program !== undefined && startsAsElf(program)) return true;
  if (alone === undefined) return false;
  throw new UsageError(`${flagOf(alone)} is for a kernel in a file, with --disk`);
}

function startsAsElf(path: string): boolean {
  try {
    const file = openSync(path, 'r');
    try {
      const magic = new Uint8Array(4);
      return readSync(file, magic) === 4 && isElf(magic);
    } finally {
      closeSync(file);
    }
  } catch {
    return false;
  }
}

/** Boots a kernel from a file and runs it. The guest's console is standard output, ours is the other. */
export function runKernelFile(
  operands: readonly string[],
  options: KernelOptions,
  shell: Shell,
): void {
  const [path, extra] = operands;
  if (path === undefined)
    throw new UsageError('--disk needs a kernel: run kernel/kernel --disk fs.img');
  if (extra !== undefined)
    throw new UsageError(`a kernel takes no arguments; to type: --type '${extra}'`);
  const strange = NOT_YET.find((name) => (options as Record<string, unknown>)[name] !== undefined);
  if (strange !== undefined)
    throw new UsageError(`${flagOf(strange)} is not there yet for a kernel in a file`);
  if (typeof options.memory === 'string')
    throw new UsageError(`--memory ${options.memory} is not there yet for a kernel in a file`);
  const { cpus = 1, seed = drawSeed(), disk } = options;
  if (cpus > HARTS_MAX) throw new UsageError(`a kernel in a file runs on 1 to ${HARTS_MAX} CPUs`);
  const board = makeBoard(path, disk, options, cpus);
  const decoder = new TextDecoder();
  const began = performance.now();
  const ran = runKernel(board, {
    seed,
    lines: options.type ?? [],
    prompt: options.prompt ?? '$ ',
    ...(options.until === undefined ? {} : { until: options.until }),
    failOn: options.failOn ?? FAILS,
    instructionsMax: options.maxInstructions ?? 20e9,
    onOutput: (bytes) => shell.out.write(decoder.decode(bytes, { stream: true })),
  });
  const seconds = (performance.now() - began) / 1000;
  shell.exitCode = ran.ending === 'prompt' || ran.ending === 'until' ? EXIT.ok : EXIT.finding;
  const effort = `${count(board.executed)} instructions, ${plural(ran.turns, 'turn')}, ${seconds.toFixed(3)} s`;
  const name = `${printable(path)} · ${plural(cpus, 'CPU')} · seed ${seed}`;
  const digest = board.digest().toString(16).padStart(8, '0');
  const start = shell.out.isInLine ? '\n' : '';
  shell.err.write(`${start}${name}\n${verdict(ran, board)} in ${effort}; digest ${digest}\n`);
}

function makeBoard(
  path: string,
  disk: string | undefined,
  { memory, legacyDisk = false }: KernelOptions,
  harts: number,
): Board {
  const kernel = read(path);
  const image = disk === undefined ? undefined : read(disk);
  const mebibytes = typeof memory === 'number' ? memory : 128;
  const config = { harts, memory: mebibytes, ratio: 1, legacyDisk };
  try {
    const board = new Board(kernel, image ?? new Uint8Array(0), config);
    if (image !== undefined && image.length > 0) return board;
  } catch (error) {
    if (error instanceof Refusal) throw new UsageError(`${printable(path)}: ${error.message}`);
    throw error;
  }
  if (disk === undefined)
    throw new UsageError(`${printable(path)} is a kernel: --disk names its disk, such as fs.img`);
  throw new UsageError(`${printable(disk)}: an empty disk`);
}

function read(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const why = code === 'ENOENT' ? 'no such file' : (error as Error).message;
    throw new UsageError(`${printable(path)}: ${why}`);
  }
}

function verdict({ ending, line }: KernelRun, board: Board): string {
  switch (ending) {
    case 'prompt':
      return 'nothing found: the shell prompts again';
    case 'until':
      return `nothing found: it printed ${printable(line)}`;
    case 'failed':
      return `found: it printed ${printable(line)}`;
    case 'waits':
      return `all CPUs wait, and nothing can wake them (${places(board)})`;
    case 'limit':
      return `still running at the limit (${places(board)})`;
  }
}

function places({ harts }: Board): string {
  const hex = (half: number): string => (half >>> 0).toString(16).padStart(8, '0');
  return harts.map(({ id, pcLo, pcHi }) => `CPU ${id} at 0x${hex(pcHi)}${hex(pcLo)}`).join(', ');
}
