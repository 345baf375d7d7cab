import {
  type Context,
  exit,
  fork,
  HEAP,
  O_RDWR,
  type Part,
  shm_close,
  shm_map,
  shm_open,
  shm_trunc,
  waitStatus,
} from '../ulib.ts';
import { usage, verdict } from '../verdict.ts';

/** unmapped NAME: a child maps and fills the object; the last close is of one that never mapped it. */
export function* unmapped(u: Context, argv: readonly string[]): Part<number> {
  const name = argv[1];
  if (name === undefined) return yield* usage(u, 'unmapped NAME');
  u.store(HEAP, 9) ?? (yield);
  const od = yield* shm_open(u, name);
  shm_trunc(u, od, 8192) ?? (yield);
  const pid = fork(u) ?? (yield);
  if (pid === 0) {
    const va = yield* shm_map(u, od, O_RDWR);
    if (va > 0) u.store(va + 4096, 7) ?? (yield);
    exit(u, va > 0 ? 0 : 1) ?? (yield);
  }
  const { status } = yield* waitStatus(u);
  const closed = shm_close(u, od) ?? (yield);
  const own = u.load(HEAP) ?? (yield);
  const again = yield* shm_open(u, name);
  const size = shm_trunc(u, again, 4096) ?? (yield);
  shm_close(u, again) ?? (yield);
  let wrong: string | undefined;
  if (pid < 0 || status !== 0) wrong = 'the child could not map it';
  else if (closed !== 0 || own !== 9) wrong = `the close changed private memory to ${own}`;
  else if (size !== 4096) wrong = `something of ${name} is left`;
  return yield* verdict(u, 'unmapped', wrong, 'its last close was of one that never mapped it');
}
