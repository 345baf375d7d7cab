import {
  type Context,
  close,
  fstat,
  HEAP,
  O_CREATE,
  O_RDONLY,
  O_WRONLY,
  open,
  type Part,
  read,
  unlink,
  write,
} from '../ulib.ts';
import { integer, usage, verdict } from '../verdict.ts';

/** Bytes of one call: no divisor of a block's, so that some calls cross from one to the next. */
const PIECE = 1000;

const pattern = (piece: number): number => 0x0101_0000 + piece;

function* writeAll(u: Context, fd: number, pieces: number): Part<boolean> {
  for (let i = 0; i < pieces; i++) {
    for (const at of [0, PIECE - 4]) u.store(HEAP + at, pattern(i)) ?? (yield);
    const written = write(u, fd, HEAP, PIECE) ?? (yield);
    if (written !== PIECE) return false;
  }
  return true;
}

function* readAll(u: Context, fd: number, pieces: number): Part<boolean> {
  for (let i = 0; i < pieces; i++) {
    const count = read(u, fd, HEAP, PIECE) ?? (yield);
    if (count !== PIECE) return false;
    for (const at of [0, PIECE - 4]) {
      const value = u.load(HEAP + at) ?? (yield);
      if (value !== pattern(i)) return false;
    }
  }
  const end = read(u, fd, HEAP, 1) ?? (yield);
  return end === 0;
}

/**
 * readwrite FILE PIECES: writes a file in pieces of 1000 bytes, reads it again and removes it (xv6
 * usertests writebig, small enough to explore).
 */
export function* readwrite(u: Context, argv: readonly string[]): Part<number> {
  const path = argv[1];
  const pieces = integer(argv[2], 0);
  if (path === undefined || pieces === undefined) return yield* usage(u, 'readwrite FILE PIECES');
  const wrong = (what: string): Part<number> => verdict(u, 'readwrite', what, '');
  const writer = yield* open(u, path, O_CREATE | O_WRONLY);
  if (writer < 0) return yield* wrong(`cannot create ${path}`);
  if (!(yield* writeAll(u, writer, pieces))) return yield* wrong('write error');
  close(u, writer) ?? (yield);
  const reader = yield* open(u, path, O_RDONLY);
  const size = (yield* fstat(u, reader))?.size;
  if (size !== pieces * PIECE) return yield* wrong(`the file has ${size} bytes`);
  if (!(yield* readAll(u, reader, pieces))) return yield* wrong('read something else');
  const removed = yield* unlink(u, path);
  if (removed < 0 || (yield* open(u, path, O_RDONLY)) >= 0)
    return yield* wrong('it is still there');
  close(u, reader) ?? (yield);
  return yield* verdict(u, 'readwrite', undefined, `${size} bytes`);
}
