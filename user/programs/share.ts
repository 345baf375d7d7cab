import {
  type Context,
  exec,
  exit,
  fork,
  getpid,
  O_RDWR,
  type Part,
  putString,
  shm_close,
  shm_map,
  shm_open,
  shm_trunc,
  waitStatus,
} from '../ulib.ts';
import { usage, verdict } from '../verdict.ts';

/**
 * share NAME: writes a greeting with its pid into the object and starts a fork-receiver, which finds
 * the object by its name and reads it.
 */
export function* share(u: Context, argv: readonly string[]): Part<number> {
  const name = argv[1];
  if (name === undefined) return yield* usage(u, 'share NAME');
  const self = getpid(u) ?? (yield);
  const od = yield* shm_open(u, name);
  const size = shm_trunc(u, od, 64) ?? (yield);
  const va = yield* shm_map(u, od, O_RDWR);
  if (va < 0) return yield* verdict(u, 'share', `cannot create ${name}`, '');
  yield* putString(u, va, `hello from pid ${self}`);
  const child = fork(u) ?? (yield);
  if (child === 0) {
    yield* exec(u, 'fork-receiver', ['fork-receiver', name, `${self}`]);
    exit(u, 1) ?? (yield);
  }
  const { pid, status } = yield* waitStatus(u);
  shm_close(u, od) ?? (yield);
  const read = child > 0 && pid === child && status === 0;
  const wrong = read ? undefined : 'the receiver did not read the greeting';
  return yield* verdict(u, 'share', wrong, `${size} bytes shared, the receiver read the greeting`);
}
