import { describe, test } from 'vitest';
import type { Parts } from '../machine/bare.ts';
import { reported, reportedIn, silent } from './findings.ts';

/** Who waits for a flag, and who sets it. */
function handshake(how: 'right' | 'unlocked signal' | 'unlocked check'): (parts: Parts) => void {
  return ({ cell, mutex, condition, thread }) => {
    const [ready, m, c] = [cell('ready'), mutex('m'), condition('c')];
    thread('sleeper', function* () {
      if (how === 'unlocked check') {
        const seen = ready.fetchAdd(0) ?? (yield);
        m.lock() ?? (yield);
        if (seen === 0) c.wait(m) ?? (yield);
      } else {
        m.lock() ?? (yield);
        while ((ready.fetchAdd(0) ?? (yield)) === 0) c.wait(m) ?? (yield);
      }
      m.unlock() ?? (yield);
    });
    thread('waker', function* () {
      if (how !== 'unlocked signal') m.lock() ?? (yield);
      ready.fetchAdd(1) ?? (yield);
      c.signal() ?? (yield);
      if (how !== 'unlocked signal') m.unlock() ?? (yield);
    });
  };
}

describe('a lost wakeup', () => {
  test('the flag is set and signalled without the lock', () => {
    const words = ['sleeper waits for c', 'waker signalled c at step'];
    reported(handshake('unlocked signal'), 'lost-wakeup', words);
  });

  test('the flag is checked before the lock is taken', () => {
    const words = ['sleeper waits for c', 'waker signalled c at step'];
    reported(handshake('unlocked check'), 'lost-wakeup', words);
  });

  test('a kernel whose sleep lets the lock go first', () => {
    const said = /lost wakeup: pid \d+ is about to sleep on .*\n.*lets \S+ go.*\n.*wakes/;
    reportedIn('exit-wait', 'sleep-releases-first', 'lost-wakeup', said);
  });

  test('a kernel that wakes the parent before the child is a zombie', () => {
    const said = /its child pid \d+ is a zombie\n.*too early/;
    reportedIn('fork-close', 'exit-wakes-early', 'lost-wakeup', said);
  });
});

describe('no lost wakeup', () => {
  test('both sides hold the lock', () => {
    silent(handshake('right'));
  });

  test('a wakeup that nobody waits for, before the check', () => {
    silent(({ mutex, condition, cell, thread }) => {
      const [m, c, ready] = [mutex('m'), condition('c'), cell('ready')];
      thread('waker', function* () {
        m.lock() ?? (yield);
        ready.store(1) ?? (yield);
        m.unlock() ?? (yield);
        // After the lock: still in time, since the flag is set.
        c.broadcast() ?? (yield);
        c.broadcast() ?? (yield);
      });
      thread('sleeper', function* () {
        m.lock() ?? (yield);
        while ((ready.load() ?? (yield)) === 0) c.wait(m) ?? (yield);
        m.unlock() ?? (yield);
      });
    });
  });

  test('a semaphore keeps what was posted before the wait', () => {
    silent(({ semaphore, thread }) => {
      const s = semaphore('s');
      thread('waker', function* () {
        s.post() ?? (yield);
      });
      thread('sleeper', function* () {
        s.wait() ?? (yield);
      });
    });
  });
});

describe('a livelock', () => {
  const STEPS = 12_000;

  test('two threads that give way to each other for ever', () => {
    reported(
      ({ cell, thread }) => {
        const wants = [cell('wants a'), cell('wants b')] as const;
        for (const i of [0, 1] as const) {
          thread(`t${i}`, function* () {
            for (;;) {
              wants[i].exchange(1) ?? (yield);
              wants[(1 - i) as 0 | 1].exchange(1) ?? (yield);
              wants[i].exchange(0) ?? (yield);
            }
          });
        }
      },
      'livelock',
      ['t0', 't1', 'wants'],
      STEPS,
    );
  });

  test('a spin on a flag that nobody sets', () => {
    reported(
      ({ cell, thread }) => {
        const flag = cell('flag');
        thread('spinner', function* () {
          while ((flag.load() ?? (yield)) === 0);
        });
      },
      'livelock',
      ['spinner', 'flag'],
      STEPS,
    );
  });

  test('a try-lock whose holder has ended', () => {
    reported(
      ({ cell, thread }) => {
        const lock = cell('lock');
        thread('gone', function* () {
          lock.exchange(1) ?? (yield);
        });
        thread('spinner', function* () {
          while ((lock.exchange(1) ?? (yield)) !== 0);
          for (;;) lock.exchange(1) ?? (yield);
        });
      },
      'livelock',
      ['spinner', 'lock'],
      STEPS,
    );
  });
});

describe('no livelock', () => {
  test('a count that goes on is only endless', () => {
    reported(
      ({ cell, thread }) => {
        const x = cell('x');
        thread('t', function* () {
          for (let i = 0; ; i++) x.store(i) ?? (yield);
        });
      },
      'endless',
      ['endless run'],
      12_000,
    );
  });

  test('a spin that ends', () => {
    silent(({ cell, thread }) => {
      const flag = cell('flag');
      thread('spinner', function* () {
        while ((flag.fetchAdd(0) ?? (yield)) === 0);
      });
      thread('t', function* () {
        for (let i = 0; i < 100; i++) flag.fetchAdd(0) ?? (yield);
        flag.fetchAdd(1) ?? (yield);
      });
    });
  });

  test('a thread that stands aside for a moment, again and again', () => {
    silent(({ cell, thread }) => {
      const lock = cell('lock');
      for (const name of ['t', 'u', 'v']) {
        thread(name, function* () {
          for (let i = 0; i < 20; i++) {
            while ((lock.compareExchange(0, 1) ?? (yield)) !== 0);
            lock.exchange(0) ?? (yield);
          }
        });
      }
    });
  });
});
