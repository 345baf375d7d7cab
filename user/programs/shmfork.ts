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

const FROMPARENT = 0x1234;
const FROMCHILD = 0x5678;

/** The child: has the parent's mapping at the parent's address, and answers there. */
function* child(u: Context, od: number, va: number): Part<number> {
  const value = u.load(va) ?? (yield);
  u.store(va + 4, FROMCHILD) ?? (yield);
  const closed = shm_close(u, od) ?? (yield);
  return value === FROMPARENT && closed === 0 ? 0 : 1;
}

/** shmfork NAME: a child inherits descriptor and mapping; its close takes nothing from the parent. */
export function* shmfork(u: Context, argv: readonly string[]): Part<number> {
  const name = argv[1];
  if (name === undefined) return yield* usage(u, 'shmfork NAME');
  const od = yield* shm_open(u, name);
  shm_trunc(u, od, 8) ?? (yield);
  const va = yield* shm_map(u, od, O_RDWR);
  if (va < 0) return yield* verdict(u, 'shmfork', `cannot create ${name}`, '');
  u.store(va, FROMPARENT) ?? (yield);
  const pid = fork(u) ?? (yield);
  if (pid === 0) exit(u, yield* child(u, od, va)) ?? (yield);
  const { status } = yield* waitStatus(u);
  const answer = u.load(va + 4) ?? (yield);
  shm_close(u, od) ?? (yield);
  let wrong: string | undefined;
  if (pid < 0 || status !== 0) wrong = 'the child did not see the mapping';
  else if (answer !== FROMCHILD) wrong = `the child's answer reads ${answer}`;
  return yield* verdict(u, 'shmfork', wrong, 'parent and child share the mapping');
}
