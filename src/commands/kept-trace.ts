import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TraceHeader } from '../../traces/trace.ts';
import type { Sink } from '../../traces/writer.ts';
import { UsageError } from '../errors.ts';
import { copyTrace, storeTrace, TraceFile } from '../trace-file.ts';
import type { Shell } from './shell.ts';

/**
 * A trace that is written while a long execution runs, for which nobody would wait twice: to the file
 * that was asked for, or to one that is gone at the end unless something was found.
 */
export class KeptTrace {
  readonly sink: Sink;
  private readonly file: TraceFile;
  private readonly folder: string | undefined;

  /** @throws UsageError when the file cannot be made. */
  constructor(record: string | undefined) {
    this.folder = record === undefined ? mkdtempSync(join(tmpdir(), 'xv6-replay-')) : undefined;
    this.file = new TraceFile(record ?? join(this.folder as string, 'run.xrt'));
    this.sink = this.file.sink;
  }

  close(): void {
    this.file.close();
  }

  /** Leaves the trace in the store; answers the name to call it by. */
  keep(id: string, header: TraceHeader, shell: Shell): string | undefined {
    try {
      return storeTrace(id, header, (path) => copyTrace(this.file.path, path));
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      shell.warn(`the trace is not kept: ${error.message}`);
      return this.folder === undefined ? this.file.path : undefined;
    }
  }

  /** Removes what nobody asked for. */
  remove(): void {
    if (this.folder !== undefined) rmSync(this.folder, { recursive: true, force: true });
  }
}
