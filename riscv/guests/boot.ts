import { Board, type BoardConfig } from '../board.ts';
import { elf } from './assembler.ts';

const CONFIG: BoardConfig = { harts: 1, memory: 64, ratio: 1, legacyDisk: false };

/** A board with these instructions at its entry, and no disk. */
export function boot(code: readonly number[], config: Partial<BoardConfig> = {}): Board {
  return new Board(elf(code), new Uint8Array(0), { ...CONFIG, ...config });
}

/** A register of hart 0, as an unsigned 64-bit number. */
export function registerOf(board: Board, register: number, hart = 0): bigint {
  const { x } = board.harts[hart]!;
  return (BigInt(x[2 * register + 1]! >>> 0) << 32n) | BigInt(x[2 * register]! >>> 0);
}

/** Boots, executes every instruction once in order, and answers the board. */
export function executed(code: readonly number[], config: Partial<BoardConfig> = {}): Board {
  const board = boot(code, config);
  board.turn(0, code.length);
  return board;
}
