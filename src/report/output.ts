import { writeSync } from 'node:fs';
import { isatty } from 'node:tty';
import { UsageError } from '../errors.ts';

/** Whoever takes text in order; a pager does it later, and the promise says when. */
export interface Writer {
  /** Whether the reader has gone: whatever is written from now on is lost, so stop. */
  readonly closed: boolean;
  write(text: string): void | Promise<void>;
}

const pause = new Int32Array(new SharedArrayBuffer(4));

/**
 * Standard output or error, written at once: what was said before a crash or a kill is out, and the
 * two keep their order. A reader that goes away (`show | head`) is no error.
 */
export class Output implements Writer {
  readonly isTerminal: boolean;
  closed = false;
  /** Whether what was written last does not end its line. */
  isInLine = false;
  private readonly fd: number;

  constructor(fd: 1 | 2) {
    this.fd = fd;
    // process.stdout would say too, but making it sets the descriptor to non-blocking.
    this.isTerminal = isatty(fd);
  }

  /** Of a terminal; undefined for what is none, or does not say. */
  get columns(): number | undefined {
    if (!this.isTerminal) return undefined;
    const { columns } = this.fd === 1 ? process.stdout : process.stderr;
    return columns > 0 ? columns : undefined;
  }

  /** @throws UsageError when it cannot be written, except for want of a reader. */
  write(text: string): void {
    if (text !== '') this.isInLine = !text.endsWith('\n');
    const bytes = Buffer.from(text);
    for (let at = 0; at < bytes.length && !this.closed; ) {
      try {
        at += writeSync(this.fd, bytes, at);
      } catch (error) {
        this.recover(error as NodeJS.ErrnoException);
      }
    }
  }

  private recover(error: NodeJS.ErrnoException): void {
    if (error.code === 'EPIPE') this.closed = true;
    // Somebody who shares the descriptor made it non-blocking, and the pipe is full.
    else if (error.code === 'EAGAIN') Atomics.wait(pause, 0, 0, 1);
    else throw new UsageError(`cannot write the output: ${error.message}`);
  }
}

/** Text gathered into pieces that are worth a system call. */
export class Lines {
  private readonly writer: Writer;
  private text = '';
  /** Characters that may still come. */
  private left: number;

  /** @param most characters at most, in all lines */
  constructor(writer: Writer, most = Number.POSITIVE_INFINITY) {
    this.writer = writer;
    this.left = most;
  }

  /** Whether a line did not come out because there were too many. */
  get isFull(): boolean {
    return this.left < 0;
  }

  /**
   * Adds a line. False when nobody reads any more, or when it is one too many. A promise only where a
   * piece is full: awaiting each line costs as much as making it.
   */
  add(line: string): boolean | Promise<boolean> {
    if (this.left < 0) return false;
    this.left -= line.length + 1;
    if (this.left < 0) return false;
    this.text += `${line}\n`;
    return this.text.length >= 1 << 16 ? this.flushed() : !this.writer.closed;
  }

  private async flushed(): Promise<boolean> {
    await this.flush();
    return !this.writer.closed;
  }

  async flush(): Promise<void> {
    const { text } = this;
    this.text = '';
    await this.writer.write(text);
  }
}
