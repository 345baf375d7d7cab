import {
  type Context,
  exit,
  fork,
  O_RDWR,
  type Part,
  shm_close,
  shm_map,
  shm_open,
  shm_trunc,
  waitStatus,
} from '../ulib.ts';
import { usage, verdict } from '../verdict.ts';

/** The child: uses a mapping, closes it and uses it again, which must kill it. */
function* user(u: Context, name: string): Part<number> {
  const od = yield* shm_open(u, name);
  shm_trunc(u, od, 4) ?? (yield);
  const va = yield* shm_map(u, od, O_RDWR);
  if (va < 0) return 2;
  u.store(va, 7) ?? (yield);
  const value = u.load(va) ?? (yield);
  const closed = shm_close(u, od) ?? (yield);
  if (value !== 7 || closed !== 0) return 3;
  u.load(va) ?? (yield);
  return 4;
}

/** afterclose NAME: an access to a mapping that was closed kills the process. */
export function* afterclose(u: Context, argv: readonly string[]): Part<number> {
  const name = argv[1];
  if (name === undefined) return yield* usage(u, 'afterclose NAME');
  const pid = fork(u) ?? (yield);
  if (pid === 0) exit(u, yield* user(u, name)) ?? (yield);
  const { status } = yield* waitStatus(u);
  const killed = pid > 0 && status === -1;
  const wrong = killed ? undefined : `the child was not killed, its status is ${status}`;
  return yield* verdict(u, 'afterclose', wrong, `pid ${pid} was killed by its access`);
}
