import {
  type Context,
  exit,
  fork,
  kill,
  O_RDWR,
  type Part,
  shm_close,
  shm_map,
  shm_open,
  shm_trunc,
  sleep,
  waitStatus,
} from '../ulib.ts';
import { usage, verdict } from '../verdict.ts';

const FOREVER = 1_000_000;

/** The child: holds a mapped object and sleeps until it is killed. */
function* holder(u: Context, name: string): Part<void> {
  const od = yield* shm_open(u, name);
  shm_trunc(u, od, 8192) ?? (yield);
  const va = yield* shm_map(u, od, O_RDWR);
  if (va > 0) u.store(va, 7) ?? (yield);
  sleep(u, FOREVER) ?? (yield);
}

/**
 * killer NAME: kills a child that opens, sizes, maps and then holds the object, wherever it is in
 * that, and finds nothing left of it.
 */
export function* killer(u: Context, argv: readonly string[]): Part<number> {
  const name = argv[1];
  if (name === undefined) return yield* usage(u, 'killer NAME');
  const child = fork(u) ?? (yield);
  if (child === 0) {
    yield* holder(u, name);
    exit(u, 2) ?? (yield);
  }
  const killed = kill(u, child) ?? (yield);
  const { pid, status } = yield* waitStatus(u);
  const od = yield* shm_open(u, name);
  const size = shm_trunc(u, od, 4) ?? (yield);
  shm_close(u, od) ?? (yield);
  let wrong: string | undefined;
  if (killed !== 0 || pid !== child || status !== -1) wrong = `the child's status is ${status}`;
  else if (size !== 4096) wrong = `something of ${name} is left`;
  return yield* verdict(u, 'killer', wrong, `pid ${child} was killed and left nothing`);
}
