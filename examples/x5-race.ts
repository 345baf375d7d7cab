/**
 * The race on x = 5: one thread adds 1, the other doubles, each with a load and a store. Four values
 * can come of it: 12 and 11, one after the other, and 6 and 10, where one loses what the other stored.
 * With a mutex, only 11 and 12.
 *
 *     xv6-replay explore examples/x5-race.ts
 *     xv6-replay explore examples/x5-race.ts#locked
 */
import { program } from 'xv6-replay';

export default program('x = 5', ({ cell, thread, outcome, check }) => {
  const x = cell('x', 5);
  thread('add', function* () {
    const v = x.load() ?? (yield);
    x.store(v + 1) ?? (yield);
  });
  thread('double', function* () {
    const v = x.load() ?? (yield);
    x.store(v * 2) ?? (yield);
  });
  outcome(() => x.value);
  check(() => x.value >= 11 || `an update was lost: x is ${x.value}`);
});

export const locked = program('x = 5, locked', ({ cell, mutex, thread, outcome, check }) => {
  const x = cell('x', 5);
  const m = mutex('m');
  thread('add', function* () {
    m.lock() ?? (yield);
    const v = x.load() ?? (yield);
    x.store(v + 1) ?? (yield);
    m.unlock() ?? (yield);
  });
  thread('double', function* () {
    m.lock() ?? (yield);
    const v = x.load() ?? (yield);
    x.store(v * 2) ?? (yield);
    m.unlock() ?? (yield);
  });
  outcome(() => x.value);
  check(() => x.value >= 11 || `an update was lost: x is ${x.value}`);
});
