import { describe, expect, it } from 'vitest';
import { BareProgram, type Parts } from './bare.ts';
import { ProgramError } from './program-error.ts';
import type { ChoicePoint, Scheduler } from './seam.ts';
import type { Thread } from './thread.ts';

/** Lets the lanes listed step one by one, whenever they can; afterwards the first enabled one. */
function follow(...lanes: number[]): Scheduler {
  const left = [...lanes];
  return {
    choose(point: ChoicePoint): Thread {
      const enabled = point.enabled.slice(0, point.enabledCount);
      const wanted = left.shift();
      const found = enabled.find((thread) => point.laneOf(thread) === wanted);
      if (wanted !== undefined && found === undefined) throw new Error(`lane ${wanted} must wait`);
      return found ?? (enabled[0] as Thread);
    },
  };
}

/** Each thread runs as long as it can. */
const inOrder: Scheduler = {
  choose(point) {
    point.lease = 1000;
    return point.enabled[0] as Thread;
  },
};

function race(): { program: BareProgram; x: { readonly value: number } } {
  let x: ReturnType<Parts['cell']> | undefined;
  const program = new BareProgram(({ cell, thread }) => {
    const c = cell('x', 5);
    x = c;
    thread('add', function* () {
      const v = c.load() ?? (yield);
      c.store(v + 1) ?? (yield);
    });
    thread('double', function* () {
      const v = c.load() ?? (yield);
      c.store(v * 2) ?? (yield);
    });
  });
  return { program, x: x as { readonly value: number } };
}

describe('cells', () => {
  // The first two choices start the threads.
  const outcomes = [
    { order: [0, 1, 0, 0, 1, 1], x: 12 },
    { order: [0, 1, 1, 1, 0, 0], x: 11 },
    { order: [0, 1, 0, 1, 0, 1], x: 10 },
    { order: [0, 1, 0, 1, 1, 0], x: 6 },
  ];
  for (const { order, x } of outcomes) {
    it(`have ${x} after the race of +1 and *2 in the order ${order.slice(2).join(' ')}`, () => {
      const { program, x: cell } = race();
      expect(program.run(follow(...order))).toBe('halted');
      expect(cell.value).toBe(x);
    });
  }

  it('read, modify and write in one step, and answer the value before', () => {
    const answers: number[] = [];
    const program = new BareProgram(({ cell, thread }) => {
      const x = cell('x', 1);
      thread('t', function* () {
        answers.push(x.fetchAdd(2) ?? (yield));
        answers.push(x.exchange(7) ?? (yield));
        answers.push(x.compareExchange(6, 0) ?? (yield));
        answers.push(x.compareExchange(7, 8) ?? (yield));
        answers.push(x.load() ?? (yield));
      });
    });
    program.run(inOrder);
    expect(answers).toEqual([1, 3, 7, 7, 8]);
    // START and the five.
    expect(program.machine.step).toBe(6);
  });

  it('wrap around at 32 bits', () => {
    let value = 0;
    const program = new BareProgram(({ cell, thread }) => {
      const x = cell('x', 0x7fff_ffff);
      thread('t', function* () {
        x.fetchAdd(1) ?? (yield);
        value = x.load() ?? (yield);
      });
    });
    program.run(inOrder);
    expect(value).toBe(-0x8000_0000);
  });

  it('start every execution with their initial values, digest included', () => {
    const { program, x } = race();
    program.run(inOrder);
    const first = program.digest();
    expect(x.value).toBe(12);
    program.reset();
    expect(x.value).toBe(5);
    program.run(inOrder);
    expect(program.digest()).toBe(first);
  });
});

describe('a mutex', () => {
  const counter = (build: (parts: Parts) => void) => new BareProgram(build);

  it('lets one thread in at a time', () => {
    const inside: string[] = [];
    const program = counter(({ mutex, cell, thread }) => {
      const m = mutex('m');
      const x = cell('x');
      for (const name of ['a', 'b']) {
        thread(name, function* () {
          m.lock() ?? (yield);
          inside.push(`${name}+`);
          x.fetchAdd(1) ?? (yield);
          inside.push(`${name}-`);
          m.unlock() ?? (yield);
        });
      }
    });
    // Both start, both announce lock; a takes it, so b cannot be chosen.
    expect(program.run(follow(0, 1, 0))).toBe('halted');
    expect(inside).toEqual(['a+', 'a-', 'b+', 'b-']);
  });

  it('that was released is free', () => {
    let m: ReturnType<Parts['mutex']> | undefined;
    const program = counter(({ mutex, thread }) => {
      const mine = mutex('m');
      m = mine;
      thread('a', function* () {
        mine.lock() ?? (yield);
        mine.unlock() ?? (yield);
      });
    });
    program.run(inOrder);
    expect(m?.locked).toBe(false);
  });

  it('taken in two orders blocks, and the program says who waits where', () => {
    const program = counter(({ mutex, thread }) => {
      const a = mutex('a');
      const b = mutex('b');
      for (const [name, first, second] of [
        ['ab', a, b],
        ['ba', b, a],
      ] as const) {
        thread(name, function* () {
          first.lock() ?? (yield);
          second.lock() ?? (yield);
          second.unlock() ?? (yield);
          first.unlock() ?? (yield);
        });
      }
    });
    expect(program.run(follow(0, 1, 0, 1))).toBe('blocked');
    expect(program.blocked()).toEqual([
      { thread: 'ab', operation: 'lock(b)' },
      { thread: 'ba', operation: 'lock(a)' },
    ]);
    expect(program.run(inOrder)).toBe('halted');
    expect(program.blocked()).toEqual([]);
  });

  it('locked twice by one thread blocks it', () => {
    const program = counter(({ mutex, thread }) => {
      const m = mutex('m');
      thread('a', function* () {
        m.lock() ?? (yield);
        m.lock() ?? (yield);
      });
    });
    expect(program.run(inOrder)).toBe('blocked');
  });

  it('may be unlocked by its holder only', () => {
    const program = counter(({ mutex, thread }) => {
      const m = mutex('m');
      thread('holder', function* () {
        m.lock() ?? (yield);
      });
      thread('thief', function* () {
        m.unlock() ?? (yield);
      });
    });
    expect(() => program.run(inOrder)).toThrow(
      new ProgramError('thief unlocks m, but holder holds it'),
    );
    expect(() => program.run(follow(1, 1))).toThrow('thief unlocks m, but no thread holds it');
  });
});

describe('a semaphore', () => {
  it('lets as many through as its count, and one more for each post', () => {
    const through: string[] = [];
    const program = new BareProgram(({ semaphore, thread }) => {
      const s = semaphore('s', 2);
      for (const name of ['a', 'b', 'c']) {
        thread(name, function* () {
          s.wait() ?? (yield);
          through.push(name);
        });
      }
      thread('poster', function* () {
        through.push('post');
        s.post() ?? (yield);
      });
    });
    expect(program.run(inOrder)).toBe('halted');
    expect(through).toEqual(['a', 'b', 'post', 'c']);
  });

  it('that nobody posts blocks', () => {
    const program = new BareProgram(({ semaphore, thread }) => {
      const s = semaphore('s');
      thread('a', function* () {
        s.wait() ?? (yield);
      });
    });
    expect(program.run(inOrder)).toBe('blocked');
    expect(program.blocked()).toEqual([{ thread: 'a', operation: 'wait(s)' }]);
  });

  it('cannot start below 0', () => {
    const build = ({ semaphore }: Parts): void => void semaphore('s', -1);
    expect(() => new BareProgram(build)).toThrow('semaphore s starts with -1');
  });
});

describe('a condition variable', () => {
  /** Threads a, b and c wait; `waker` runs last and does what it is told. */
  function waiters(wake: 'signal' | 'broadcast'): { program: BareProgram; woken: string[] } {
    const woken: string[] = [];
    const program = new BareProgram(({ mutex, condition, thread }) => {
      const m = mutex('m');
      const c = condition('c');
      for (const name of ['a', 'b', 'c1']) {
        thread(name, function* () {
          m.lock() ?? (yield);
          c.wait(m) ?? (yield);
          woken.push(name);
          m.unlock() ?? (yield);
        });
      }
      thread('waker', function* () {
        c[wake]() ?? (yield);
      });
    });
    return { program, woken };
  }

  it('wakes the thread that waits longest', () => {
    const { program, woken } = waiters('signal');
    // b waits before a and c.
    expect(program.run(follow(0, 1, 2, 3, 1, 1, 0, 0, 2, 2, 3))).toBe('blocked');
    expect(woken).toEqual(['b']);
    expect(program.blocked()).toEqual([
      { thread: 'a', operation: 'condWake(c)' },
      { thread: 'c1', operation: 'condWake(c)' },
    ]);
  });

  it('wakes everybody with a broadcast', () => {
    const { program, woken } = waiters('broadcast');
    expect(program.run(inOrder)).toBe('halted');
    expect(woken.sort()).toEqual(['a', 'b', 'c1']);
  });

  it('does not remember a signal that came too early', () => {
    const { program, woken } = waiters('broadcast');
    expect(program.run(follow(3, 3))).toBe('blocked');
    expect(woken).toEqual([]);
  });

  it('gives the mutex back in the same step as it starts to wait', () => {
    const steps: number[] = [];
    const program = new BareProgram(({ mutex, condition, thread }) => {
      const m = mutex('m');
      const c = condition('c');
      thread('a', function* () {
        m.lock() ?? (yield);
        c.wait(m) ?? (yield);
        m.unlock() ?? (yield);
      });
      thread('b', function* () {
        m.lock() ?? (yield);
        steps.push(program.machine.step);
        c.signal() ?? (yield);
        m.unlock() ?? (yield);
      });
    });
    expect(program.run(follow(0, 1, 0))).toBe('halted');
    // START START lock wait, then b's lock is the fifth.
    expect(steps).toEqual([5]);
  });

  it('is waited at with its mutex held, or not at all', () => {
    const program = new BareProgram(({ mutex, condition, thread }) => {
      const m = mutex('m');
      const c = condition('c');
      thread('a', function* () {
        c.wait(m) ?? (yield);
      });
    });
    expect(() => program.run(inOrder)).toThrow('a unlocks m, but no thread holds it');
  });
});

describe('a missing yield', () => {
  /** Runs threads of this code under a scheduler that always switches. */
  function switching(code: (parts: Parts) => () => Generator<void, void, number>): () => unknown {
    const program = new BareProgram((parts) => {
      const body = code(parts);
      parts.thread('a', body);
      parts.thread('b', body);
    });
    return () => program.run(follow(0, 1, 0, 1));
  }

  it('is named where the thread goes on with another operation', () => {
    const run = switching(({ cell }) => {
      const x = cell('x');
      return function* () {
        x.store(1);
        x.load() ?? (yield);
      };
    });
    expect(run).toThrow(
      new ProgramError('a went on without yielding: write "store(...) ?? (yield)"'),
    );
  });

  it('is named where the thread ends', () => {
    const run = switching(({ cell }) => {
      const x = cell('x');
      return function* () {
        x.fetchAdd(1);
      };
    });
    expect(run).toThrow('write "fetchAdd(...) ?? (yield)"');
  });

  it('is named for a wait, though the lease goes on', () => {
    const program = new BareProgram(({ cell, mutex, condition, thread }) => {
      const [x, m, c] = [cell('x'), mutex('m'), condition('c')];
      thread('a', function* () {
        m.lock() ?? (yield);
        c.wait(m);
        x.store(1) ?? (yield);
      });
      thread('b', function* () {
        x.load() ?? (yield);
      });
    });
    expect(() => program.run(inOrder)).toThrow('a went on without yielding: write "condWait(');
  });

  it('is told from a yield too many', () => {
    const run = switching(() => {
      return function* () {
        yield;
      };
    });
    expect(run).toThrow(new ProgramError('a yields without an operation'));
  });
});

describe('a bare program', () => {
  it('ends when its steps are used up', () => {
    const build = ({ cell, thread }: Parts): void => {
      const x = cell('x');
      thread('a', function* () {
        for (;;) x.fetchAdd(1) ?? (yield);
      });
    };
    const program = new BareProgram(build, { stepsMax: 50 });
    expect(program.run(inOrder)).toBe('steps');
    expect(program.machine.step).toBe(50);
  });

  it('can run again after a thread has thrown', () => {
    let fails = true;
    let runs = 0;
    const program = new BareProgram(({ cell, thread }) => {
      const x = cell('x');
      thread('a', function* () {
        x.store(1) ?? (yield);
        if (fails) throw new Error('oops');
        runs++;
      });
    });
    expect(() => program.run(inOrder)).toThrow('oops');
    fails = false;
    expect(program.run(inOrder)).toBe('halted');
    expect(runs).toBe(1);
  });

  it('asks the scheduler only where there is a choice', () => {
    let questions = 0;
    const program = new BareProgram(({ cell, thread }) => {
      const x = cell('x');
      thread('a', function* () {
        for (let i = 0; i < 20; i++) x.load() ?? (yield);
      });
    });
    program.run({
      choose(point) {
        questions++;
        return point.enabled[0] as Thread;
      },
    });
    expect(questions).toBe(0);
  });

  it('refuses two parts of one name', () => {
    const twice = ({ cell, mutex }: Parts): void => {
      cell('x');
      mutex('x');
    };
    expect(() => new BareProgram(twice)).toThrow('two parts of the program are called x');
  });

  it('refuses an initial value that a cell cannot hold', () => {
    expect(() => new BareProgram(({ cell }) => void cell('x', 2 ** 31))).toThrow(ProgramError);
    expect(() => new BareProgram(({ cell }) => void cell('x', 0.5))).toThrow(ProgramError);
  });

  it('has 1 to 64 threads', () => {
    const threads = (count: number) => () =>
      new BareProgram(({ thread }) => {
        for (let i = 0; i < count; i++) thread(`t${i}`, function* () {});
      });
    expect(threads(0)).toThrow('not 0');
    expect(threads(64)).not.toThrow();
    expect(threads(65)).toThrow('not 65');
  });
});
