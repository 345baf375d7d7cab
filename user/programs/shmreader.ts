import { type Context, O_RDWR, type Part, shm_close } from '../ulib.ts';
import { integer, usage, verdict } from '../verdict.ts';
import { DATASTART, datum, meet, READ, READY, waitFor } from './shmwriter.ts';

/** shmreader NAME WORDS: waits for the words of a shmwriter and verifies them. */
export function* shmreader(u: Context, argv: readonly string[]): Part<number> {
  const name = argv[1];
  const words = integer(argv[2], 1);
  if (name === undefined || words === undefined) return yield* usage(u, 'shmreader NAME WORDS');
  const { od, va } = yield* meet(u, name, words, O_RDWR);
  if (va < 0) return yield* verdict(u, 'shmreader', `cannot map ${name}`, '');
  const ready = yield* waitFor(u, va + READY);
  let bad = 0;
  for (let i = 0; ready && i < words; i++) {
    const value = u.load(va + DATASTART + 4 * i) ?? (yield);
    if (value !== datum(i)) bad++;
  }
  u.store(va + READ, 1) ?? (yield);
  shm_close(u, od) ?? (yield);
  let wrong: string | undefined;
  if (!ready) wrong = 'no writer came';
  else if (bad > 0) wrong = `${bad} words wrong`;
  return yield* verdict(u, 'shmreader', wrong, `read ${words} words`);
}
