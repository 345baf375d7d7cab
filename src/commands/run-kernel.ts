import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { type Command, InvalidArgumentError } from 'commander';
import { shortId } from '../../detectors/finding.ts';
import type { MemoryModel } from '../../machine/index.ts';
import type { Board } from '../../riscv/board.ts';
import { lineTable } from '../../riscv/debug-line.ts';
import { isElf } from '../../riscv/elf.ts';
import { Symbols } from '../../riscv/symbols.ts';
import type { TraceHeader } from '../../traces/trace.ts';
import { UsageError } from '../errors.ts';
import { CallWatcher } from '../kernel-file/calls.ts';
import {
  HARTS_MAX,
  headerOf,
  type KernelFiles,
  makeBoard,
  readKernelFiles,
} from '../kernel-file/header.ts';
import { digestOf, Recorder } from '../kernel-file/recorder.ts';
import { Screen } from '../kernel-file/screen.ts';
import { SeededRun } from '../kernel-file/seeded.ts';
import { type KernelVerdict, verdictOf } from '../kernel-file/verdict.ts';
import { count, plural, printable, shellWord } from '../text.ts';
import { KeptTrace } from './kept-trace.ts';
import { drive, guestOutput } from './kernel-console.ts';
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
  readonly record?: string;
  readonly json?: boolean;
}

const MEMORY_USUAL = 128;
const INSTRUCTIONS_USUAL = 20e9;
/** Turns between two looks at the world. */
const TURNS = 1024;
const FAILS = /panic|FAILED/;
/** Options of `run` that mean something for our own kernel only, so far. */
const NOT_YET = ['strategy', 'schedule', 'seeds', 'mutant', 'detectors'] as const;
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
    .option(
      '--type <line>',
      'type this line when the shell prompts; give it again for more lines',
      typed,
    )
    .option('--prompt <text>', 'what the shell prints when it waits (usually "$ ")')
    .option('--until <text>', 'end when this is printed')
    .option(
      '--fail-on <regexp>',
      `a line that matches this is a finding (usually ${FAILS.source})`,
      parseRegExp,
    )
    .option('--legacy-disk', 'a disk of virtio version 1, as kernels before October 2021 want it')
    .option(
      '--max-instructions <n>',
      'end after so many instructions (usually 20,000,000,000)',
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
export async function runKernelFile(
  operands: readonly string[],
  options: KernelOptions,
  shell: Shell,
): Promise<void> {
  const path = kernelOf(operands, options);
  const { cpus = 1, seed = drawSeed(), type: lines = [], record, legacyDisk = false } = options;
  const files = readKernelFiles(path, options.disk);
  const memory = typeof options.memory === 'number' ? options.memory : MEMORY_USUAL;
  const settings = { cpus, memory, legacyDisk };
  const board = makeBoard(files, settings);
  const words = { failOn: options.failOn ?? FAILS, ...pick(options.until) };
  const prompt = options.prompt ?? '$ ';
  const instructionsMax = options.maxInstructions ?? INSTRUCTIONS_USUAL;
  const ends = { prompt, instructionsMax, failOn: words.failOn.source, ...pick(options.until) };
  const header = headerOf(files, settings, seed, lines, ends);
  const screen = new Screen(board, words, guestOutput(options, shell));
  const kept = new KeptTrace(record);
  try {
    const recorder = new Recorder(board, header, kept.sink);
    screen.onLine = (line) => recorder.prints(line);
    const symbols = new Symbols(files.kernel);
    const { lack } = new CallWatcher(board, symbols, recorder.writer).processes;
    const run = new SeededRun(board, screen, recorder, { seed, lines, prompt, instructionsMax });
    const began = performance.now();
    const ending = await drive(() => run.advance(TURNS), board, screen, shell);
    const ms = performance.now() - began;
    const verdict = verdictOf(ending, board, screen, { symbols, lineOf: lineTable(files.kernel) });
    const step = board.executed;
    const id = shortId(JSON.stringify(header), verdict.title, step);
    screen.endLine();
    recorder.finish(verdict, id);
    kept.close();
    shell.exitCode = verdict.exitCode;
    const isKept =
      verdict.finding !== undefined || (ending === 'interrupted' && record === undefined);
    const name = isKept ? kept.keep(id, header, shell) : record;
    const effort = { steps: step, turns: run.turns, ms };
    const told = { board, files, header, verdict, id, ...effort, record, name };
    if (lack !== undefined)
      shell.warn(`${lack}: calls are recorded without their processes and results`);
    if (options.json) reportJson(told, shell);
    else reportText(told, shell);
  } finally {
    kept.remove();
  }
}

const pick = (until: string | undefined): { readonly until?: string } =>
  until === undefined ? {} : { until };

/** @throws UsageError when what is asked for means nothing for a kernel in a file. */
function kernelOf([path, extra]: readonly string[], options: KernelOptions): string {
  if (path === undefined)
    throw new UsageError('--disk needs a kernel: run kernel/kernel --disk fs.img');
  if (extra !== undefined)
    throw new UsageError(`a kernel takes no arguments; to type: --type '${extra}'`);
  const strange = NOT_YET.find((name) => (options as Record<string, unknown>)[name] !== undefined);
  if (strange !== undefined)
    throw new UsageError(`${flagOf(strange)} does not work yet for a kernel in a file`);
  if (typeof options.memory === 'string')
    throw new UsageError(`--memory ${options.memory} does not work yet for a kernel in a file`);
  if ((options.cpus ?? 1) > HARTS_MAX)
    throw new UsageError(`a kernel in a file runs on 1 to ${HARTS_MAX} CPUs`);
  return path;
}

interface Told {
  readonly board: Board;
  readonly files: KernelFiles;
  readonly header: TraceHeader;
  readonly verdict: KernelVerdict;
  readonly id: string;
  readonly steps: number;
  readonly turns: number;
  readonly ms: number;
  readonly record: string | undefined;
  /** The trace's file, or its name in the store. */
  readonly name: string | undefined;
}

function reportText(told: Told, shell: Shell): void {
  const { board, files, header, verdict, record, name } = told;
  const { finding, title, detail } = verdict;
  const seconds = (told.ms / 1000).toFixed(3);
  const effort = `${count(told.steps)} instructions, ${plural(told.turns, 'turn')}, ${seconds} s`;
  const places = detail.length === 0 ? '' : ` (${detail.join(', ')})`;
  const said = `${finding === 'printed' ? 'found: ' : ''}${title}${places}`;
  const start = shell.out.isInLine ? '\n' : '';
  const run = `${printable(files.path)} · ${plural(header.cpus, 'CPU')} · seed ${header.seed}`;
  shell.err.write(`${start}${run}\n${said} in ${effort}; digest ${digestOf(board)}\n`);
  if (record !== undefined)
    shell.err.write(`recorded in ${shellWord(record)}, ${count(statSync(record).size)} bytes\n`);
  if (name === undefined) return;
  const named = `--kernel ${shellWord(files.path)} --disk ${shellWord(files.diskPath)}`;
  shell.err.write(`replay it: xv6-replay replay ${shellWord(name)} ${named}\n`);
}

function reportJson(told: Told, shell: Shell): void {
  const { board, header, verdict, id, steps, turns, record, name } = told;
  const { finding: detector, title, detail, exitCode } = verdict;
  if (detector !== undefined) {
    const trace = name ?? null;
    shell.json({ kind: 'finding', id, detector, title, detail, step: steps, report: null, trace });
  }
  const { program, args, cpus, strategy, seed } = header;
  const what = { program, args, cpus, strategy, seed };
  const ms = Math.round(told.ms * 1000) / 1000;
  const counts = { verdict: title, steps, turns, digest: digestOf(board), ms };
  const recorded = record === undefined ? {} : { file: record, bytes: statSync(record).size };
  shell.json({ kind: 'run', ...what, ...counts, ...recorded, exitCode });
}
