import {
  type Context,
  exit,
  fork,
  O_RDWR,
  type Part,
  shm_close,
  shm_map,
  shm_open,
  shm_trunc,
  waitStatus,
} from '../ulib.ts';
import { integer, usage, verdict } from '../verdict.ts';

const PGSIZE = 4096;

interface Limits {
  readonly objects: number;
  readonly descriptors: number;
  readonly pages: number;
}

/** Sizes up to the limit are accepted, others not. Answers what is wrong. */
function* sizes(u: Context, { pages }: Limits): Part<string | undefined> {
  const od = yield* shm_open(u, 'size');
  for (const bad of [0, -1, pages * PGSIZE + 1, 0x7fff_ffff]) {
    const size = shm_trunc(u, od, bad) ?? (yield);
    if (size !== -1) return `shm_trunc took ${bad} bytes`;
  }
  const size = shm_trunc(u, od, pages * PGSIZE) ?? (yield);
  if (size !== pages * PGSIZE) return `shm_trunc did not take ${pages} pages`;
  const va = yield* shm_map(u, od, O_RDWR);
  if (va < 0) return `shm_map did not map ${pages} pages`;
  u.store(va + size - 4, 1) ?? (yield);
  shm_close(u, od) ?? (yield);
  return undefined;
}

/**
 * Opens as many new objects as one process may, beginning with number `first`; if there is room for
 * more in the system, a child closes what it inherits and goes on.
 */
function* fillTable(u: Context, limits: Limits, first: number): Part<string | undefined> {
  const mine = Math.min(limits.descriptors, limits.objects - first);
  for (let i = 0; i < mine; i++) {
    const od = yield* shm_open(u, `object${first + i}`);
    if (od !== i) return `object ${first + i} has descriptor ${od}, not ${i}`;
  }
  const next = first + mine;
  const onemore = yield* shm_open(u, `object${next}`);
  if (onemore !== -1) return `an open past the limits gave ${onemore}`;
  if (next === limits.objects) {
    if (mine === limits.descriptors) return undefined;
    const again = yield* shm_open(u, 'object0');
    return again === mine ? undefined : 'with a full table an open of an old name failed';
  }
  const pid = fork(u) ?? (yield);
  if (pid === 0) {
    for (let od = 0; od < mine; od++) shm_close(u, od) ?? (yield);
    const wrong = yield* fillTable(u, limits, next);
    exit(u, wrong === undefined ? 0 : yield* verdict(u, 'limits', wrong, '')) ?? (yield);
  }
  const { status } = yield* waitStatus(u);
  return pid > 0 && status === 0 ? undefined : 'a child could not fill the rest of the table';
}

/**
 * limits OBJECTS DESCRIPTORS PAGES: with the kernel's limits as arguments, reaches each and goes one
 * past it. No other process may hold an object meanwhile.
 */
export function* limits(u: Context, argv: readonly string[]): Part<number> {
  const objects = integer(argv[1], 1);
  const descriptors = integer(argv[2], 1);
  const pages = integer(argv[3], 1);
  if (objects === undefined || descriptors === undefined || pages === undefined) {
    return yield* usage(u, 'limits OBJECTS DESCRIPTORS PAGES');
  }
  const all = { objects, descriptors, pages };
  const wrong = (yield* sizes(u, all)) ?? (yield* fillTable(u, all, 0));
  const seen = `${objects} objects, ${descriptors} descriptors, ${pages} pages`;
  return yield* verdict(u, 'limits', wrong, seen);
}
