import {
  type Context,
  close,
  exit,
  fork,
  HEAP,
  type Part,
  pipe,
  read,
  waitStatus,
  write,
} from '../ulib.ts';
import { integer, usage, verdict } from '../verdict.ts';

/** The child's part: so many words, counted, in writes of `words` words. */
function* produce(u: Context, fd: number, total: number, words: number): Part<number> {
  for (let sent = 0; sent < total; ) {
    const now = Math.min(words, total - sent);
    for (let i = 0; i < now; i++) u.store(HEAP + 4 * i, sent + i) ?? (yield);
    const written = write(u, fd, HEAP, 4 * now) ?? (yield);
    if (written !== 4 * now) return 1;
    sent += now;
  }
  return 0;
}

/** The parent's part: reads in bytes as they come. Answers the words until the end, -1 for a wrong one. */
function* consume(u: Context, fd: number): Part<number> {
  let bytes = 0;
  for (;;) {
    // What is left of a word that came in parts stays before it.
    const part = bytes % 4;
    const count = read(u, fd, HEAP + part, 64) ?? (yield);
    if (count < 0) return -1;
    if (count === 0) return part === 0 ? bytes / 4 : -1;
    const first = (bytes - part) / 4;
    bytes += count;
    const whole = Math.floor((part + count) / 4);
    for (let i = 0; i < whole; i++) {
      const word = u.load(HEAP + 4 * i) ?? (yield);
      if (word !== first + i) return -1;
    }
    const rest = bytes % 4;
    for (let i = 0; i < rest; i++) {
      const byte = u.loadByte(HEAP + 4 * whole + i) ?? (yield);
      u.storeByte(HEAP + i, byte) ?? (yield);
    }
  }
}

/**
 * pipetest WORDS CHUNK: a child writes counted words to a pipe, CHUNK words a call; the parent reads
 * them in order, to the end (xv6 usertests pipe1).
 */
export function* pipetest(u: Context, argv: readonly string[]): Part<number> {
  const total = integer(argv[1], 0);
  const chunk = integer(argv[2], 1);
  if (total === undefined || chunk === undefined) return yield* usage(u, 'pipetest WORDS CHUNK');
  const ends = yield* pipe(u);
  if (ends === undefined) return yield* verdict(u, 'pipetest', 'pipe failed', '');
  const child = fork(u) ?? (yield);
  if (child === 0) {
    close(u, ends.reads) ?? (yield);
    exit(u, yield* produce(u, ends.writes, total, chunk)) ?? (yield);
  }
  close(u, ends.writes) ?? (yield);
  if (child < 0) return yield* verdict(u, 'pipetest', 'fork failed', '');
  const words = yield* consume(u, ends.reads);
  close(u, ends.reads) ?? (yield);
  const { status } = yield* waitStatus(u);
  const right = words === total && status === 0;
  return yield* verdict(u, 'pipetest', right ? undefined : `read ${words} words`, `${total} words`);
}
