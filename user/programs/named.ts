import {
  type Context,
  close,
  exit,
  fork,
  ftruncate,
  MAP_SHARED,
  mmap,
  munmap,
  O_CREATE,
  O_RDWR,
  type Part,
  PROT_READ,
  PROT_WRITE,
  shm_open,
  shm_unlink,
  waitStatus,
} from '../ulib.ts';
import { integer, usage, verdict } from '../verdict.ts';

const PAGE = 4096;
/** No count of rounds reaches this; the bytes of a freed or of a fresh frame do. */
const JUNK = 0x0100_0000;

/** Counts in a page: what is there is of this object's own time. Answers what is wrong. */
function* count(u: Context, va: number): Part<string | undefined> {
  const before = u.fetchAdd(va, 1) ?? (yield);
  return before < 0 || before >= JUNK ? `the object held ${before}` : undefined;
}

/** A child that uses the second page, which may go at any time; that kills it. */
function* second(u: Context, va: number): Part<string | undefined> {
  const pid = fork(u) ?? (yield);
  if (pid === 0) exit(u, (yield* count(u, va + PAGE)) === undefined ? 0 : 1) ?? (yield);
  if (pid < 0) return undefined;
  const { status } = yield* waitStatus(u);
  return status === 1 ? 'the second page held junk' : undefined;
}

/** One round. Others make, size, use and unlink the same name at any time. */
function* round(u: Context, name: string): Part<string | undefined> {
  const fd = yield* shm_open(u, name, O_CREATE | O_RDWR);
  if (fd < 0) return 'shm_open failed';
  const grown = ftruncate(u, fd, 2 * PAGE) ?? (yield);
  const va = mmap(u, 0, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) ?? (yield);
  if (grown !== 0 || va < 0) return 'ftruncate or mmap failed';
  let wrong = (yield* count(u, va)) ?? (yield* second(u, va));
  if ((ftruncate(u, fd, PAGE) ?? (yield)) !== 0) wrong ??= 'the object could not be made smaller';
  // Fails if another one did it.
  yield* shm_unlink(u, name);
  if ((close(u, fd) ?? (yield)) !== 0) wrong ??= 'close failed';
  wrong ??= yield* count(u, va);
  return (munmap(u, va, 2 * PAGE) ?? (yield)) === 0 ? wrong : 'munmap failed';
}

/** named NAME ROUNDS: makes, sizes, maps, shrinks and unlinks POSIX shared memory in a loop. */
export function* named(u: Context, argv: readonly string[]): Part<number> {
  const name = argv[1];
  const rounds = integer(argv[2], 1);
  if (name === undefined || rounds === undefined) return yield* usage(u, 'named NAME ROUNDS');
  let wrong: string | undefined;
  for (let i = 0; i < rounds && wrong === undefined; i++) wrong = yield* round(u, name);
  return yield* verdict(u, 'named', wrong, `${rounds} rounds`);
}
