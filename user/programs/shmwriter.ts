import {
  type Context,
  O_RDWR,
  type Part,
  shm_close,
  shm_map,
  shm_open,
  shm_trunc,
  sleep,
} from '../ulib.ts';
import { integer, usage, verdict } from '../verdict.ts';

/** Words at the start of the object: set to 1 when the data is there, and when it was read. */
export const READY = 0;
export const READ = 4;
export const DATASTART = 8;
/** Ticks that either side waits for the other before it gives up. */
const PATIENCE = 1000;

export const datum = (i: number): number => 1000 + 7 * i;

/** Waits for a word of the object to become 1. Answers whether it did in time. */
export function* waitFor(u: Context, va: number): Part<boolean> {
  for (let ticks = 0; ticks < PATIENCE; ticks++) {
    const value = u.load(va) ?? (yield);
    if (value === 1) return true;
    sleep(u, 1) ?? (yield);
  }
  return false;
}

/** Opens and maps the object; whoever comes first gives it its size. Answers od and address. */
export function* meet(
  u: Context,
  name: string,
  words: number,
  flags: number,
): Part<{ od: number; va: number }> {
  const od = yield* shm_open(u, name);
  // -1 when the other side was first, and then the size is the same.
  shm_trunc(u, od, DATASTART + 4 * words) ?? (yield);
  const va = yield* shm_map(u, od, flags);
  return { od, va };
}

/** shmwriter NAME WORDS: writes that many words for a shmreader and waits until they were read. */
export function* shmwriter(u: Context, argv: readonly string[]): Part<number> {
  const name = argv[1];
  const words = integer(argv[2], 1);
  if (name === undefined || words === undefined) return yield* usage(u, 'shmwriter NAME WORDS');
  const { od, va } = yield* meet(u, name, words, O_RDWR);
  if (va < 0) return yield* verdict(u, 'shmwriter', `cannot map ${name}`, '');
  for (let i = 0; i < words; i++) u.store(va + DATASTART + 4 * i, datum(i)) ?? (yield);
  u.store(va + READY, 1) ?? (yield);
  const read = yield* waitFor(u, va + READ);
  shm_close(u, od) ?? (yield);
  const wrong = read ? undefined : 'no reader came';
  return yield* verdict(u, 'shmwriter', wrong, `wrote ${words} words`);
}
