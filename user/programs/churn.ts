import {
  type Context,
  O_RDWR,
  type Part,
  shm_close,
  shm_map,
  shm_open,
  shm_trunc,
} from '../ulib.ts';
import { integer, usage, verdict } from '../verdict.ts';

/** No count of rounds reaches this; the bytes of a freed or of a fresh frame do. */
const JUNK = 0x0100_0000;

/**
 * One round: open, size, map, add 1 to the first word, close. Other processes may do the same with
 * the same name at any time. Answers what is wrong.
 */
function* round(u: Context, name: string): Part<string | undefined> {
  const od = yield* shm_open(u, name);
  if (od < 0) return 'shm_open failed';
  // -1 when another process gave this object its size.
  const size = shm_trunc(u, od, 4) ?? (yield);
  if (size !== -1 && size !== 4096) return `shm_trunc gave ${size}`;
  const va = yield* shm_map(u, od, O_RDWR);
  if (va < 0) return 'shm_map failed';
  const before = u.fetchAdd(va, 1) ?? (yield);
  if (before < 0 || before >= JUNK) return `the object held ${before}`;
  const closed = shm_close(u, od) ?? (yield);
  return closed === 0 ? undefined : 'shm_close failed';
}

/** churn NAME ROUNDS: makes and destroys the object again and again, for throughput and races. */
export function* churn(u: Context, argv: readonly string[]): Part<number> {
  const name = argv[1];
  const rounds = integer(argv[2], 1);
  if (name === undefined || rounds === undefined) return yield* usage(u, 'churn NAME ROUNDS');
  let wrong: string | undefined;
  for (let i = 0; i < rounds && wrong === undefined; i++) wrong = yield* round(u, name);
  return yield* verdict(u, 'churn', wrong, `${rounds} rounds`);
}
