import {
  type Context,
  close,
  exit,
  fork,
  HEAP,
  O_CREATE,
  O_RDWR,
  open,
  type Part,
  pipe,
  read,
  unlink,
  wait,
  write,
} from '../ulib.ts';
import { integer, usage, verdict } from '../verdict.ts';

/** One round: whatever fails says -1, and what it answers otherwise is right. */
function* round(u: Context, path: string): Part<string | undefined> {
  const fd = yield* open(u, path, O_CREATE | O_RDWR);
  let size = 0;
  for (let i = 0; i < 2 && fd >= 0; i++) {
    const written = write(u, fd, 0, 4096) ?? (yield);
    if (written !== -1 && written !== 4096) return `write gave ${written}`;
    if (written > 0) size += written;
  }
  const ends = yield* pipe(u);
  const pid = fork(u) ?? (yield);
  if (ends !== undefined) {
    const written = write(u, ends.writes, HEAP, 5) ?? (yield);
    if (written !== 5) return `write to the pipe gave ${written}`;
    if (pid === 0) exit(u, 0) ?? (yield);
    const count = read(u, ends.reads, HEAP, 5) ?? (yield);
    // The page that it reads into is the child's, too, and there may be no memory for a copy.
    if (count !== 5 && count !== -1) return `read from the pipe gave ${count}`;
    for (const end of [ends.reads, ends.writes]) close(u, end) ?? (yield);
  }
  if (pid === 0) exit(u, 0) ?? (yield);
  if (pid > 0) wait(u) ?? (yield);
  if (fd < 0) return undefined;
  const removed = yield* unlink(u, path);
  const closed = close(u, fd) ?? (yield);
  return removed === 0 && closed === 0 ? undefined : `${path} of ${size} bytes is in the way`;
}

/**
 * filescarce FILE ROUNDS: writes a file, makes a pipe and forks where descriptors, files, inodes,
 * blocks, pipes, memory or processes run out. FILE is its own.
 */
export function* filescarce(u: Context, argv: readonly string[]): Part<number> {
  const path = argv[1];
  const rounds = integer(argv[2], 1);
  if (path === undefined || rounds === undefined) return yield* usage(u, 'filescarce FILE ROUNDS');
  let wrong: string | undefined;
  for (let i = 0; i < rounds && wrong === undefined; i++) wrong = yield* round(u, path);
  return yield* verdict(u, 'filescarce', wrong, `${rounds} rounds`);
}
