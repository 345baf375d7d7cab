/**
 * Why no trace could be read at all. Stable, for programs.
 *
 * - `empty`: no bytes.
 * - `not-a-trace`: no frame of ours anywhere.
 * - `unreadable`: it begins like a trace, but no frame in it is whole.
 * - `version`: written in a format that this build does not know.
 */
export type TraceFormatCode = 'empty' | 'not-a-trace' | 'unreadable' | 'version';

/** Nothing of the file can be read. Damage that leaves anything readable is reported, not thrown. */
export class TraceFormatError extends Error {
  override readonly name = 'TraceFormatError';
  readonly code: TraceFormatCode;

  constructor(code: TraceFormatCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** The bytes of one frame break FORMAT.md. Never leaves this room: it becomes a `Damage`. */
export class Malformed extends Error {
  override readonly name = 'Malformed';
}
