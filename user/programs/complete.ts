import { SEM_SIZE, sem_destroy, sem_init, sem_post, sem_wait } from '../sync.ts';
import { IPC_CREAT, shm_rmid, shmat, shmdt, shmget } from '../sysv.ts';
import { type Context, exit, fork, getString, type Part, putString, waitStatus } from '../ulib.ts';
import { integer, usage, verdict } from '../verdict.ts';

// What the segment holds.
const SEM = 0;
const COUNTER = SEM + SEM_SIZE;
const MESSAGE = COUNTER + 4;
const LENGTH = 16;

const TIMES = 5;

const message = (count: number): string => `message ${count}`;

/** The child: counts, and leaves a message that says how far. */
function* write(u: Context, va: number): Part<void> {
  for (let i = 0; i < TIMES; i++) {
    yield* sem_wait(u, va + SEM);
    const count = (u.load(va + COUNTER) ?? (yield)) + 1;
    u.store(va + COUNTER, count) ?? (yield);
    yield* putString(u, va + MESSAGE, message(count));
    yield* sem_post(u, va + SEM);
  }
}

/** The parent: reads counter and message, which belong together. Answers what is wrong. */
function* read(u: Context, va: number): Part<string | undefined> {
  let before = 0;
  let wrong: string | undefined;
  for (let i = 0; i < TIMES; i++) {
    yield* sem_wait(u, va + SEM);
    const count = u.load(va + COUNTER) ?? (yield);
    const text = yield* getString(u, va + MESSAGE, LENGTH);
    yield* sem_post(u, va + SEM);
    const right = count >= before && text === (count === 0 ? '' : message(count));
    if (!right) wrong ??= `read "${text}" when ${count} were counted`;
    before = count;
  }
  return wrong;
}

/**
 * complete KEY: a System V segment holds a semaphore, a counter and a message; a child writes five
 * times, its parent reads five times; then all is taken down.
 */
export function* complete(u: Context, argv: readonly string[]): Part<number> {
  const key = integer(argv[1], 1);
  if (key === undefined) return yield* usage(u, 'complete KEY');
  const id = shmget(u, key, MESSAGE + LENGTH, IPC_CREAT | 0o600) ?? (yield);
  const va = shmat(u, id, 0, 0) ?? (yield);
  if (id < 0 || va < 0) return yield* verdict(u, 'complete', `no segment for key ${key}`, '');
  yield* sem_init(u, va + SEM, 1);
  const pid = fork(u) ?? (yield);
  if (pid === 0) {
    yield* write(u, va);
    const detached = shmdt(u, va) ?? (yield);
    exit(u, detached === 0 ? 0 : 1) ?? (yield);
  }
  let wrong = yield* read(u, va);
  const { status } = yield* waitStatus(u);
  const count = u.load(va + COUNTER) ?? (yield);
  const last = yield* getString(u, va + MESSAGE, LENGTH);
  if (pid < 0 || status !== 0 || count !== TIMES) wrong ??= `${count} of ${TIMES} were counted`;
  const taken = [
    yield* sem_destroy(u, va + SEM),
    shmdt(u, va) ?? (yield),
    shm_rmid(u, id) ?? (yield),
  ];
  if (taken.some((answer) => answer !== 0)) wrong ??= `taking it down answered ${taken}`;
  return yield* verdict(u, 'complete', wrong, `the counter is ${count}, the last is "${last}"`);
}
