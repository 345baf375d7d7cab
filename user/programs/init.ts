import { type Context, halt, type Part, wait } from '../ulib.ts';

/** The first process: waits for children, its own and adopted, and halts when the last is gone. */
export function* init(u: Context): Part<void> {
  for (;;) {
    const pid = wait(u) ?? (yield);
    if (pid < 0) halt(u) ?? (yield);
  }
}
