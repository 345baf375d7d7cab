import {
  type Context,
  getString,
  O_RDONLY,
  type Part,
  shm_close,
  shm_map,
  shm_open,
} from '../ulib.ts';
import { integer, usage, verdict } from '../verdict.ts';

/**
 * fork-receiver NAME PID: opens the object that a process with that pid made, and reads its greeting.
 * It has nothing from that process but the object's name.
 */
export function* forkReceiver(u: Context, argv: readonly string[]): Part<number> {
  const name = argv[1];
  const sender = integer(argv[2], 1);
  if (name === undefined || sender === undefined) {
    return yield* usage(u, 'fork-receiver NAME PID');
  }
  const od = yield* shm_open(u, name);
  const va = yield* shm_map(u, od, O_RDONLY);
  if (va < 0) return yield* verdict(u, 'fork-receiver', `there is no ${name} to map`, '');
  const greeting = yield* getString(u, va, 64);
  shm_close(u, od) ?? (yield);
  const wrong = greeting === `hello from pid ${sender}` ? undefined : `read "${greeting}"`;
  return yield* verdict(u, 'fork-receiver', wrong, `read "${greeting}"`);
}
