import {
  type Context,
  exit,
  fork,
  O_RDWR,
  type Part,
  sbrk,
  shm_close,
  shm_map,
  shm_open,
  shm_trunc,
  wait,
} from '../ulib.ts';
import { integer, usage, verdict } from '../verdict.ts';

const PGSIZE = 4096;
/** No count reaches this; the bytes of a freed or of a fresh frame do. */
const JUNK = 0x0100_0000;

/** Adds 1 to the first and the last word of a mapping. Answers whether both were counts. */
function* use(u: Context, va: number): Part<boolean> {
  const first = u.fetchAdd(va, 1) ?? (yield);
  const last = u.fetchAdd(va + PGSIZE - 4, 1) ?? (yield);
  return first >= 0 && first < JUNK && last >= 0 && last < JUNK;
}

/** Whatever fails here for want of memory or of a slot must leave the rest as it was. */
function* round(u: Context, name: string, pages: number): Part<string | undefined> {
  // Never mapped: a fork that fails has counted it before it fails at the mapping.
  const spare = yield* shm_open(u, name);
  const od = yield* shm_open(u, name);
  const heap = sbrk(u, pages * PGSIZE) ?? (yield);
  if (od >= 0) shm_trunc(u, od, 2 * PGSIZE) ?? (yield);
  let va = od < 0 ? -1 : yield* shm_map(u, od, O_RDWR);
  const pid = fork(u) ?? (yield);
  // Memory may have come back meanwhile.
  if (od >= 0 && va < 0) va = yield* shm_map(u, od, O_RDWR);
  let wrong: string | undefined;
  if (va >= 0 && !(yield* use(u, va))) wrong = 'the mapping holds junk';
  if (heap >= 0) {
    const fresh = u.load(heap) ?? (yield);
    u.store(heap, 0) ?? (yield);
    if (fresh !== 0) wrong = 'the heap holds junk';
  }
  if (pid === 0)
    exit(u, wrong === undefined ? 0 : yield* verdict(u, 'scarce', wrong, '')) ?? (yield);
  if (pid > 0) wait(u) ?? (yield);
  if (heap >= 0) sbrk(u, -pages * PGSIZE) ?? (yield);
  let closed = od < 0 ? 0 : (shm_close(u, od) ?? (yield));
  if (spare >= 0) closed += shm_close(u, spare) ?? (yield);
  return closed === 0 ? wrong : 'shm_close failed';
}

/**
 * scarce NAME ROUNDS [PAGES]: goes on where memory, objects, descriptors or processes run out. PAGES
 * are what it asks for its heap, 1 unless given.
 */
export function* scarce(u: Context, argv: readonly string[]): Part<number> {
  const name = argv[1];
  const rounds = integer(argv[2], 1);
  const pages = integer(argv[3] ?? '1', 1);
  if (name === undefined || rounds === undefined || pages === undefined) {
    return yield* usage(u, 'scarce NAME ROUNDS [PAGES]');
  }
  let wrong: string | undefined;
  for (let i = 0; i < rounds && wrong === undefined; i++) wrong = yield* round(u, name, pages);
  return yield* verdict(u, 'scarce', wrong, `${rounds} rounds`);
}
