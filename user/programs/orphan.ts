import {
  type Context,
  fork,
  getpid,
  O_RDWR,
  type Part,
  shm_close,
  shm_map,
  shm_open,
  shm_trunc,
} from '../ulib.ts';
import { usage, verdict } from '../verdict.ts';

/** orphan NAME: the parent exits at once; its child goes on with what it inherited, init's child now. */
export function* orphan(u: Context, argv: readonly string[]): Part<number> {
  const name = argv[1];
  if (name === undefined) return yield* usage(u, 'orphan NAME');
  const parent = getpid(u) ?? (yield);
  const od = yield* shm_open(u, name);
  shm_trunc(u, od, 4096) ?? (yield);
  const va = yield* shm_map(u, od, O_RDWR);
  if (va < 0) return yield* verdict(u, 'orphan', `cannot create ${name}`, '');
  u.store(va, parent) ?? (yield);
  const pid = fork(u) ?? (yield);
  if (pid > 0) return 0;
  if (pid < 0) return yield* verdict(u, 'orphan', 'fork failed', '');
  const value = u.load(va) ?? (yield);
  const closed = shm_close(u, od) ?? (yield);
  const fine = value === parent && closed === 0;
  const wrong = fine ? undefined : `read ${value}, closed with ${closed}`;
  return yield* verdict(u, 'orphan', wrong, `pid ${parent} left its memory`);
}
