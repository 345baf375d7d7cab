import { type Context, close, HEAP, O_RDONLY, open, type Part, read, write } from '../ulib.ts';
import { usage, verdict } from '../verdict.ts';

/** Bytes that one read asks for. */
const PIECE = 256;

/** cat FILE: prints a file (xv6 cat.c, of one file). */
export function* cat(u: Context, argv: readonly string[]): Part<number> {
  const path = argv[1];
  if (path === undefined) return yield* usage(u, 'cat FILE');
  const fd = yield* open(u, path, O_RDONLY);
  if (fd < 0) return yield* verdict(u, 'cat', `cannot open ${path}`, '');
  for (;;) {
    const count = read(u, fd, HEAP, PIECE) ?? (yield);
    if (count < 0) return yield* verdict(u, 'cat', 'read error', '');
    if (count === 0) break;
    const written = write(u, 1, HEAP, count) ?? (yield);
    if (written !== count) return yield* verdict(u, 'cat', 'write error', '');
  }
  close(u, fd) ?? (yield);
  return 0;
}
