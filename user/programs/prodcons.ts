import {
  COND_SIZE,
  cond_signal,
  cond_wait,
  MUTEX_SIZE,
  mutex_lock,
  mutex_unlock,
  SEM_SIZE,
  sem_init,
  sem_post,
  sem_wait,
  spin_lock,
  spin_unlock,
} from '../sync.ts';
import { type Context, exit, fork, type Part, sleep, wait } from '../ulib.ts';
import { integer, usage, verdict } from '../verdict.ts';
import { sharedPage } from './shared-page.ts';

// A page: what the buffer is guarded by, how many items there are, where the next one goes and comes
// from, and the items.
const MUTEX = 0;
const NOT_FULL = MUTEX + MUTEX_SIZE;
const NOT_EMPTY = NOT_FULL + COND_SIZE;
const EMPTY = NOT_EMPTY + COND_SIZE;
const FULL = EMPTY + SEM_SIZE;
const COUNT = FULL + SEM_SIZE;
const IN = COUNT + 4;
const OUT = IN + 4;
const ITEMS = OUT + 4;
const SLOTS = 2;

/** How often who does not lock looks again before it gives up: an update that is lost stays lost. */
const TRIES = 8;
const GAVE_UP = -1;

function* push(u: Context, va: number, item: number): Part<void> {
  const slot = u.load(va + IN) ?? (yield);
  u.store(va + ITEMS + 4 * (slot % SLOTS), item) ?? (yield);
  u.store(va + IN, slot + 1) ?? (yield);
  const count = u.load(va + COUNT) ?? (yield);
  u.store(va + COUNT, count + 1) ?? (yield);
}

function* pop(u: Context, va: number): Part<number> {
  const slot = u.load(va + OUT) ?? (yield);
  const item = u.load(va + ITEMS + 4 * (slot % SLOTS)) ?? (yield);
  u.store(va + OUT, slot + 1) ?? (yield);
  const count = u.load(va + COUNT) ?? (yield);
  u.store(va + COUNT, count - 1) ?? (yield);
  return item;
}

/** A way to use the buffer: `put` waits while it is full, `get` while it is empty; or GAVE_UP. */
interface Way {
  put(u: Context, va: number, item: number): Part<number>;
  get(u: Context, va: number): Part<number>;
}

/** Looks until there is room, or an item, with a lock held meanwhile or without. */
function polling(
  lock: (u: Context, va: number) => Part<void>,
  unlock: (u: Context, va: number) => Part<void>,
  tries: number,
): Way {
  /** Waits until the count is not what it must not be. Answers whether it is, with the lock held. */
  function* await_(u: Context, va: number, not: number): Part<boolean> {
    for (let i = 0; i < tries; i++) {
      yield* lock(u, va);
      const count = u.load(va + COUNT) ?? (yield);
      if (count !== not) return true;
      yield* unlock(u, va);
      sleep(u, 1) ?? (yield);
    }
    return false;
  }
  return {
    *put(u, va, item) {
      if (!(yield* await_(u, va, SLOTS))) return GAVE_UP;
      yield* push(u, va, item);
      yield* unlock(u, va);
      return item;
    },
    *get(u, va) {
      if (!(yield* await_(u, va, 0))) return GAVE_UP;
      const item = yield* pop(u, va);
      yield* unlock(u, va);
      return item;
    },
  };
}

function* nothing(): Part<void> {}

const semaphores: Way = {
  *put(u, va, item) {
    yield* sem_wait(u, va + EMPTY);
    yield* mutex_lock(u, va + MUTEX);
    yield* push(u, va, item);
    yield* mutex_unlock(u, va + MUTEX);
    yield* sem_post(u, va + FULL);
    return item;
  },
  *get(u, va) {
    yield* sem_wait(u, va + FULL);
    yield* mutex_lock(u, va + MUTEX);
    const item = yield* pop(u, va);
    yield* mutex_unlock(u, va + MUTEX);
    yield* sem_post(u, va + EMPTY);
    return item;
  },
};

const monitor: Way = {
  *put(u, va, item) {
    yield* mutex_lock(u, va + MUTEX);
    while ((u.load(va + COUNT) ?? (yield)) === SLOTS) {
      yield* cond_wait(u, va + NOT_FULL, va + MUTEX);
    }
    yield* push(u, va, item);
    yield* cond_signal(u, va + NOT_EMPTY);
    yield* mutex_unlock(u, va + MUTEX);
    return item;
  },
  *get(u, va) {
    yield* mutex_lock(u, va + MUTEX);
    while ((u.load(va + COUNT) ?? (yield)) === 0) {
      yield* cond_wait(u, va + NOT_EMPTY, va + MUTEX);
    }
    const item = yield* pop(u, va);
    yield* cond_signal(u, va + NOT_FULL);
    yield* mutex_unlock(u, va + MUTEX);
    return item;
  },
};

const WAYS: Readonly<Record<string, Way>> = {
  none: polling(nothing, nothing, TRIES),
  spin: polling(
    (u, va) => spin_lock(u, va + MUTEX),
    function* (u, va) {
      spin_unlock(u, va + MUTEX) ?? (yield);
    },
    Number.POSITIVE_INFINITY,
  ),
  mutex: polling(
    (u, va) => mutex_lock(u, va + MUTEX),
    (u, va) => mutex_unlock(u, va + MUTEX),
    Number.POSITIVE_INFINITY,
  ),
  sem: semaphores,
  monitor,
};

/** The child: items 1, 2, … */
function* produce(u: Context, va: number, way: Way, items: number): Part<void> {
  for (let item = 1; item <= items; item++) {
    if ((yield* way.put(u, va, item)) === GAVE_UP) return;
  }
}

/** The parent: how many items came as they were sent. */
function* consume(u: Context, va: number, way: Way, items: number): Part<number> {
  for (let item = 1; item <= items; item++) {
    if ((yield* way.get(u, va)) !== item) return item - 1;
  }
  return items;
}

/**
 * prodcons NAME none|spin|mutex|sem|monitor ITEMS: a child hands items to its parent through a buffer
 * of two in shared memory. Without synchronisation, updates of their number get lost.
 */
export function* prodcons(u: Context, argv: readonly string[]): Part<number> {
  const [, name, how = ''] = argv;
  const items = integer(argv[3], 1);
  const way = Object.hasOwn(WAYS, how) ? WAYS[how] : undefined;
  if (name === undefined || way === undefined || items === undefined) {
    return yield* usage(u, 'prodcons NAME none|spin|mutex|sem|monitor ITEMS');
  }
  const va = yield* sharedPage(u, name);
  if (va < 0) return yield* verdict(u, 'prodcons', `cannot create ${name}`, '');
  yield* sem_init(u, va + EMPTY, SLOTS);
  yield* sem_init(u, va + FULL, 0);
  const pid = fork(u) ?? (yield);
  if (pid === 0) {
    yield* produce(u, va, way, items);
    exit(u, 0) ?? (yield);
  }
  if (pid < 0) return yield* verdict(u, 'prodcons', 'fork failed', '');
  const came = yield* consume(u, va, way, items);
  wait(u) ?? (yield);
  const left = u.load(va + COUNT) ?? (yield);
  const lost = came < items || left !== 0;
  const wrong = lost ? `${came} of ${items} items came, and ${left} are counted` : undefined;
  return yield* verdict(u, 'prodcons', wrong, `${items} items`);
}
