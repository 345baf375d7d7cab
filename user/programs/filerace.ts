import {
  type Context,
  close,
  fstat,
  HEAP,
  O_CREATE,
  O_RDWR,
  open,
  type Part,
  unlink,
  write,
} from '../ulib.ts';
import { integer, usage, verdict } from '../verdict.ts';

/** One round; other processes do the same with the same name. Answers what is wrong. */
function* round(u: Context, path: string): Part<string | undefined> {
  const fd = yield* open(u, path, O_CREATE | O_RDWR);
  if (fd < 0) return 'open failed';
  const written = write(u, fd, HEAP, 4) ?? (yield);
  if (written !== 4) return `write gave ${written}`;
  // -1 when another process has removed the name.
  yield* unlink(u, path);
  const stat = yield* fstat(u, fd);
  if (stat?.size !== 4) return `the file has ${stat?.size} bytes`;
  const closed = close(u, fd) ?? (yield);
  return closed === 0 ? undefined : 'close failed';
}

/** filerace FILE ROUNDS: opens, writes, unlinks and closes one file, at the same time as others. */
export function* filerace(u: Context, argv: readonly string[]): Part<number> {
  const path = argv[1];
  const rounds = integer(argv[2], 1);
  if (path === undefined || rounds === undefined) return yield* usage(u, 'filerace FILE ROUNDS');
  let wrong: string | undefined;
  for (let i = 0; i < rounds && wrong === undefined; i++) wrong = yield* round(u, path);
  return yield* verdict(u, 'filerace', wrong, `${rounds} rounds`);
}
