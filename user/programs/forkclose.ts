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

/** forkclose NAME: parent and child close what they share at the same time; then it must be gone. */
export function* forkclose(u: Context, argv: readonly string[]): Part<number> {
  const name = argv[1];
  if (name === undefined) return yield* usage(u, 'forkclose NAME');
  const od = yield* shm_open(u, name);
  shm_trunc(u, od, 4096) ?? (yield);
  const va = yield* shm_map(u, od, O_RDWR);
  if (va < 0) return yield* verdict(u, 'forkclose', `cannot create ${name}`, '');
  u.store(va, 7) ?? (yield);
  const pid = fork(u) ?? (yield);
  const value = u.load(va) ?? (yield);
  const closed = shm_close(u, od) ?? (yield);
  if (pid === 0) exit(u, value === 7 && closed === 0 ? 0 : 1) ?? (yield);
  const { status } = yield* waitStatus(u);
  const again = yield* shm_open(u, name);
  const size = shm_trunc(u, again, 4096) ?? (yield);
  let wrong: string | undefined;
  if (pid < 0 || status !== 0) wrong = 'the child did not see the mapping';
  else if (value !== 7 || closed !== 0) wrong = `read ${value}, closed with ${closed}`;
  else if (size !== 4096) wrong = `something of ${name} is left`;
  return yield* verdict(u, 'forkclose', wrong, `${name} was closed by both`);
}
