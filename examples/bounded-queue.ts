/**
 * A queue of two places. Its producer signals without the mutex, so the signal may come after the
 * consumer has looked and before it waits: nobody hears it, and the consumer waits for ever. The fix
 * is to signal while the mutex is held.
 *
 *     xv6-replay explore examples/bounded-queue.ts
 *     xv6-replay explore examples/bounded-queue.ts#fixed
 */
import { type ProgramParts, program } from 'xv6-replay';

const ITEMS = 2;

function queue({ cell, mutex, semaphore, condition, thread, check }: ProgramParts, fixed: boolean) {
  const count = cell('count');
  const taken = cell('taken');
  const places = semaphore('places', 2);
  const m = mutex('m');
  const filled = condition('filled');
  thread('producer', function* () {
    for (let item = 0; item < ITEMS; item++) {
      places.wait() ?? (yield);
      if (fixed) m.lock() ?? (yield);
      count.fetchAdd(1) ?? (yield);
      filled.signal() ?? (yield);
      if (fixed) m.unlock() ?? (yield);
    }
  });
  thread('consumer', function* () {
    for (let item = 0; item < ITEMS; item++) {
      m.lock() ?? (yield);
      for (;;) {
        const waiting = count.fetchAdd(0) ?? (yield);
        if (waiting > 0) break;
        filled.wait(m) ?? (yield);
      }
      count.fetchAdd(-1) ?? (yield);
      m.unlock() ?? (yield);
      taken.fetchAdd(1) ?? (yield);
      places.post() ?? (yield);
    }
  });
  check(() => taken.value === ITEMS || `only ${taken.value} of ${ITEMS} items were taken`);
}

export default program('bounded queue', (parts) => queue(parts, false));

export const fixed = program('bounded queue, fixed', (parts) => queue(parts, true));
