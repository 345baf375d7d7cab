/**
 * Work that rests after every execution, so that whoever does it can look up: yields the operations
 * of that execution.
 */
export type Work<Result> = Generator<number, Result, void>;

/** Does all of it at once. */
export function finish<Result>(work: Work<Result>): Result {
  for (;;) {
    const next = work.next();
    if (next.done) return next.value;
  }
}
