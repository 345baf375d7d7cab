import type { Board } from '../../riscv/board.ts';
import type { TraceHeader } from '../../traces/trace.ts';
import { type Sink, TraceWriter } from '../../traces/writer.ts';
import type { KernelVerdict } from './verdict.ts';

/** Instructions up to the first digest; the next ones are 4 times as far apart, up to the most. */
const CHECKPOINT_FIRST = 2 ** 16;
const CHECKPOINT_MOST = 2 ** 26;
/** Instructions after which what is known is handed to the sink: what a kill can cost. */
const FLUSH = 2 ** 25;

/** A digest of a board's state, as traces write it. */
export function digestOf(board: Board): string {
  return board.digest().toString(16).padStart(8, '0');
}

/** Bytes that a line becomes when it is typed. */
export function keysOf(line: string): Uint8Array {
  return new TextEncoder().encode(`${line}\n`);
}

/**
 * Writes an execution of a kernel in a file into a trace. A step is an instruction, a lane a hart, and
 * the lane after the last hart is the terminal: a switch to it types the next line of the header.
 */
export class Recorder {
  readonly writer: TraceWriter;
  private readonly board: Board;
  private lane = -1;
  private switches = 0;
  private checkpointAt = CHECKPOINT_FIRST;
  private flushAt = FLUSH;

  constructor(board: Board, header: TraceHeader, sink: Sink) {
    this.board = board;
    this.writer = new TraceWriter(sink, header);
  }

  /** A hart, or the terminal, goes on from here. */
  goes(lane: number): void {
    if (lane === this.lane) return;
    this.lane = lane;
    this.switches++;
    this.writer.choice(this.board.executed, lane);
  }

  types(): void {
    this.goes(this.board.harts.length);
  }

  prints(line: string): void {
    this.writer.print(this.board.executed, this.board.current, 0, line);
  }

  /** To be called between turns: takes a digest when one is due. */
  look(): void {
    const step = this.board.executed;
    if (step >= this.flushAt) {
      this.writer.flush();
      this.flushAt = step + FLUSH;
    }
    if (step < this.checkpointAt) return;
    this.checkpoint();
    const next = Math.min(4 * this.checkpointAt, this.checkpointAt + CHECKPOINT_MOST);
    this.checkpointAt = Math.max(next, step + 1);
  }

  private checkpoint(): void {
    this.writer.checkpoint(this.board.executed, digestOf(this.board));
  }

  /** Writes the finding, if it is one, and the end; the trace is whole after it. */
  finish({ finding, title, detail, exitCode }: KernelVerdict, id: string): void {
    const step = this.board.executed;
    if (finding !== undefined) {
      this.writer.finding({ step, kind: finding, title, id, detail: [...detail] });
    }
    const digest = digestOf(this.board);
    this.writer.end({ steps: step, switches: this.switches, verdict: title, digest, exitCode });
  }
}
