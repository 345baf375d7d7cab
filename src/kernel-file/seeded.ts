/**
 * Runs a kernel in a file on riscv/: seeded turns of its harts, lines typed when the shell prompts, and
 * an end. An execution is a function of the board, these options and the seed.
 */

import type { Board } from '../../riscv/board.ts';
import { Prng } from '../../scheduler/prng.ts';
import { keysOf, type Recorder } from './recorder.ts';
import type { Screen } from './screen.ts';
import type { KernelEnding } from './verdict.ts';

/** Instructions in a turn: 1 to this. */
const LEASE_MOST = 2000;
/** In a turn of a hart that spins: enough to see that what it waits for has come. */
const SPINNING_MOST = 64;

export interface SeededOptions {
  readonly seed: number;
  /** Typed one after another, each when the shell prompts; without line ends. */
  readonly lines: readonly string[];
  /** What the shell prints when it waits for a line. */
  readonly prompt: string;
  /** Instructions of all harts. */
  readonly instructionsMax: number;
}

export class SeededRun {
  turns = 0;
  private readonly board: Board;
  private readonly screen: Screen;
  private readonly recorder: Recorder;
  private readonly options: SeededOptions;
  private readonly prng = new Prng();
  private readonly spinning: boolean[];
  private typed = 0;

  constructor(board: Board, screen: Screen, recorder: Recorder, options: SeededOptions) {
    this.board = board;
    this.screen = screen;
    this.recorder = recorder;
    this.options = options;
    this.prng.seed(options.seed);
    this.spinning = board.harts.map(() => false);
  }

  /** Goes on for so many turns. Answers how the execution ended, or undefined if it goes on. */
  advance(turns: number): KernelEnding | undefined {
    for (let count = 0; count < turns; count++) {
      this.recorder.look();
      const ending = this.ended() ?? this.type() ?? this.turn();
      if (ending !== undefined) return ending;
    }
    return undefined;
  }

  private ended(): KernelEnding | undefined {
    if (this.screen.failed !== undefined) return 'failed';
    if (this.screen.untilSeen) return 'until';
    return this.board.executed >= this.options.instructionsMax ? 'limit' : undefined;
  }

  /** Types the next line if the shell prompts. */
  private type(): KernelEnding | undefined {
    const { lines, prompt } = this.options;
    if (!this.board.readAll || !this.screen.line.endsWith(prompt)) return undefined;
    const line = lines[this.typed];
    if (line === undefined) return 'prompt';
    this.typed++;
    this.recorder.types();
    this.screen.endLine();
    this.board.type(keysOf(line));
    return undefined;
  }

  private turn(): KernelEnding | undefined {
    const { board, prng, spinning } = this;
    const ready = board.harts.filter(({ id }) => board.canRun(id));
    if (ready.length === 0) return board.skipToTimer() ? undefined : 'waits';
    const { id } = ready[prng.below(ready.length)]!;
    this.recorder.goes(id);
    board.turn(id, 1 + prng.below(spinning[id] ? SPINNING_MOST : LEASE_MOST));
    spinning[id] = ready.length > 1 && board.spins(id);
    this.turns++;
    return undefined;
  }
}
