import { MUTEX_SIZE, mutex_lock, mutex_unlock } from '../sync.ts';
import { type Context, exit, fork, type Part, print, wait } from '../ulib.ts';
import { usage } from '../verdict.ts';
import { sharedPage } from './shared-page.ts';

const MUTEX = 0;
const X = MUTEX_SIZE;

/** x = change(x), as a load and a store. */
function* update(
  u: Context,
  va: number,
  locks: boolean,
  change: (x: number) => number,
): Part<void> {
  if (locks) yield* mutex_lock(u, va + MUTEX);
  const x = u.load(va + X) ?? (yield);
  u.store(va + X, change(x)) ?? (yield);
  if (locks) yield* mutex_unlock(u, va + MUTEX);
}

/**
 * x5 NAME none|mutex: x is 5; one process adds 1, another doubles it. Prints what it is then: 11 or 12
 * with a mutex, and without also 6 or 10, when an update was lost.
 */
export function* x5(u: Context, argv: readonly string[]): Part<number> {
  const [, name, how] = argv;
  const locks = how === 'mutex';
  if (name === undefined || !(locks || how === 'none'))
    return yield* usage(u, 'x5 NAME none|mutex');
  const va = yield* sharedPage(u, name);
  if (va < 0) return 1;
  u.store(va + X, 5) ?? (yield);
  const pid = fork(u) ?? (yield);
  if (pid < 0) return 1;
  yield* update(u, va, locks, (x) => (pid === 0 ? 2 * x : x + 1));
  if (pid === 0) exit(u, 0) ?? (yield);
  wait(u) ?? (yield);
  const x = u.load(va + X) ?? (yield);
  yield* print(u, `x = ${x}\n`);
  return 0;
}
