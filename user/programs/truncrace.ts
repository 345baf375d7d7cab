import { type Context, exit, fork, type Part, shm_open, shm_trunc, waitStatus } from '../ulib.ts';
import { integer, usage, verdict } from '../verdict.ts';

/** truncrace NAME NPROC: of NPROC processes that size one object, exactly one succeeds. */
export function* truncrace(u: Context, argv: readonly string[]): Part<number> {
  const name = argv[1];
  const nproc = integer(argv[2], 1);
  if (name === undefined || nproc === undefined) return yield* usage(u, 'truncrace NAME NPROC');
  const od = yield* shm_open(u, name);
  for (let i = 0; i < nproc; i++) {
    const pid = fork(u) ?? (yield);
    if (pid !== 0) continue;
    const size = shm_trunc(u, od, 4096 * (i + 1)) ?? (yield);
    exit(u, size === 4096 * (i + 1) ? 0 : 1) ?? (yield);
  }
  let winners = 0;
  for (;;) {
    const { pid, status } = yield* waitStatus(u);
    if (pid < 0) break;
    if (status === 0) winners++;
  }
  const wrong = winners === 1 ? undefined : `${winners} processes gave ${name} its size`;
  return yield* verdict(u, 'truncrace', wrong, `one of ${nproc} processes gave ${name} its size`);
}
