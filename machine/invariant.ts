/**
 * A fault of xv6-replay itself. Never a finding about the guest: the command line exits with 70.
 */
export class InternalError extends Error {
  override readonly name = 'InternalError';
}

/**
 * States what must always be true of our own data. Always on: a simulator that goes on with broken
 * state reports bugs that are not there.
 *
 * @throws InternalError when `condition` is false.
 */
export function invariant(condition: boolean, message: string): asserts condition {
  if (!condition) throw new InternalError(message);
}

/** The same for messages that cost something to make: for `if (!condition) broken(...)`. */
export function broken(message: string): never {
  throw new InternalError(message);
}
