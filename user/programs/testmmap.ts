import {
  type Context,
  close,
  MAP_PRIVATE,
  MAP_SHARED,
  mmap,
  munmap,
  O_RDONLY,
  open,
  type Part,
  PROT_READ,
  unlink,
} from '../ulib.ts';
import { usage, verdict } from '../verdict.ts';
import { FILESIZE, makeFile, original, PGSIZE, PRIVATE, RW, wrongFile } from './mapped-file.ts';

/** One part of the test; answers what was wrong. */
type Check = (u: Context, fd: number, path: string) => Part<string | undefined>;

/** A private mapping shows the file, zeros past its end, and keeps what is written to itself. */
function* privately(u: Context, fd: number, path: string): Part<string | undefined> {
  const va = mmap(u, 0, FILESIZE, RW, MAP_PRIVATE, fd, 0) ?? (yield);
  if (va < 0) return 'mmap of a file failed';
  const first = u.load(va) ?? (yield);
  u.store(va + PGSIZE, 7) ?? (yield);
  const second = u.load(va + PGSIZE) ?? (yield);
  const end = u.load(va + FILESIZE) ?? (yield);
  if (first !== original(0) || second !== 7 || end !== 0) {
    return `a private mapping holds ${first}, ${second} and ${end}`;
  }
  if ((munmap(u, va, FILESIZE) ?? (yield)) !== 0) return 'munmap failed';
  return yield* wrongFile(u, path, 'after a private store', original(0), original(1));
}

/** A mapping from the second page on, after the descriptor is closed. */
function* further(u: Context, _fd: number, path: string): Part<string | undefined> {
  const fd = yield* open(u, path, O_RDONLY);
  const refused = mmap(u, 0, PGSIZE, RW, MAP_SHARED, fd, 0) ?? (yield);
  const va = mmap(u, 0, PGSIZE, PROT_READ, MAP_SHARED, fd, PGSIZE) ?? (yield);
  close(u, fd) ?? (yield);
  const closed = mmap(u, 0, PGSIZE, PROT_READ, MAP_SHARED, fd, 0) ?? (yield);
  if (refused !== -1) return 'what is open for reading was mapped for writing';
  if (closed !== -1) return 'what is closed was mapped';
  if (va < 0) return 'mmap from the second page failed';
  const word = u.load(va) ?? (yield);
  munmap(u, va, PGSIZE) ?? (yield);
  return word === original(1) ? undefined : `the second page begins with ${word}`;
}

/** Half of a shared mapping goes, and with it what was written there; then the other half. */
function* backInParts(u: Context, fd: number, path: string): Part<string | undefined> {
  const va = mmap(u, 0, 2 * PGSIZE, RW, MAP_SHARED, fd, 0) ?? (yield);
  if (va < 0) return 'mmap of a file to be shared failed';
  u.store(va, 11) ?? (yield);
  u.store(va + PGSIZE, 12) ?? (yield);
  munmap(u, va, PGSIZE) ?? (yield);
  const half = yield* wrongFile(u, path, 'after the first munmap', 11, original(1));
  const kept = u.load(va + PGSIZE) ?? (yield);
  munmap(u, va + PGSIZE, PGSIZE) ?? (yield);
  if (half !== undefined || kept !== 12) return half ?? `the other half holds ${kept}`;
  return yield* wrongFile(u, path, 'after the second munmap', 11, 12);
}

/** The middle and an end of an anonymous mapping go; the rest stays. */
function* anonymously(u: Context): Part<string | undefined> {
  const va = mmap(u, 0, 5 * PGSIZE, RW, PRIVATE, -1, 0) ?? (yield);
  for (let page = 0; page < 5; page++) {
    const fresh = u.load(va + page * PGSIZE) ?? (yield);
    if (fresh !== 0) return `a fresh page holds ${fresh}`;
    u.store(va + page * PGSIZE, page) ?? (yield);
  }
  const middle = munmap(u, va + PGSIZE, 2 * PGSIZE) ?? (yield);
  const end = munmap(u, va + 4 * PGSIZE, PGSIZE) ?? (yield);
  for (const page of [0, 3]) {
    const kept = u.load(va + page * PGSIZE) ?? (yield);
    if (kept !== page) return `page ${page} holds ${kept} after munmap beside it`;
  }
  const rest = munmap(u, va, 5 * PGSIZE) ?? (yield);
  return middle === 0 && end === 0 && rest === 0 ? undefined : 'munmap of a part failed';
}

const CHECKS: readonly Check[] = [privately, further, backInParts, anonymously];

/** testmmap FILE: maps a file and anonymous memory in all ways, and unmaps them in parts. */
export function* testmmap(u: Context, argv: readonly string[]): Part<number> {
  const path = argv[1];
  if (path === undefined) return yield* usage(u, 'testmmap FILE');
  const fd = yield* makeFile(u, path);
  if (fd < 0) return yield* verdict(u, 'testmmap', `cannot make ${path}`, '');
  let wrong: string | undefined;
  for (const check of CHECKS) wrong ??= yield* check(u, fd, path);
  close(u, fd) ?? (yield);
  yield* unlink(u, path);
  return yield* verdict(u, 'testmmap', wrong, 'mapped, unmapped, written back');
}
