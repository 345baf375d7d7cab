import { elf } from '../riscv/guests/assembler.ts';
import { RESTLESS } from '../riscv/guests/restless.ts';
import { Symbols } from '../riscv/symbols.ts';
import { UsageError } from '../src/errors.ts';
import { headerOf, type KernelFiles, makeBoard, settingsOf } from '../src/kernel-file/header.ts';
import { Recorder } from '../src/kernel-file/recorder.ts';
import { RecordedRun } from '../src/kernel-file/replay.ts';
import { Screen } from '../src/kernel-file/screen.ts';
import { SeededRun } from '../src/kernel-file/seeded.ts';
import { verdictOf } from '../src/kernel-file/verdict.ts';
import type { Trace } from '../traces/reader.ts';

/** Steps of a replay that a test waits for. */
const STEPS_MOST = 1_000_000;

/** What is typed. */
export const LINES = ['hi', 'you'];

export function filesOf(code: readonly number[]): KernelFiles {
  return { path: 'kernel', kernel: elf(code), diskPath: 'fs.img', disk: new Uint8Array(512) };
}

/** A trace of a run until the guest has prompted for a third line, or a limit of 100,000 instructions. */
export function recorded(cpus: number, seed: number, prompt = '$ '): Uint8Array {
  const files = filesOf(RESTLESS);
  const settings = { cpus, memory: 64, legacyDisk: false };
  const board = makeBoard(files, settings);
  const screen = new Screen(board, {}, () => undefined);
  const header = headerOf(files, settings, seed, LINES, {});
  const frames: Uint8Array[] = [];
  const recorder = new Recorder(board, header, (bytes) => frames.push(bytes));
  screen.onLine = (line) => recorder.prints(line);
  const options = { seed, lines: LINES, prompt, instructionsMax: 100_000 };
  const run = new SeededRun(board, screen, recorder, options);
  const ending = run.advance(Number.POSITIVE_INFINITY) ?? 'limit';
  const verdict = verdictOf(ending, board, screen, {
    symbols: new Symbols(files.kernel),
    lineOf: () => undefined,
  });
  screen.endLine();
  recorder.finish(verdict, 'XR-000000');
  return Buffer.concat(frames);
}

/** Replays a trace on another board, to its end. @throws as the command does. */
export function replayed(trace: Trace, code: readonly number[] = RESTLESS): RecordedRun {
  const { header, end } = trace;
  if (header === undefined) throw new UsageError('the header is lost');
  const settings = settingsOf(header);
  if ((end?.steps ?? 0) > STEPS_MOST) throw new UsageError('too long');
  const board = makeBoard(filesOf(code), settings);
  const run = new RecordedRun(board, new Screen(board, {}, () => undefined), trace, header);
  while (run.advance());
  return run;
}
