import { type Context, O_RDWR, type Part, shm_map, shm_open, shm_trunc } from '../ulib.ts';

/** One page of shared memory of that name, mapped read-write; its address, or -1. */
export function* sharedPage(u: Context, name: string): Part<number> {
  const od = yield* shm_open(u, name);
  // -1 when another process gave it its size.
  shm_trunc(u, od, 4096) ?? (yield);
  return yield* shm_map(u, od, O_RDWR);
}
