import {
  type Context,
  close,
  exit,
  fork,
  MAP_ANONYMOUS,
  MAP_PRIVATE,
  MAP_SHARED,
  mmap,
  type Part,
  unlink,
  waitStatus,
} from '../ulib.ts';
import { usage, verdict } from '../verdict.ts';
import { makeFile, original, PGSIZE, PRIVATE, RW, wrongFile } from './mapped-file.ts';

/** Where the four mappings are, of two pages each. */
interface Areas {
  readonly file: number;
  readonly copy: number;
  readonly shared: number;
  readonly own: number;
}

function* mapAll(u: Context, fd: number): Part<Areas | undefined> {
  const size = 2 * PGSIZE;
  const file = mmap(u, 0, size, RW, MAP_SHARED, fd, 0) ?? (yield);
  const copy = mmap(u, 0, size, RW, MAP_PRIVATE, fd, 0) ?? (yield);
  const shared = mmap(u, 0, size, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0) ?? (yield);
  const own = mmap(u, 0, size, RW, PRIVATE, -1, 0) ?? (yield);
  return Math.min(file, copy, shared, own) < 0 ? undefined : { file, copy, shared, own };
}

/** Adds 1 to the first word of both pages of each mapping; answers the words before. */
function* addOne(u: Context, { file, copy, shared, own }: Areas): Part<number[]> {
  const words: number[] = [];
  for (const va of [file, copy, shared, own]) {
    words.push(u.fetchAdd(va, 1) ?? (yield));
    words.push(u.fetchAdd(va + PGSIZE, 1) ?? (yield));
  }
  return words;
}

function differs(
  who: string,
  words: readonly number[],
  expected: readonly number[],
): string | undefined {
  const same = expected.every((word, i) => words[i] === word);
  return same ? undefined : `${who} found ${words.join(' ')}, not ${expected.join(' ')}`;
}

/**
 * testmmfork FILE: a child sees what its parent had mapped. What it writes, its parent sees in shared
 * mappings and not in private ones, and the file has it when both are done.
 */
export function* testmmfork(u: Context, argv: readonly string[]): Part<number> {
  const path = argv[1];
  if (path === undefined) return yield* usage(u, 'testmmfork FILE');
  const fd = yield* makeFile(u, path);
  const areas = fd < 0 ? undefined : yield* mapAll(u, fd);
  if (areas === undefined) return yield* verdict(u, 'testmmfork', `cannot map ${path}`, '');
  // Both copies are made before the fork, since what they are copied from changes; else one page.
  const { file, copy, shared, own } = areas;
  for (const va of [copy, copy + PGSIZE, file, shared, own]) u.fetchAdd(va, 1) ?? (yield);
  const [a, b] = [original(0), original(1)];
  const pid = fork(u) ?? (yield);
  const child = [a + 1, b, a + 1, b + 1, 1, 0, 1, 0];
  if (pid === 0) {
    const wrong = differs('the child', yield* addOne(u, areas), child);
    exit(u, wrong === undefined ? 0 : yield* verdict(u, 'testmmfork', wrong, '')) ?? (yield);
  }
  const { status } = yield* waitStatus(u);
  const parent = [a + 2, b + 1, a + 1, b + 1, 2, 1, 1, 0];
  let wrong = differs('the parent', yield* addOne(u, areas), parent);
  if (pid < 0 || status !== 0) wrong ??= `fork answered ${pid}, the child exited with ${status}`;
  // The child's exit has written back what it changed, and what the parent had by then.
  wrong ??= yield* wrongFile(u, path, 'after the child', a + 2, b + 1);
  close(u, fd) ?? (yield);
  yield* unlink(u, path);
  return yield* verdict(u, 'testmmfork', wrong, 'private and shared as they should be');
}
