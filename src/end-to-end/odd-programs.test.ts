import { describe, expect, it } from 'vitest';
import type { Cell, Mutex } from '../../machine/bare-parts.ts';
import { UsageError } from '../errors.ts';
import { type ProgramOptions, type ProgramParts, program } from '../subject/bare-subject.ts';
import { explore } from '../verbs/explore.ts';
import { replay } from '../verbs/replay.ts';
import { run } from '../verbs/run.ts';

/* What TypeScript would have refused, too: a program may be JavaScript. */

const any = (value: unknown): never => value as never;

/** One thread with this code over cell x; its value is the outcome. */
const over = (code: (x: Cell) => Generator<void, void, number>, options?: ProgramOptions) =>
  program(
    'p',
    ({ cell, thread, outcome }) => {
      const x = cell('x', 1);
      thread('a', () => code(x));
      outcome(() => x.value);
    },
    options,
  );

/** A thread that does nothing. */
const idle = function* (): Generator<void, void, number> {};

/** One line that says this, from `program` or else from both `run` and `explore`. */
function expectRefused(make: () => ReturnType<typeof program>, words: string): void {
  for (const use of [run, explore]) {
    try {
      use(make());
      expect.fail(`not refused: ${words}`);
    } catch (error) {
      expect(error, String(error)).toBeInstanceOf(UsageError);
      expect((error as Error).message).toMatch(/^p: [^\n]*$/);
      expect((error as Error).message).toContain(words);
    }
  }
}

describe('a cell', () => {
  it.each([
    [-1, -1],
    [2 ** 31, -(2 ** 31)],
    [0xffff_ffff, -1],
    [2 ** 32 + 5, 5],
  ])('that %d is stored in holds %d', (value, held) => {
    const storing = over(function* (x) {
      x.store(value) ?? (yield);
    });
    expect(run(storing).outcome).toBe(held);
    const comparing = over(function* (x) {
      x.store(value) ?? (yield);
      x.compareExchange(value, 7) ?? (yield);
    });
    expect(run(comparing).outcome).toBe(7);
  });

  it.each([1.5, Number.NaN, Number.POSITIVE_INFINITY, '3', undefined, null, true, 10n, {}])(
    'does not take %o',
    (value) => {
      const words = `a gives x ${String(value)}, which is not a whole number`;
      const v = any(value);
      for (const give of [
        (x: Cell) => x.store(v),
        (x: Cell) => x.fetchAdd(v),
        (x: Cell) => x.exchange(v),
        (x: Cell) => x.compareExchange(v, 0),
        (x: Cell) => x.compareExchange(0, v),
      ]) {
        const giving = () =>
          over(function* (x) {
            give(x) ?? (yield);
          });
        expectRefused(giving, words);
      }
    },
  );

  it.each([2 ** 31, 1.5, Number.NaN, '3', null, 10n])('does not begin with %o', (initial) => {
    const make = () => program('p', ({ cell }) => void cell('x', any(initial)));
    expectRefused(make, `x starts with ${String(initial)}, which is not a 32-bit integer`);
  });
});

describe('a thread that looks at a part without an operation', () => {
  it.each<[string, (parts: ProgramParts) => () => unknown]>([
    ['x.value', ({ cell }) => member(cell('x'), 'value')],
    ['x.value', ({ atomic }) => member(atomic('x'), 'value')],
    ['x.value', ({ semaphore }) => member(semaphore('x'), 'value')],
    ['x.locked', ({ mutex }) => member(mutex('x'), 'locked')],
    ['x.length', ({ channel }) => member(channel('x', 1), 'length')],
  ])('is refused, for no search tries the orders of %s', (what, look) => {
    const looking = () =>
      program('p', (parts) => {
        const seen = look(parts);
        parts.thread('a', function* () {
          seen();
        });
      });
    expectRefused(looking, `a looks at ${what}, which is no operation`);
  });
});

/** Reads a member when called, not before. */
function member<P extends object>(part: P, name: keyof P): () => unknown {
  return () => part[name];
}

describe('a part of another program', () => {
  function parts(): { x: Cell; m: Mutex } {
    let made: { x: Cell; m: Mutex } | undefined;
    const other = program('other', ({ cell, mutex, thread }) => {
      made = { x: cell('x'), m: mutex('m') };
      thread('a', idle);
    });
    // It may have run, and then its machine is in a state.
    run(other);
    return made as never;
  }

  it('is not for threads of this one', () => {
    const { x, m } = parts();
    const storing = (use: () => number | undefined) => () =>
      over(function* () {
        use() ?? (yield);
      });
    expectRefused(
      storing(() => x.store(1)),
      'store() called outside a running thread',
    );
    expectRefused(
      storing(() => m.lock()),
      'lock() called outside a running thread',
    );
  });

  it.each([
    ['a mutex of another', () => parts().m],
    ['a cell', () => parts().x],
    ['nothing', () => undefined],
  ])('%s is no mutex to wait with', (_, given) => {
    const make = () =>
      program('p', ({ condition, thread }) => {
        const c = condition('c');
        thread('a', function* () {
          c.wait(any(given())) ?? (yield);
        });
      });
    expectRefused(make, 'c waits with a mutex of the same program');
  });
});

describe('names', () => {
  it.each(['', 'a\nb', 5, undefined, null, Symbol('s'), {}])('are no %o', (name) => {
    const words = 'a name is a text of one line';
    expectRefused(() => program('p', ({ cell }) => void cell(any(name))), words);
    expectRefused(() => program('p', ({ thread }) => thread(any(name), idle)), words);
    expect(() => program(any(name), ({ thread }) => thread('a', idle))).toThrow(words);
  });

  it.each(['a.b', 'a b', '#', '0', '__proto__', 'constructor', 'é'])('may be %s', (name) => {
    const racing = program(name, ({ cell, thread }) => {
      const x = cell(`${name}.x`);
      for (const who of [name, `${name}2`]) {
        thread(who, function* () {
          x.store(1) ?? (yield);
        });
      }
    });
    const { finding, trace } = run(racing, { record: true });
    expect(finding?.title).toMatch(`data race on ${name}.x: `);
    expect(replay(trace, { subject: racing }).complete).toBe(true);
  });
});

describe('a thread', () => {
  it.each([
    ['a plain function', () => 1],
    ['one that answers a list', () => [1]],
    ['one that throws', () => expect.fail('early')],
    ['an async function', async () => Promise.reject(new Error('late'))],
    ['an async generator', async function* () {}],
    ['a generator that was called already', idle()],
    ['nothing', undefined],
  ])('is not %s', (_, code) => {
    const words = 'thread a is not a generator: write function*';
    expectRefused(() => program('p', ({ thread }) => thread('a', any(code))), words);
  });

  it('may have nothing to do, and there may be 16 of them', () => {
    const many = program('many', ({ cell, thread, outcome }) => {
      const x = cell('x');
      for (let i = 0; i < 16; i++) thread(`t${i}`, idle);
      outcome(() => x.value);
    });
    expect(explore(many)).toMatchObject({ complete: true, traces: 1, discoveries: [] });
  });

  it('may do 10,000 operations', () => {
    const long = program('long', ({ cell, thread }) => {
      for (const name of ['a', 'b']) {
        const own = cell(`${name}.own`);
        thread(name, function* () {
          for (let i = 0; i < 10_000; i++) own.fetchAdd(1) ?? (yield);
        });
      }
    });
    expect(explore(long)).toMatchObject({ complete: true, traces: 1, operations: 20_002 });
  });
});

describe('a description', () => {
  it.each<[string, string, (parts: ProgramParts) => unknown]>([
    ['that is async', 'its description is async', async ({ thread }) => thread('a', idle)],
    ['with two outcomes', 'a program has one outcome', ({ outcome }) => [idle, idle].map(outcome)],
    ['with two checks', 'a program has one check', ({ check }) => [idle, idle].map(check)],
    ['whose outcome is a value', 'outcome takes a function', ({ outcome }) => outcome(any(5))],
    ['whose check is missing', 'check takes a function', ({ check }) => check(any(undefined))],
    [
      'that stores',
      'operations are allowed only inside thread()',
      ({ cell }) => cell('x').store(1),
    ],
    ['that looks', 'operations are allowed only inside thread()', ({ cell }) => cell('x').value],
  ])('%s is refused', (_, words, build) => {
    expectRefused(() => program('p', any(build)), words);
  });

  it.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, '100', null])(
    'has no step limit of %o',
    (stepsMax) => {
      expectRefused(() => over(idle, { stepsMax: any(stepsMax) }), 'stepsMax is a whole number');
    },
  );

  it.each([
    ['check', 'detectors is a list of names'],
    [null, 'detectors is a list of names'],
    [[5], 'detectors is a list of names'],
    [['chekc'], 'no detector chekc; did you mean check?'],
  ])('is not watched by %o', (detectors, words) => {
    expectRefused(() => over(idle, { detectors: any(detectors) }), words);
  });

  it('that nobody watches is replayed, too', () => {
    const alone = over(idle, { detectors: [] });
    expect(replay(run(alone, { record: true }).trace, { subject: alone }).complete).toBe(true);
  });
});

describe('an outcome', () => {
  const told = (value: unknown) =>
    program('p', ({ thread, outcome }) => {
      thread('a', idle);
      outcome(() => value);
    });

  it.each([
    [Number.NaN, 'NaN'],
    [Number.NEGATIVE_INFINITY, '-Infinity'],
    [10n, '10'],
    [undefined, 'undefined'],
    [null, 'null'],
    [{ a: [1] }, '{"a":[1]}'],
  ])('of %o is %s', (value, text) => {
    expect(run(told(value)).outcome).toBe(text);
    expect(explore(told(value)).outcomes).toMatchObject([{ value: text }]);
  });

  it('that cannot be told, or that nobody waits for, is refused', () => {
    const round: { self?: unknown } = {};
    round.self = round;
    const cannot = 'the outcome cannot be told: ';
    expect(() => run(told(round))).toThrow(`${cannot}Converting circular structure`);
    expect(() => run(told(Promise.reject(new Error('late'))))).toThrow(`${cannot}it is async`);
  });
});

describe('a check', () => {
  const checked = (holds: () => unknown) =>
    program('p', ({ thread, check }) => {
      thread('a', idle);
      check(holds);
    });

  it.each([
    [false, 'the check answers false'],
    [null, 'the check answers null'],
    [0, 'the check answers 0'],
    ['', "the check answers ''"],
    ['x is 1\nnot 2', 'x is 1'],
  ])('that answers %o finds: %s', (answer, title) => {
    expect(run(checked(() => answer)).finding?.title).toBe(title);
  });

  it.each([
    [new Error('first\nsecond'), 'first'],
    [undefined, 'undefined'],
    [Object.create(null), 'an object'],
  ])('that throws %o finds: %s', (thrown, title) => {
    const throwing = checked(() => {
      throw thrown;
    });
    expect(run(throwing).finding?.title).toBe(title);
  });

  it('that nobody waits for is refused', () => {
    const late = checked(async () => Promise.reject(new Error('late')));
    expect(() => run(late)).toThrow(UsageError);
    expect(() => run(late)).toThrow('the check is async');
  });
});

it.each(['shmtest', undefined, null, {}, [], () => 1])('%o is nothing to run', (what) => {
  for (const use of [run, explore]) expect(() => use(any(what))).toThrow(UsageError);
});

it.each([
  { seed: 1.5 },
  { seed: any('1') },
  { seed: 2 ** 53 },
  { schedules: -1 },
  { schedules: Number.NaN },
  { preemptions: -1 },
  { preemptions: 1.5 },
])('explore does not take %o', (options) => {
  const two = program('p', ({ thread }) => {
    for (const name of ['a', 'b']) thread(name, idle);
  });
  const strategy = 'seed' in options ? 'random' : 'dpor';
  expect(() => explore(two, { strategy, ...options })).toThrow(UsageError);
  if ('seed' in options) expect(() => run(two, options)).toThrow(UsageError);
});
