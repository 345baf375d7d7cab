import type { Board } from '../../riscv/board.ts';
import { ReplayDivergence } from '../../scheduler/divergence.ts';
import type { ChoiceCursor } from '../../traces/choices.ts';
import type { Trace } from '../../traces/reader.ts';
import type { TraceHeader } from '../../traces/trace.ts';
import { plural, printable } from '../text.ts';
import { digestOf, keysOf } from './recorder.ts';
import type { Screen } from './screen.ts';
import { printedTitle } from './verdict.ts';

/** Instructions between two looks at the world, at most. */
const SLICE = 2 ** 21;

/**
 * Makes the switches of a trace on a board: the same ones at the same instructions, whatever chose them.
 * Turns may be cut otherwise than when it was recorded: a hart does the same in two turns and in one.
 */
export class RecordedRun {
  /** Digests that were compared, and agreed. */
  checkpoints = 0;
  switches = 0;
  /** Whether the end of the trace was reached and compared. */
  complete = false;
  private readonly board: Board;
  private readonly screen: Screen;
  private readonly trace: Trace;
  private readonly lines: readonly string[];
  private readonly cursor: ChoiceCursor;
  private readonly stop: number;
  private lane = -1;
  private typed = 0;

  constructor(board: Board, screen: Screen, trace: Trace, header: TraceHeader) {
    this.board = board;
    this.screen = screen;
    this.trace = trace;
    this.lines = header.args;
    this.cursor = trace.choices.cursor();
    const whole = trace.choices.completeUntil === Number.POSITIVE_INFINITY;
    this.complete = whole && trace.end !== undefined;
    this.stop = this.complete ? trace.end!.steps : trace.choices.completeUntil;
  }

  /**
   * Goes on for a while. False when the trace is over.
   *
   * @throws ReplayDivergence where the board does something else than the trace says.
   */
  advance(): boolean {
    const step = this.board.executed;
    this.compareCheckpoint(step);
    while (this.cursor.step === step) this.switch(step);
    if (this.cursor.step < step) throw this.diverged(`a switch at step ${this.cursor.step}`);
    if (step >= this.stop) {
      if (this.complete) this.compareEnd(step);
      return false;
    }
    this.goOn(Math.min(this.cursor.step, this.checkpointStep(), this.stop, step + SLICE) - step);
    return true;
  }

  private goOn(most: number): void {
    const { board, lane } = this;
    if (lane < 0 || lane >= board.harts.length) throw this.diverged(`lane ${lane} to go on`);
    if (board.canRun(lane)) board.turn(lane, most);
    else if (board.harts.some(({ id }) => board.canRun(id)) || !board.skipToTimer())
      throw this.diverged(`CPU ${lane} to go on`);
  }

  private switch(step: number): void {
    const { board, cursor, screen } = this;
    this.lane = cursor.lane;
    this.switches++;
    cursor.next();
    if (this.lane !== board.harts.length) return;
    const line = this.lines[this.typed++];
    if (line === undefined) throw new ReplayDivergence(step, 'another line to be typed', 'no more');
    screen.endLine();
    board.type(keysOf(line));
  }

  private checkpointStep(): number {
    return this.trace.checkpoints[this.checkpoints]?.step ?? Number.POSITIVE_INFINITY;
  }

  private compareCheckpoint(step: number): void {
    while (this.checkpointStep() <= step) {
      const { step: at, digest } = this.trace.checkpoints[this.checkpoints]!;
      if (at < step) throw this.diverged(`a checkpoint at step ${at}`);
      this.compareDigest(digest);
      this.checkpoints++;
    }
  }

  private compareDigest(wanted: string | number): void {
    const digest = digestOf(this.board);
    if (wanted === digest) return;
    const expected = `a machine state of digest ${printable(`${wanted}`)}`;
    throw new ReplayDivergence(this.board.executed, expected, digest);
  }

  private compareEnd(step: number): void {
    const { board, screen, trace } = this;
    const { checkpoints, findings } = trace;
    if (this.checkpoints !== checkpoints.length) {
      const expected = plural(checkpoints.length, 'checkpoint');
      throw new ReplayDivergence(step, expected, `met ${this.checkpoints}`);
    }
    const [found] = findings;
    if (found?.kind === 'waits') {
      while (!board.harts.some(({ id }) => board.canRun(id)) && board.skipToTimer());
      if (board.harts.some(({ id }) => board.canRun(id))) throw this.diverged('all CPUs to wait');
    }
    const printed = printedTitle(screen.lastLine);
    if (found?.kind === 'printed' && found.title !== printed) {
      throw new ReplayDivergence(step, `"${printable(found.title)}"`, `"${printed}"`);
    }
    this.compareDigest(trace.end!.digest);
    this.checkpoints++;
  }

  private diverged(expected: string): ReplayDivergence {
    const { board, lane } = this;
    const waiting = board.harts.filter(({ id }) => !board.canRun(id)).map(({ id }) => `CPU ${id}`);
    const waits = waiting.length === 0 ? 'nobody waits' : `${waiting.join(', ')} waits`;
    return new ReplayDivergence(board.executed, expected, `lane ${lane}; ${waits}`);
  }
}
