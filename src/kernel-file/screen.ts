import type { Board } from '../../riscv/board.ts';

/** What the guest printed is looked at in pieces of a line, and no line is longer. */
const LINE_MOST = 4096;

/** What xv6's usertrap() prints of a process that it kills after a trap that it has no answer to. */
const KILLS = /usertrap\(\): unexpected scause/;

/** What to look for in what the guest prints. */
export interface ScreenWords {
  /** Seen once it has been printed within one line. */
  readonly until?: string;
  /** A line that shows that something is wrong. */
  readonly failOn?: RegExp;
}

/** The console of a guest: what it prints, line by line. */
export class Screen {
  /** The line that is being printed, without its end. */
  line = '';
  /** The last line that ended. */
  lastLine = '';
  /** The first line that `failOn` matched. */
  failed: string | undefined;
  untilSeen = false;
  /** Lines that tell of a process killed after a trap: usertests and mmaptest provoke them on purpose. */
  killed = 0;
  /** Told each line when it ends, and what is printed of the last one when somebody types. */
  onLine: (line: string) => void = () => undefined;
  private readonly words: ScreenWords;
  private readonly show: (bytes: Uint8Array) => void;
  private bytes: number[] = [];

  /** @param show is given what was printed, at each {@link flush}. */
  constructor(board: Board, words: ScreenWords, show: (bytes: Uint8Array) => void) {
    this.words = words;
    this.show = show;
    board.onOutput = (byte) => this.put(byte);
  }

  /** The line so far is over, though the guest did not end it. */
  endLine(): void {
    if (this.line === '') return;
    this.onLine(this.line);
    this.lastLine = this.line;
    this.line = '';
  }

  flush(): void {
    if (this.bytes.length === 0) return;
    this.show(Uint8Array.from(this.bytes));
    this.bytes = [];
  }

  private put(byte: number): void {
    const { failOn, until } = this.words;
    this.bytes.push(byte);
    if (byte === 10 || this.line.length >= LINE_MOST) {
      if (failOn?.test(this.line)) this.failed ??= this.line;
      if (KILLS.test(this.line)) this.killed++;
      this.endLine();
    } else if (byte !== 13) this.line += String.fromCharCode(byte);
    if (until !== undefined && this.line.endsWith(until)) this.untilSeen = true;
  }
}
