import { describe, test } from 'vitest';
import type { Parts } from '../machine/bare.ts';
import type { Code } from '../machine/index.ts';
import { reported, silent } from './findings.ts';

describe('no race', () => {
  test('a flag that is looked at again under the lock, the first look marked', () => {
    silent(({ cell, mutex, thread }) => {
      const [ready, value, m] = [cell('ready'), cell('value'), mutex('m')];
      const once = function* (): Code<void> {
        if ((ready.machine.loadMarked(ready.at) ?? (yield)) === 0) {
          m.lock() ?? (yield);
          if ((ready.load() ?? (yield)) === 0) {
            value.store(7) ?? (yield);
            ready.store(1) ?? (yield);
          }
          m.unlock() ?? (yield);
        }
      };
      thread('a', once);
      thread('b', once);
    });
  });

  test('a buffer that is handed over through a queue under a lock', () => {
    silent(({ cell, mutex, semaphore, thread }) => {
      const [buffer, queue, m, items] = [cell('buffer'), cell('queue'), mutex('m'), semaphore('i')];
      thread('producer', function* () {
        buffer.store(7) ?? (yield);
        m.lock() ?? (yield);
        queue.store(1) ?? (yield);
        m.unlock() ?? (yield);
        items.post() ?? (yield);
      });
      thread('consumer', function* () {
        items.wait() ?? (yield);
        m.lock() ?? (yield);
        queue.store(0) ?? (yield);
        m.unlock() ?? (yield);
        // Its own now: no lock.
        const v = buffer.load() ?? (yield);
        buffer.store(v + 1) ?? (yield);
      });
    });
  });

  test('a count of references that is only touched by atomic instructions', () => {
    silent(({ cell, thread }) => {
      const [refs, object] = [cell('refs', 2), cell('object')];
      const put = function* (): Code<void> {
        if ((refs.fetchAdd(-1) ?? (yield)) === 1) object.store(1) ?? (yield);
      };
      thread('a', put);
      thread('b', put);
    });
  });

  test('readers share what was written before they were signalled', () => {
    silent(({ cell, mutex, condition, thread }) => {
      const [data, ready] = [cell('data'), cell('ready')];
      const [m, c] = [mutex('m'), condition('c')];
      thread('writer', function* () {
        data.store(7) ?? (yield);
        m.lock() ?? (yield);
        ready.store(1) ?? (yield);
        c.broadcast() ?? (yield);
        m.unlock() ?? (yield);
      });
      for (const name of ['r1', 'r2']) {
        thread(name, function* () {
          m.lock() ?? (yield);
          while ((ready.load() ?? (yield)) === 0) c.wait(m) ?? (yield);
          m.unlock() ?? (yield);
          data.load() ?? (yield);
        });
      }
    });
  });
});

/** Two threads with the code of each. */
function two(
  a: (p: Parts) => () => Code,
  b: (p: Parts) => () => Code<void>,
): (parts: Parts) => void {
  return (parts) => {
    const [first, second] = [a(parts), b(parts)];
    parts.thread('a', first);
    parts.thread('b', second);
  };
}

describe('a race', () => {
  test('two increments without a lock', () => {
    reported(
      ({ cell, thread }) => {
        const x = cell('x');
        for (const name of ['a', 'b']) {
          thread(name, function* () {
            const v = x.load() ?? (yield);
            x.store(v + 1) ?? (yield);
          });
        }
      },
      'race',
      ['data race on x', 'a', 'b'],
    );
  });

  test('a lock each, but not the same', () => {
    let word: ReturnType<Parts['cell']>;
    reported(
      two(
        ({ cell, mutex }) => {
          word = cell('word');
          const m = mutex('m');
          return function* () {
            m.lock() ?? (yield);
            word.store(1) ?? (yield);
            m.unlock() ?? (yield);
          };
        },
        ({ mutex }) => {
          const m = mutex('n');
          return function* () {
            m.lock() ?? (yield);
            word.load() ?? (yield);
            m.unlock() ?? (yield);
          };
        },
      ),
      'race',
      ['data race on word', 'store', 'load'],
    );
  });

  test('a message announced by a plain flag', () => {
    let flag: ReturnType<Parts['cell']>;
    reported(
      two(
        ({ cell }) => {
          flag = cell('flag');
          return function* () {
            flag.store(1) ?? (yield);
          };
        },
        () =>
          function* () {
            while ((flag.load() ?? (yield)) === 0);
          },
      ),
      'race',
      ['data race on flag'],
    );
  });

  test('a plain load of what others change atomically', () => {
    reported(
      ({ cell, thread }) => {
        const count = cell('count');
        thread('a', function* () {
          count.fetchAdd(1) ?? (yield);
        });
        thread('b', function* () {
          count.load() ?? (yield);
        });
      },
      'race',
      ['data race on count', 'a', 'b'],
    );
  });

  test('one of three readers is not ordered with the store', () => {
    reported(
      ({ cell, mutex, thread }) => {
        const [x, m] = [cell('x'), mutex('m')];
        for (const name of ['r1', 'r2', 'w']) {
          thread(name, function* () {
            m.lock() ?? (yield);
            if (name === 'w') x.store(1) ?? (yield);
            else x.load() ?? (yield);
            m.unlock() ?? (yield);
          });
        }
        thread('stray', function* () {
          x.load() ?? (yield);
        });
      },
      'race',
      ['data race on x', 'stray', 'w'],
    );
  });
});
