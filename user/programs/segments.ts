import { IPC_CREAT, shm_rmid, shm_stat, shmat, shmdt, shmget } from '../sysv.ts';
import { type Context, exit, fork, type Part, wait } from '../ulib.ts';
import { integer, usage, verdict } from '../verdict.ts';

/** No count of rounds reaches this; the bytes of a freed or of a fresh frame do. */
const JUNK = 0x0100_0000;

/** Uses an attachment: what is there is of this segment's own time. Answers what is wrong. */
function* count(u: Context, va: number): Part<string | undefined> {
  const before = u.fetchAdd(va, 1) ?? (yield);
  return before < 0 || before >= JUNK ? `the segment held ${before}` : undefined;
}

/** One round. Others make, use and remove the same key's segment at any time. */
function* round(u: Context, key: number, i: number): Part<string | undefined> {
  const id = shmget(u, key, 4096, IPC_CREAT | 0o600) ?? (yield);
  // All segments may be marked, and attached to those who are about to detach.
  if (id < 0) return undefined;
  const va = shmat(u, id, 0, 0) ?? (yield);
  // It may have been removed since.
  if (va < 0) return undefined;
  let wrong = yield* count(u, va);
  if (i % 2 === 1) {
    const pid = fork(u) ?? (yield);
    if (pid === 0) {
      // Leaves detaching to exit.
      exit(u, (yield* count(u, va)) === undefined ? 0 : 1) ?? (yield);
    }
    if (pid > 0) wait(u) ?? (yield);
  }
  // Fails if another one did it.
  shm_rmid(u, id) ?? (yield);
  const stat = yield* shm_stat(u, id);
  if (stat === undefined || stat.nattch < 1) wrong ??= 'it was gone while it was attached';
  const again = shmat(u, id, 0, 0) ?? (yield);
  if (again !== -1) wrong ??= 'it was attached to after it was removed';
  const detached = shmdt(u, va) ?? (yield);
  return detached === 0 ? wrong : 'shmdt failed';
}

/** segments KEY ROUNDS: makes, attaches, forks with, removes and detaches a segment in a loop. */
export function* segments(u: Context, argv: readonly string[]): Part<number> {
  const key = integer(argv[1], 1);
  const rounds = integer(argv[2], 1);
  if (key === undefined || rounds === undefined) return yield* usage(u, 'segments KEY ROUNDS');
  let wrong: string | undefined;
  for (let i = 0; i < rounds && wrong === undefined; i++) wrong = yield* round(u, key, i);
  return yield* verdict(u, 'segments', wrong, `${rounds} rounds`);
}
