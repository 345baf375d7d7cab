import { expect, it } from 'vitest';
import type { Board } from '../../riscv/board.ts';
import { CALLER, NAMED_CALLER } from '../../riscv/guests/caller.ts';
import { Symbols } from '../../riscv/symbols.ts';
import { readTrace } from '../../traces/reader.ts';
import type { TraceEvent } from '../../traces/trace.ts';
import { CallWatcher } from './calls.ts';
import { headerOf, makeBoard } from './header.ts';
import { Recorder } from './recorder.ts';
import { Screen } from './screen.ts';
import { verdictOf } from './verdict.ts';

/** Where the device tree is: what a1 has at the start. */
const TREE = 0x83e00000;

interface Watched {
  readonly board: Board;
  readonly symbols: Symbols;
  readonly lack: string | undefined;
  readonly events: readonly TraceEvent[];
}

/** Executes 30 instructions of a kernel, in turns of so many. */
function watched(kernel: Uint8Array, turn: number): Watched {
  const files = { path: 'kernel', kernel, diskPath: 'fs.img', disk: new Uint8Array(512) };
  const settings = { cpus: 1, memory: 64, legacyDisk: false };
  const board = makeBoard(files, settings);
  const symbols = new Symbols(kernel);
  const frames: Uint8Array[] = [];
  const header = headerOf(files, settings, 1, [], {});
  const { writer } = new Recorder(board, header, (bytes) => frames.push(bytes));
  const { lack } = new CallWatcher(board, symbols, writer).processes;
  while (board.executed < 30) board.turn(0, turn);
  writer.flush();
  return { board, symbols, lack, events: [...readTrace(Buffer.concat(frames)).events] };
}

it('a call is told by the name in the table, with its process, arguments and result', () => {
  const { lack, events } = watched(NAMED_CALLER, 30);
  expect(lack).toBeUndefined();
  expect(events).toEqual([
    { kind: 'switch', step: 9, cpu: 0, from: 0, to: 9, reason: 'goes on' },
    { kind: 'enter', step: 13, cpu: 0, pid: 9, call: 'frob', args: [5, TREE, 0] },
    { kind: 'exit', step: 17, cpu: 0, pid: 9, call: 'frob', result: -2 },
  ]);
});

it('it is told the same however turns are cut', () => {
  expect(watched(NAMED_CALLER, 1).events).toEqual(watched(NAMED_CALLER, 30).events);
});

it('a stripped kernel has calls by number, and what it lacks is said', () => {
  const { lack, events } = watched(CALLER, 30);
  expect(lack).toBe('no symbol cpus');
  expect(events).toEqual([
    { kind: 'enter', step: 13, cpu: 0, pid: 0, call: 'call 1', args: [5, TREE, 0] },
  ]);
});

it('a verdict says where each CPU stands, by function and line', () => {
  const { board, symbols } = watched(NAMED_CALLER, 30);
  const screen = new Screen(board, {}, () => undefined);
  const lineOf = (address: number): string => `entry.S:${address - 0x80000000}`;
  const named = { symbols, lineOf };
  const places = (): readonly string[] => verdictOf('limit', board, screen, named).detail;
  expect(places()).toEqual(['CPU 0 at 0x0000000080000048 of a user program']);
  board.harts[0]!.privilege = 3;
  expect(places()).toEqual(['CPU 0 in _entry+0x48 (entry.S:72)']);
});
