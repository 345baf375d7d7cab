import {
  type Context,
  O_RDWR,
  type Part,
  shm_close,
  shm_map,
  shm_open,
  shm_trunc,
} from '../ulib.ts';
import { usage, verdict } from '../verdict.ts';

/** trunctwice NAME: an object has no size before the first shm_trunc and keeps it after. */
export function* trunctwice(u: Context, argv: readonly string[]): Part<number> {
  const name = argv[1];
  if (name === undefined) return yield* usage(u, 'trunctwice NAME');
  const od = yield* shm_open(u, name);
  const early = yield* shm_map(u, od, O_RDWR);
  const first = shm_trunc(u, od, 5000) ?? (yield);
  const second = shm_trunc(u, od, 100) ?? (yield);
  const va = yield* shm_map(u, od, O_RDWR);
  // In the second page, which is there only if the first size holds.
  if (va > 0) u.store(va + 8188, 1) ?? (yield);
  const third = shm_trunc(u, od, 5000) ?? (yield);
  shm_close(u, od) ?? (yield);
  let wrong: string | undefined;
  if (early !== -1) wrong = 'an object without a size was mapped';
  else if (first !== 8192) wrong = `the first shm_trunc gave ${first}, not 8192`;
  else if (va < 0) wrong = `cannot map ${name}`;
  else if (second !== -1 || third !== -1) wrong = `later sizes: ${second}, ${third}`;
  return yield* verdict(u, 'trunctwice', wrong, `${first} bytes, once`);
}
