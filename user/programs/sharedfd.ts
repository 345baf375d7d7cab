import {
  type Context,
  close,
  exit,
  fork,
  O_CREATE,
  O_RDWR,
  open,
  type Part,
  readString,
  unlink,
  waitStatus,
  writeString,
} from '../ulib.ts';
import { integer, usage, verdict } from '../verdict.ts';

function* writeLetters(u: Context, fd: number, letter: string, times: number): Part<boolean> {
  for (let i = 0; i < times; i++) {
    if ((yield* writeString(u, fd, letter.repeat(2))) !== 2) return false;
  }
  return true;
}

/**
 * sharedfd FILE TIMES: parent and child write pairs of letters through one descriptor; no pair is
 * lost or torn (xv6 usertests sharedfd).
 */
export function* sharedfd(u: Context, argv: readonly string[]): Part<number> {
  const path = argv[1];
  const times = integer(argv[2], 1);
  if (path === undefined || times === undefined) return yield* usage(u, 'sharedfd FILE TIMES');
  const wrong = (what: string): Part<number> => verdict(u, 'sharedfd', what, '');
  const fd = yield* open(u, path, O_CREATE | O_RDWR);
  if (fd < 0) return yield* wrong(`cannot create ${path}`);
  const child = fork(u) ?? (yield);
  const done = yield* writeLetters(u, fd, child === 0 ? 'c' : 'p', times);
  if (child === 0) exit(u, done ? 0 : 1) ?? (yield);
  const { status } = yield* waitStatus(u);
  if (child < 0 || !done || status !== 0) return yield* wrong('fork or write failed');
  close(u, fd) ?? (yield);
  const reader = yield* open(u, path, O_RDWR);
  const text = (yield* readString(u, reader, 512)) ?? '';
  yield* unlink(u, path);
  const pairs = text.match(/cc|pp/g) ?? [];
  const count = (pair: string): number => pairs.filter((p) => p === pair).length;
  const right = count('cc') === times && count('pp') === times && text.length === 4 * times;
  return yield* verdict(u, 'sharedfd', right ? undefined : `read ${text}`, `${times} pairs each`);
}
