/**
 * A buffer of one place, two producers, two consumers, and one condition variable for all. A producer's
 * signal may wake the other producer, who finds the place taken and waits again, and the consumer whom
 * it was for sleeps on: all wait. The fix is to wake all, or a condition for each side.
 *
 *     xv6-replay explore examples/one-condition.ts              # deadlock: … waits for changed
 *     xv6-replay explore examples/one-condition.ts#broadcast    # all 80 traces were checked
 */
import { type ProgramParts, program } from 'xv6-replay';

function buffer({ cell, mutex, condition, thread, outcome }: ProgramParts, wakesAll: boolean) {
  const isFull = cell('full');
  const m = mutex('m');
  const changed = condition('changed');
  for (const [side, from] of [
    ['producer', 0],
    ['consumer', 1],
  ] as const) {
    for (const i of [1, 2]) {
      thread(`${side} ${i}`, function* () {
        m.lock() ?? (yield);
        while ((isFull.load() ?? (yield)) !== from) changed.wait(m) ?? (yield);
        isFull.store(1 - from) ?? (yield);
        (wakesAll ? changed.broadcast() : changed.signal()) ?? (yield);
        m.unlock() ?? (yield);
      });
    }
  }
  outcome(() => isFull.value);
}

export default program('one condition', (parts) => buffer(parts, false));

export const broadcast = program('one condition, all woken', (parts) => buffer(parts, true));
