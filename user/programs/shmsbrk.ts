import {
  type Context,
  O_RDWR,
  type Part,
  sbrk,
  shm_close,
  shm_map,
  shm_open,
  shm_trunc,
} from '../ulib.ts';
import { usage, verdict } from '../verdict.ts';

const PGSIZE = 4096;
/** Where the window of shared memory begins (memlayout.ts SHMBASE). */
const WINDOW = 0x4000_0000;

/** shmsbrk NAME: the heap grows and shrinks beside a mapping, and never into the window. */
export function* shmsbrk(u: Context, argv: readonly string[]): Part<number> {
  const name = argv[1];
  if (name === undefined) return yield* usage(u, 'shmsbrk NAME');
  const od = yield* shm_open(u, name);
  shm_trunc(u, od, PGSIZE) ?? (yield);
  const va = yield* shm_map(u, od, O_RDWR);
  if (va < 0) return yield* verdict(u, 'shmsbrk', `cannot create ${name}`, '');
  u.store(va, 7) ?? (yield);
  const end = sbrk(u, 0) ?? (yield);
  const past = sbrk(u, WINDOW - end + 1) ?? (yield);
  const below = sbrk(u, -end - 1) ?? (yield);
  const heap = sbrk(u, 2 * PGSIZE) ?? (yield);
  let zero = -1;
  if (heap === end) {
    zero = u.load(heap + PGSIZE) ?? (yield);
    u.store(heap + PGSIZE, 9) ?? (yield);
  }
  const grown = sbrk(u, -2 * PGSIZE) ?? (yield);
  const value = u.load(va) ?? (yield);
  shm_close(u, od) ?? (yield);
  let wrong: string | undefined;
  if (va < WINDOW) wrong = `the mapping is at ${va}, outside the window`;
  else if (past !== -1) wrong = 'the heap grew into the window';
  else if (below !== -1) wrong = 'the heap shrank below nothing';
  else if (heap !== end || zero !== 0) wrong = `fresh heap at ${heap} reads ${zero}`;
  else if (grown !== end + 2 * PGSIZE) wrong = `the heap ended at ${grown}`;
  else if (value !== 7) wrong = `the mapping reads ${value}`;
  return yield* verdict(u, 'shmsbrk', wrong, 'the heap leaves the window alone');
}
