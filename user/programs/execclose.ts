import {
  type Context,
  exec,
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
import { integer, usage, verdict } from '../verdict.ts';

/** After exec: no descriptor, no object of that name, nothing at the old address. */
function* after(u: Context, name: string, va: number): Part<string | undefined> {
  const closed = shm_close(u, 0) ?? (yield);
  if (closed !== -1) return 'a descriptor survived exec';
  const od = yield* shm_open(u, name);
  const size = shm_trunc(u, od, 4) ?? (yield);
  shm_close(u, od) ?? (yield);
  if (od !== 0 || size !== 4096) return 'the object survived exec';
  const pid = fork(u) ?? (yield);
  if (pid === 0) {
    u.load(va) ?? (yield);
    exit(u, 0) ?? (yield);
  }
  const { status } = yield* waitStatus(u);
  return pid > 0 && status === -1 ? undefined : 'the mapping survived exec';
}

/** execclose NAME: exec closes and unmaps all shared memory. It executes itself to see that. */
export function* execclose(u: Context, argv: readonly string[]): Part<number> {
  const [, name, address] = argv;
  if (name === undefined) return yield* usage(u, 'execclose NAME');
  const mapped = integer(address, 0);
  if (mapped !== undefined) {
    return yield* verdict(u, 'execclose', yield* after(u, name, mapped), 'exec closed all');
  }
  const od = yield* shm_open(u, name);
  shm_trunc(u, od, 8192) ?? (yield);
  const va = yield* shm_map(u, od, O_RDWR);
  if (va < 0) return yield* verdict(u, 'execclose', `cannot create ${name}`, '');
  u.store(va, 7) ?? (yield);
  // A program that does not exist changes nothing.
  yield* exec(u, 'no such program', ['no']);
  const value = u.load(va) ?? (yield);
  if (value !== 7) return yield* verdict(u, 'execclose', 'a failed exec changed memory', '');
  yield* exec(u, 'execclose', ['execclose', name, `${va}`]);
  return yield* verdict(u, 'execclose', 'exec failed', '');
}
