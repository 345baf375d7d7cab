import {
  type Context,
  exit,
  fork,
  O_RDONLY,
  O_RDWR,
  type Part,
  shm_close,
  shm_map,
  shm_open,
  shm_trunc,
  waitStatus,
} from '../ulib.ts';
import { usage, verdict } from '../verdict.ts';

/** The child: reads its read-only mapping, then writes to it, which must kill it. */
function* writer(u: Context, name: string): Part<number> {
  const od = yield* shm_open(u, name);
  const va = yield* shm_map(u, od, O_RDONLY);
  const before = va < 0 ? -1 : (u.load(va) ?? (yield));
  if (before !== 7) return 2;
  u.store(va, 8) ?? (yield);
  return 3;
}

/** rofault NAME: a store to a read-only mapping kills the process and changes nothing. */
export function* rofault(u: Context, argv: readonly string[]): Part<number> {
  const name = argv[1];
  if (name === undefined) return yield* usage(u, 'rofault NAME');
  const od = yield* shm_open(u, name);
  shm_trunc(u, od, 4) ?? (yield);
  const va = yield* shm_map(u, od, O_RDWR);
  if (va < 0) return yield* verdict(u, 'rofault', `cannot create ${name}`, '');
  u.store(va, 7) ?? (yield);
  const pid = fork(u) ?? (yield);
  if (pid === 0) exit(u, yield* writer(u, name)) ?? (yield);
  const { status } = yield* waitStatus(u);
  const after = u.load(va) ?? (yield);
  shm_close(u, od) ?? (yield);
  let wrong: string | undefined;
  if (pid < 0 || status !== -1) wrong = `the writer was not killed, its status is ${status}`;
  else if (after !== 7) wrong = `the store came through: ${after}`;
  return yield* verdict(u, 'rofault', wrong, `pid ${pid} was killed by its store`);
}
