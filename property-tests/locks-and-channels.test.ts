import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BareProgram, type Parts } from '../machine/bare.ts';
import type { Code } from '../machine/index.ts';
import { Dpor } from '../scheduler/search/dpor.ts';
import { reported, silent } from './findings.ts';
import { enumerate } from './truth/enumerate.ts';
import { explore } from './truth/explored.ts';
import { type Model, model, type See } from './truth/model.ts';

/* Every part beside cells, mutexes, semaphores and conditions: traces, endings and what it orders. */

const DEEDS = [
  'look',
  'put',
  'try',
  'read',
  'write',
  'barrier',
  'send',
  'receive',
  'park',
  'unpark',
  'once',
  'start',
  'join',
] as const;

type Deed = (typeof DEEDS)[number];

const deeds = (most: number) => fc.array(fc.constantFrom(...DEEDS), { maxLength: most });

const programs = fc.oneof(
  fc.tuple(deeds(4), deeds(4), deeds(2)),
  fc.tuple(deeds(2), deeds(2), deeds(2), deeds(1)),
);

function made({
  cell,
  mutex,
  rwlock,
  barrier,
  channel,
  parker,
  once,
}: Omit<Parts, 'thread' | 'task'>) {
  return {
    x: cell('x'),
    m: mutex('m'),
    rw: rwlock('rw'),
    b: barrier('b', 2),
    c: channel('c', 1),
    p: parker('p'),
    o: once('o'),
  };
}

type Made = ReturnType<typeof made> & { readonly task: ReturnType<Parts['task']> };

function* perform(deed: Deed, made: Made, see: See, n: number): Code<void> {
  const { x, m, rw, b, c, p, o, task } = made;
  switch (deed) {
    case 'look':
      see('x', x.load() ?? (yield));
      break;
    case 'put':
      x.store(n) ?? (yield);
      break;
    case 'try': {
      const took = m.tryLock() ?? (yield);
      see('m', took);
      if (took === 1) m.unlock() ?? (yield);
      break;
    }
    case 'read':
      rw.readLock() ?? (yield);
      see('x', x.load() ?? (yield));
      rw.readUnlock() ?? (yield);
      break;
    case 'write':
      rw.writeLock() ?? (yield);
      rw.writeUnlock() ?? (yield);
      break;
    case 'barrier':
      see('b', b.wait() ?? (yield));
      break;
    case 'send':
      c.send(n) ?? (yield);
      break;
    case 'receive':
      see('c', c.receive() ?? (yield));
      break;
    case 'once': {
      const first = o.enter() ?? (yield);
      see('o', first);
      if (first === 1) o.leave() ?? (yield);
      break;
    }
    case 'start':
      if (n === 0) task.start() ?? (yield);
      break;
    case 'join':
      task.join() ?? (yield);
      break;
    default:
      p[deed]() ?? (yield);
  }
}

/** The last list of deeds is the task's; only the first thread starts it, and once. */
const built = (lists: readonly (readonly Deed[])[]): Model =>
  model((parts) => {
    const all = made(parts);
    const last = lists.length - 1;
    const run = function* (i: number, see: See): Code<void> {
      let started = 0;
      for (const deed of lists[i] as Deed[]) {
        yield* perform(deed, { ...all, task }, see, deed === 'start' ? i + started++ : i);
      }
    };
    const task = parts.task('task', (see) => run(last, see));
    for (let i = 0; i < last; i++) parts.thread(`t${i}`, (see) => run(i, see));
  });

function agrees(lists: readonly (readonly Deed[])[]): number {
  const truth = enumerate(built(lists));
  const dpor = new Dpor();
  const explored = explore(built(lists), dpor);
  expect([...explored.keys].sort()).toEqual([...truth.traces.keys()].sort());
  expect(explored.finals).toEqual(truth.finals);
  expect(explored.deadlocks).toEqual(truth.deadlocks);
  expect([dpor.traces, dpor.redundant]).toEqual([truth.traces.size, 0]);
  return truth.traces.size;
}

describe('locks, barriers, channels, parkers, onces and tasks', () => {
  it('have the traces that brute force finds, each once', () => {
    fc.assert(
      fc.property(programs, (lists) => {
        agrees(lists);
      }),
      { numRuns: 150 },
    );
  });

  const counts: readonly (readonly [number, string, Deed[][]])[] = [
    [4, 'two who try: one after the other, or one in vain', [['try'], ['try'], []]],
    [2, 'a reader and a writer', [['read'], ['write'], []]],
    [2, 'two who come to a barrier', [['barrier'], ['barrier'], []]],
    [1, 'a send and a receive', [['send'], ['receive'], []]],
    [2, 'two who do what is done once', [['once'], ['once'], []]],
    [3, 'three of them: who is first', [['once'], ['once'], ['once'], []]],
    [1, 'a task that is started and joined', [['start', 'join'], [], ['put']]],
  ];
  it.each(counts)('%i traces: %s', (count, _name, lists) => {
    expect(agrees(lists)).toBe(count);
  });

  it('a task that nobody starts is no deadlock, and one that is joined and not started is', () => {
    expect(endings([[], ['put']])).toEqual(new Set(['halted']));
    expect(endings([['join'], ['put']])).toEqual(new Set(['blocked']));
  });
});

function endings(lists: readonly (readonly Deed[])[]): Set<string> {
  const seen = new Set<string>();
  const { program } = built(lists);
  const dpor = new Dpor();
  do {
    dpor.begin(0, program.lanes.length);
    seen.add(program.run(dpor));
  } while (dpor.next());
  return seen;
}

/** One thread hands a plain cell over to another by some part. */
const handed =
  (give: (made: Made) => Code<void>, take: (made: Made) => Code<void>): ((parts: Parts) => void) =>
  (parts) => {
    const data = parts.cell('data');
    const all = { ...made(parts), task: undefined as never };
    parts.thread('giver', function* () {
      data.store(7) ?? (yield);
      yield* give(all);
    });
    parts.thread('taker', function* () {
      yield* take(all);
      data.load() ?? (yield);
    });
  };

describe('orders', () => {
  it.each<[string, (made: Made) => Code<void>, (made: Made) => Code<void>]>([
    [
      'who sends before who receives',
      function* ({ c }) {
        c.send(1) ?? (yield);
      },
      function* ({ c }) {
        c.receive() ?? (yield);
      },
    ],
    [
      'who unparks before who parks',
      function* ({ p }) {
        p.unpark() ?? (yield);
      },
      function* ({ p }) {
        p.park() ?? (yield);
      },
    ],
    [
      'all who come to a barrier before all who go on',
      function* ({ b }) {
        b.wait() ?? (yield);
      },
      function* ({ b }) {
        b.wait() ?? (yield);
      },
    ],
  ])('%s', (_name, give, take) => {
    silent(handed(give, take));
  });

  it('readers before writers and writers before readers', () => {
    silent(({ cell, rwlock, thread }) => {
      const [data, rw] = [cell('data'), rwlock('rw')];
      for (const name of ['r1', 'r2']) {
        thread(name, function* () {
          rw.readLock() ?? (yield);
          data.load() ?? (yield);
          rw.readUnlock() ?? (yield);
        });
      }
      thread('w', function* () {
        rw.writeLock() ?? (yield);
        data.store(1) ?? (yield);
        rw.writeUnlock() ?? (yield);
      });
    });
  });

  it('no reader before another', () => {
    reported(
      ({ cell, rwlock, thread }) => {
        const [data, rw] = [cell('data'), rwlock('rw')];
        for (const name of ['r1', 'r2']) {
          thread(name, function* () {
            rw.readLock() ?? (yield);
            data.store(1) ?? (yield);
            rw.readUnlock() ?? (yield);
          });
        }
      },
      'race',
      ['data race on data'],
    );
  });

  it('a starter before the task, and the task before who joins it', () => {
    silent(({ cell, task, thread }) => {
      const data = cell('data');
      const t = task('t', function* () {
        const v = data.load() ?? (yield);
        data.store(v + 1) ?? (yield);
      });
      thread('main', function* () {
        data.store(1) ?? (yield);
        t.start() ?? (yield);
        t.join() ?? (yield);
        data.load() ?? (yield);
      });
    });
  });

  it('who tries a lock and gets it after who had it, and nobody who does not', () => {
    silent(({ cell, mutex, thread }) => {
      const [data, m] = [cell('data'), mutex('m')];
      for (const name of ['a', 'b']) {
        thread(name, function* () {
          if ((m.tryLock() ?? (yield)) === 0) return;
          const v = data.load() ?? (yield);
          data.store(v + 1) ?? (yield);
          m.unlock() ?? (yield);
        });
      }
    });
  });

  it('who does something once before all who find it done', () => {
    silent(({ cell, once, thread }) => {
      const [data, o] = [cell('data'), once('o')];
      for (const name of ['a', 'b', 'c']) {
        thread(name, function* () {
          if ((o.enter() ?? (yield)) === 1) {
            data.store(1) ?? (yield);
            o.leave() ?? (yield);
          }
          data.load() ?? (yield);
        });
      }
    });
  });
});

describe('a finding names', () => {
  it('who waits for a lock that a reader never lets go', () => {
    reported(
      ({ rwlock, thread }) => {
        const rw = rwlock('rw');
        thread('r', function* () {
          rw.readLock() ?? (yield);
        });
        thread('w', function* () {
          rw.writeLock() ?? (yield);
          rw.writeUnlock() ?? (yield);
          rw.readLock() ?? (yield);
          rw.writeLock() ?? (yield);
        });
      },
      'deadlock',
      ['w waits for rw'],
    );
  });
});

describe('a mistake in its use', () => {
  it.each<[string, RegExp, (parts: Parts) => () => Code<void>]>([
    [
      'ends to read what nobody reads',
      /t ends to read rw, but no thread reads it/,
      ({ rwlock }) => {
        const rw = rwlock('rw');
        return function* () {
          rw.readUnlock() ?? (yield);
        };
      },
    ],
    [
      'starts a task twice',
      /t starts job, but it was started before/,
      ({ task }) => {
        const job = task('job', function* () {});
        return function* () {
          job.start() ?? (yield);
          job.start() ?? (yield);
        };
      },
    ],
    [
      'sends what is no whole number',
      /t sends c 1.5, which is not a whole number/,
      ({ channel }) => {
        const c = channel('c', 1);
        return function* () {
          c.send(1.5) ?? (yield);
        };
      },
    ],
  ])('is told: who %s', (_name, message, build) => {
    const program = new BareProgram((parts) => parts.thread('t', build(parts)));
    const dpor = new Dpor();
    dpor.begin(0, program.lanes.length);
    expect(() => program.run(dpor)).toThrow(message);
  });

  it('a barrier for nobody, and a channel without places, are refused', () => {
    const make = (build: (parts: Parts) => void) => () => new BareProgram(build);
    expect(make(({ barrier }) => barrier('b', 0))).toThrow('b has 1 to 64 of them, not 0');
    expect(make(({ channel }) => channel('c', 0))).toThrow('c has 1 to 1024 of them, not 0');
  });
});
