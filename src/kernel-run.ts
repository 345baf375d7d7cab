/**
 * Runs a real kernel on riscv/: seeded turns of its harts, lines typed when the shell prompts, and an
 * end. An execution is a function of the board, these options and the seed.
 */

import type { Board } from '../riscv/board.ts';
import { Prng } from '../scheduler/prng.ts';

/** Instructions in a turn: 1 to this. */
const LEASE_MOST = 2000;
/** In a turn of a hart that spins: enough to see that what it waits for has come. */
const SPINNING_MOST = 64;
/** What the guest printed is looked at in pieces of a line, and no line is longer. */
const LINE_MOST = 4096;

export interface KernelRunOptions {
  readonly seed: number;
  /** Typed one after another, each when the shell prompts; without line ends. */
  readonly lines: readonly string[];
  /** What the shell prints when it waits for a line. */
  readonly prompt: string;
  /** Ends the execution once it has been printed, within one line. */
  readonly until?: string;
  /** A line that shows that something is wrong. */
  readonly failOn: RegExp;
  /** Instructions of all harts. */
  readonly instructionsMax: number;
  onOutput(bytes: Uint8Array): void;
}

/**
 * How it ended: all lines are typed and the shell prompts again; `until` was printed; a line matched
 * `failOn`; the limit; or nothing is left that could happen.
 */
type KernelEnding = 'prompt' | 'until' | 'failed' | 'limit' | 'waits';

export interface KernelRun {
  readonly ending: KernelEnding;
  /** The line that `failOn` matched, or what was printed last. */
  readonly line: string;
  readonly turns: number;
}

/** What the guest prints, line by line. */
class Console {
  line = '';
  failed: string | undefined;
  untilSeen = false;
  private readonly options: KernelRunOptions;
  private bytes: number[] = [];

  constructor(options: KernelRunOptions) {
    this.options = options;
  }

  put(byte: number): void {
    const { failOn, until } = this.options;
    this.bytes.push(byte);
    if (byte === 10 || this.line.length >= LINE_MOST) {
      if (failOn.test(this.line)) this.failed ??= this.line;
      this.line = '';
    } else if (byte !== 13) this.line += String.fromCharCode(byte);
    if (until !== undefined && this.line.endsWith(until)) this.untilSeen = true;
  }

  flush(): void {
    if (this.bytes.length === 0) return;
    this.options.onOutput(Uint8Array.from(this.bytes));
    this.bytes = [];
  }
}

export function runKernel(board: Board, options: KernelRunOptions): KernelRun {
  const prng = new Prng();
  prng.seed(options.seed);
  const screen = new Console(options);
  board.onOutput = (byte) => screen.put(byte);
  const spinning = board.harts.map(() => false);
  let typed = 0;
  for (let turns = 0; ; turns++) {
    const ending = endingOf(board, screen, options);
    if (ending !== undefined) {
      screen.flush();
      return { ending, line: screen.failed ?? screen.line, turns };
    }
    if (board.readAll && screen.line.endsWith(options.prompt)) {
      screen.flush();
      const line = options.lines[typed];
      if (line === undefined) return { ending: 'prompt', line: screen.line, turns };
      typed++;
      screen.line = '';
      board.type(new TextEncoder().encode(`${line}\n`));
    }
    const ready = board.harts.filter(({ id }) => board.canRun(id));
    if (ready.length > 0) {
      const { id } = ready[prng.below(ready.length)]!;
      board.turn(id, 1 + prng.below(spinning[id] ? SPINNING_MOST : LEASE_MOST));
      spinning[id] = ready.length > 1 && board.spins(id);
    } else if (!board.skipToTimer()) {
      screen.flush();
      return { ending: 'waits', line: screen.line, turns };
    }
    if ((turns & 255) === 0) screen.flush();
  }
}

function endingOf(
  board: Board,
  screen: Console,
  { instructionsMax }: KernelRunOptions,
): KernelEnding | undefined {
  if (screen.failed !== undefined) return 'failed';
  if (screen.untilSeen) return 'until';
  return board.executed >= instructionsMax ? 'limit' : undefined;
}
