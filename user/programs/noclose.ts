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

/** Opens, sizes, maps and fills the object. Answers its descriptor, -1 if any of it fails. */
function* fill(u: Context, name: string, value: number): Part<number> {
  const od = yield* shm_open(u, name);
  const size = shm_trunc(u, od, 4) ?? (yield);
  const va = yield* shm_map(u, od, O_RDWR);
  if (size < 0 || va < 0) return -1;
  const before = u.load(va) ?? (yield);
  u.store(va, value) ?? (yield);
  return before === 0 ? od : -1;
}

/** noclose NAME: a process that exits without closing leaves nothing: the name is new again. */
export function* noclose(u: Context, argv: readonly string[]): Part<number> {
  const name = argv[1];
  if (name === undefined) return yield* usage(u, 'noclose NAME');
  const pid = fork(u) ?? (yield);
  if (pid === 0) exit(u, (yield* fill(u, name, 7)) < 0 ? 2 : 0) ?? (yield);
  const { status } = yield* waitStatus(u);
  const od = yield* fill(u, name, 8);
  shm_close(u, od) ?? (yield);
  let wrong: string | undefined;
  if (pid < 0 || status !== 0) wrong = `the child could not make ${name}`;
  else if (od < 0) wrong = `something of ${name} is left`;
  return yield* verdict(u, 'noclose', wrong, `exit closed ${name}`);
}
