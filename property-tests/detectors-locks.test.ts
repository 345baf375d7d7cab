import { describe, test } from 'vitest';
import type { Mutex } from '../machine/bare-parts.ts';
import type { Code } from '../machine/index.ts';
import { reported, silent } from './findings.ts';

/** Takes locks in this order and lets them go. */
function taking(...locks: readonly Mutex[]): () => Code<void> {
  return function* () {
    for (const lock of locks) lock.lock() ?? (yield);
    for (const lock of locks) lock.unlock() ?? (yield);
  };
}

describe('locks in an order', () => {
  test('two threads that agree, let go in any order', () => {
    silent(({ mutex, thread }) => {
      const [a, b, c] = [mutex('a'), mutex('b'), mutex('c')];
      thread('t', taking(a, b, c));
      thread('u', taking(a, c));
      thread('v', taking(b, c));
    });
  });

  test('one after the other is no order', () => {
    silent(({ mutex, thread }) => {
      const [a, b] = [mutex('a'), mutex('b')];
      const apart = (...locks: readonly Mutex[]) =>
        function* (): Code<void> {
          for (const lock of locks) {
            lock.lock() ?? (yield);
            lock.unlock() ?? (yield);
          }
        };
      thread('t', apart(a, b));
      thread('u', apart(b, a));
    });
  });

  test('a lock taken again after a wait for a condition', () => {
    silent(({ mutex, condition, cell, thread }) => {
      const [a, b, c, ready] = [mutex('a'), mutex('b'), condition('c'), cell('ready')];
      thread('t', function* () {
        a.lock() ?? (yield);
        while ((ready.load() ?? (yield)) === 0) c.wait(a) ?? (yield);
        b.lock() ?? (yield);
        b.unlock() ?? (yield);
        a.unlock() ?? (yield);
      });
      thread('u', function* () {
        b.lock() ?? (yield);
        b.unlock() ?? (yield);
        a.lock() ?? (yield);
        ready.store(1) ?? (yield);
        c.signal() ?? (yield);
        a.unlock() ?? (yield);
      });
    });
  });
});

describe('locks in a circle', () => {
  test('of two, though a semaphore keeps the threads apart', () => {
    reported(
      ({ mutex, semaphore, thread }) => {
        const [a, b, turn] = [mutex('a'), mutex('b'), semaphore('turn')];
        thread('t', function* () {
          yield* taking(a, b)();
          turn.post() ?? (yield);
        });
        thread('u', function* () {
          turn.wait() ?? (yield);
          yield* taking(b, a)();
        });
      },
      'lock-order',
      ['b', 'a', 't takes', 'u takes'],
    );
  });

  test('of three, one thread after the other', () => {
    reported(
      ({ mutex, semaphore, thread }) => {
        const locks = [mutex('a'), mutex('b'), mutex('c')] as const;
        const turns = [semaphore('t0', 1), semaphore('t1'), semaphore('t2'), semaphore('t3')];
        for (let i = 0; i < 3; i++) {
          thread(`t${i}.`, function* () {
            turns[i]?.wait() ?? (yield);
            yield* taking(locks[i] as Mutex, locks[(i + 1) % 3] as Mutex)();
            turns[i + 1]?.post() ?? (yield);
          });
        }
      },
      'lock-order',
      ['locks in a circle', 'a', 'b', 'c'],
    );
  });

  test('of two whose names differ by a number', () => {
    reported(
      ({ mutex, semaphore, thread }) => {
        const [a, b, turn] = [mutex('account[0]'), mutex('account[1]'), semaphore('turn')];
        thread('t', function* () {
          yield* taking(a, b)();
          turn.post() ?? (yield);
        });
        thread('u', function* () {
          turn.wait() ?? (yield);
          yield* taking(b, a)();
        });
      },
      'lock-order',
      ['locks in a circle', 'account[0]', 'account[1]'],
    );
  });

  test('of two, one of them with a gate and one without', () => {
    reported(
      ({ mutex, semaphore, thread }) => {
        const [gate, a, b, turn] = [mutex('g'), mutex('a'), mutex('b'), semaphore('turn')];
        thread('t', function* () {
          yield* taking(gate, a, b)();
          turn.post() ?? (yield);
        });
        thread('u', function* () {
          turn.wait() ?? (yield);
          yield* taking(b, a)();
        });
      },
      'lock-order',
      ['locks in a circle', 'a', 'b'],
    );
  });
});

describe('no circle that can close', () => {
  test('a third lock is held around both orders', () => {
    silent(({ mutex, thread }) => {
      const [gate, a, b] = [mutex('g'), mutex('a'), mutex('b')];
      thread('t', taking(gate, a, b));
      thread('u', taking(gate, b, a));
    });
  });

  test('one thread takes both orders', () => {
    silent(({ mutex, thread }) => {
      const [a, b] = [mutex('a'), mutex('b')];
      thread('t', function* () {
        yield* taking(a, b)();
        yield* taking(b, a)();
      });
      thread('u', taking(a));
    });
  });

  test('all take locks of one class in one order', () => {
    silent(({ mutex, thread }) => {
      const [a, b] = [mutex('account[0]'), mutex('account[1]')];
      thread('t', taking(a, b));
      thread('u', taking(a, b));
    });
  });
});

describe('a deadlock', () => {
  test('one thread takes a lock twice', () => {
    reported(
      ({ mutex, thread }) => {
        const a = mutex('a');
        thread('t', function* () {
          a.lock() ?? (yield);
          a.lock() ?? (yield);
        });
        thread('u', taking());
      },
      'deadlock',
      ['t waits for a, which it holds'],
    );
  });

  test('the holder has ended', () => {
    reported(
      ({ mutex, semaphore, thread }) => {
        const [a, go] = [mutex('a'), semaphore('go')];
        thread('t', function* () {
          a.lock() ?? (yield);
          go.post() ?? (yield);
        });
        thread('u', function* () {
          go.wait() ?? (yield);
          a.lock() ?? (yield);
        });
      },
      'deadlock',
      ['a', 'u waits for a', 't'],
    );
  });

  test('nobody posts', () => {
    reported(
      ({ semaphore, thread }) => {
        const s = semaphore('s', 1);
        for (const name of ['t', 'u']) {
          thread(name, function* () {
            s.wait() ?? (yield);
          });
        }
      },
      'deadlock',
      ['waits for s'],
    );
  });
});

describe('no deadlock', () => {
  test('a thread waits long for a lock, for a post and for a signal', () => {
    silent(({ mutex, semaphore, thread }) => {
      const [a, s] = [mutex('a'), semaphore('s')];
      thread('t', function* () {
        a.lock() ?? (yield);
        s.wait() ?? (yield);
        a.unlock() ?? (yield);
      });
      thread('u', function* () {
        s.post() ?? (yield);
        yield* taking(a)();
      });
      thread('v', taking(a));
    });
  });

  test('philosophers, one of whom is left-handed', () => {
    silent(({ mutex, thread }) => {
      const forks = [mutex('x'), mutex('y'), mutex('z')] as const;
      thread('p', taking(forks[0], forks[1]));
      thread('q', taking(forks[1], forks[2]));
      thread('r', taking(forks[0], forks[2]));
    });
  });

  test('a chain of waiters that ends at one who goes on', () => {
    silent(({ mutex, thread }) => {
      const [a, b, c] = [mutex('a'), mutex('b'), mutex('c')];
      thread('t', taking(a, b));
      thread('u', taking(b, c));
      thread('v', taking(c));
    });
  });
});

describe('release by who does not hold it', () => {
  test('twice', () => {
    reported(
      ({ mutex, thread }) => {
        const a = mutex('a');
        thread('t', function* () {
          yield* taking(a)();
          a.unlock() ?? (yield);
        });
      },
      'panic',
      ['t unlocks a, but no thread holds it'],
    );
  });

  test('by another', () => {
    reported(
      ({ mutex, semaphore, thread }) => {
        const [a, go] = [mutex('a'), semaphore('go')];
        thread('t', function* () {
          a.lock() ?? (yield);
          go.post() ?? (yield);
        });
        thread('u', function* () {
          go.wait() ?? (yield);
          a.unlock() ?? (yield);
        });
      },
      'panic',
      ['u unlocks a, but t holds it'],
    );
  });

  test('by a wait for a condition', () => {
    reported(
      ({ mutex, condition, thread }) => {
        const [a, c] = [mutex('a'), condition('c')];
        thread('t', function* () {
          c.wait(a) ?? (yield);
        });
      },
      'panic',
      ['t unlocks a, but no thread holds it'],
    );
  });
});
