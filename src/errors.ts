/** Exit codes of the command line. Scripts rely on them: they never change meaning. */
export const EXIT = {
  /** Nothing found. */
  ok: 0,
  /** A finding about the guest. */
  finding: 1,
  /** A command or a trace file that cannot be used. */
  usage: 2,
  /** A replay went another way than its trace. */
  diverged: 3,
  /** Nothing ran. */
  nothing: 4,
  /** A search found nothing, and is not complete: it proves nothing. */
  incomplete: 5,
  /** A fault of xv6-replay itself. */
  internal: 70,
  /** Interrupted; what was recorded so far is on disk. */
  interrupted: 130,
} as const;

/** The user asked for something that cannot be; the message is one clear line. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
