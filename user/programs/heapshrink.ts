import { type Context, exit, fork, type Part, sbrk, waitStatus } from '../ulib.ts';
import { verdict } from '../verdict.ts';

const PGSIZE = 4096;

/** heapshrink: an access to memory that sbrk took away kills the process. */
export function* heapshrink(u: Context): Part<number> {
  const pid = fork(u) ?? (yield);
  if (pid === 0) {
    const heap = sbrk(u, PGSIZE) ?? (yield);
    u.store(heap, 7) ?? (yield);
    sbrk(u, -PGSIZE) ?? (yield);
    u.load(heap) ?? (yield);
    exit(u, 2) ?? (yield);
  }
  const { status } = yield* waitStatus(u);
  const killed = pid > 0 && status === -1;
  const wrong = killed ? undefined : `the child was not killed, its status is ${status}`;
  return yield* verdict(u, 'heapshrink', wrong, `pid ${pid} was killed by its access`);
}
