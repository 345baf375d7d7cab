import {
  type Context,
  O_RDWR,
  type Part,
  sbrk,
  shm_close,
  shm_map,
  shm_open,
  shm_trunc,
  sleep,
} from '../ulib.ts';
import { integer, usage, verdict } from '../verdict.ts';

const PGSIZE = 4096;
const OWN = 9;

/**
 * One round: uses a mapping, closes it, lets the heap have its frame, and maps another frame at the
 * same address. Sleeps between, so as to go on on another CPU. Answers what it read there.
 */
function* round(u: Context, name: string): Part<number> {
  const first = yield* shm_open(u, name);
  shm_trunc(u, first, PGSIZE) ?? (yield);
  const va = yield* shm_map(u, first, O_RDWR);
  u.store(va, 7) ?? (yield);
  sleep(u, 1) ?? (yield);
  shm_close(u, first) ?? (yield);
  const heap = sbrk(u, PGSIZE) ?? (yield);
  u.store(heap, OWN) ?? (yield);
  const second = yield* shm_open(u, name);
  shm_trunc(u, second, PGSIZE) ?? (yield);
  yield* shm_map(u, second, O_RDWR);
  sleep(u, 1) ?? (yield);
  const value = u.load(va) ?? (yield);
  shm_close(u, second) ?? (yield);
  sbrk(u, -PGSIZE) ?? (yield);
  return value;
}

/** wander NAME ROUNDS: a CPU that the process comes back to knows none of its old translations. */
export function* wander(u: Context, argv: readonly string[]): Part<number> {
  const name = argv[1];
  const rounds = integer(argv[2], 1);
  if (name === undefined || rounds === undefined) return yield* usage(u, 'wander NAME ROUNDS');
  let value = 0;
  for (let i = 0; i < rounds && value === 0; i++) value = yield* round(u, name);
  const wrong = value === 0 ? undefined : `fresh shared memory reads ${value}`;
  return yield* verdict(u, 'wander', wrong, `${rounds} rounds`);
}
