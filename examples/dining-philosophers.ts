/**
 * Three philosophers at a round table, a fork between each two. Each takes the left fork, then the
 * right one; if all take the left one first, nobody ever eats. The fix: the last one begins with the
 * right fork, so that forks are taken in one order.
 *
 *     xv6-replay explore examples/dining-philosophers.ts
 *     xv6-replay explore examples/dining-philosophers.ts#ordered
 */
import { type ProgramParts, program } from 'xv6-replay';

const SEATS = 3;

function table({ cell, mutex, thread, outcome }: ProgramParts, isOrdered: boolean) {
  const forks = Array.from({ length: SEATS }, (_, seat) => mutex(`fork ${seat}`));
  const meals = cell('meals');
  for (const [seat, left] of forks.entries()) {
    const right = forks[(seat + 1) % SEATS] ?? left;
    const [first, second] = isOrdered && seat === SEATS - 1 ? [right, left] : [left, right];
    thread(`philosopher ${seat}`, function* () {
      first.lock() ?? (yield);
      second.lock() ?? (yield);
      meals.fetchAdd(1) ?? (yield);
      second.unlock() ?? (yield);
      first.unlock() ?? (yield);
    });
  }
  outcome(() => meals.value);
}

export default program('dining philosophers', (parts) => table(parts, false));

export const ordered = program('dining philosophers, ordered', (parts) => table(parts, true));
