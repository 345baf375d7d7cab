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
import { integer, usage, verdict } from '../verdict.ts';

/** System calls of one round: shm_open, shm_trunc, shm_map, shm_close. */
const CALLS = 4;

interface Load {
  readonly name: string;
  readonly rounds: number;
  readonly accesses: number;
}

/** Process `i`: rounds of open, trunc, map, accesses to words of its own, close. */
function* worker(u: Context, load: Load, i: number): Part<number> {
  for (let round = 0; round < load.rounds; round++) {
    const od = yield* shm_open(u, load.name);
    shm_trunc(u, od, 4096) ?? (yield);
    const va = yield* shm_map(u, od, O_RDWR);
    if (va < 0) return 1;
    const mine = va + 32 * i;
    for (let access = 0; access < load.accesses; access += 2) {
      u.store(mine, access) ?? (yield);
      const value = u.load(mine) ?? (yield);
      if (value !== access) return 1;
    }
    shm_close(u, od) ?? (yield);
  }
  return 0;
}

/**
 * scaling NAME NPROC ROUNDS ACCESSES: NPROC processes at once do rounds of shared-memory operations.
 * ACCESSES is even; the line that it prints says how many operations were done in all.
 */
export function* scaling(u: Context, argv: readonly string[]): Part<number> {
  const name = argv[1];
  const nproc = integer(argv[2], 1);
  const rounds = integer(argv[3], 1);
  const accesses = integer(argv[4], 0);
  if (name === undefined || nproc === undefined || rounds === undefined || accesses === undefined) {
    return yield* usage(u, 'scaling NAME NPROC ROUNDS ACCESSES');
  }
  const load = { name, rounds, accesses };
  for (let i = 0; i < nproc; i++) {
    const pid = fork(u) ?? (yield);
    if (pid === 0) exit(u, yield* worker(u, load, i)) ?? (yield);
  }
  let done = 0;
  for (;;) {
    const { pid, status } = yield* waitStatus(u);
    if (pid < 0) break;
    if (status === 0) done++;
  }
  const operations = nproc * rounds * (CALLS + accesses);
  const wrong = done === nproc ? undefined : `${nproc - done} of ${nproc} processes failed`;
  return yield* verdict(u, 'scaling', wrong, `${nproc} processes, ${operations} operations`);
}
