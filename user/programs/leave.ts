import { type Context, O_RDWR, type Part, shm_map, shm_open, shm_trunc } from '../ulib.ts';
import { usage, verdict } from '../verdict.ts';

/** leave NAME: opens, sizes, maps and uses the object, and leaves closing it to exit. */
export function* leave(u: Context, argv: readonly string[]): Part<number> {
  const name = argv[1];
  if (name === undefined) return yield* usage(u, 'leave NAME');
  const od = yield* shm_open(u, name);
  // -1 when another process gave this object its size.
  shm_trunc(u, od, 4096) ?? (yield);
  const va = yield* shm_map(u, od, O_RDWR);
  if (va < 0) return yield* verdict(u, 'leave', `cannot map ${name}`, '');
  u.fetchAdd(va, 1) ?? (yield);
  return yield* verdict(u, 'leave', undefined, `${name} is open`);
}
