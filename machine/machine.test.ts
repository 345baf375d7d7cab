import { describe, expect, it } from 'vitest';
import { LOCK, machineOf, prefer, start, X } from '../property-tests/rig.ts';
import * as op from './operation.ts';
import { type Scheduler, StopExecution } from './seam.ts';
import { type Code, Thread } from './thread.ts';

describe('a spinlock', () => {
  it('is held by one CPU, and whoever waits for it takes no steps', () => {
    const m = machineOf({});
    const holders: number[] = [];
    const code = function* (): Code<void> {
      m.cpu.pushOff();
      m.acquire(LOCK) ?? (yield);
      holders.push(m.words[LOCK] as number);
      m.store(X, 1) ?? (yield);
      holders.push(m.words[LOCK] as number);
      m.release(LOCK) ?? (yield);
    };
    start(m, code, code);
    expect(m.run(prefer('low', 100))).toBe('halted');
    expect(holders).toEqual([1, 1, 2, 2]);
    // START, acquire, store, release: nobody spun.
    expect(m.step).toBe(8);
  });

  it('that was released is free, and interrupts are as before it was taken', () => {
    const m = machineOf({});
    const seen: boolean[] = [];
    start(m, function* (): Code<void> {
      m.cpu.pushOff();
      m.acquire(LOCK) ?? (yield);
      seen.push(m.cpu.interruptsOn);
      m.release(LOCK) ?? (yield);
      seen.push(m.cpu.interruptsOn);
    });
    m.run(prefer('low'));
    expect(m.words[LOCK]).toBe(0);
    expect(seen).toEqual([false, true]);
  });

  it('tells its listeners who takes it and gives it back', () => {
    const m = machineOf({});
    const heard: string[] = [];
    m.onAcquire = (lock) => heard.push(`acquire ${lock}`);
    m.onRelease = (lock) => heard.push(`release ${lock}`);
    start(m, function* (): Code<void> {
      m.cpu.pushOff();
      m.acquire(LOCK) ?? (yield);
      m.release(LOCK) ?? (yield);
    });
    m.run(prefer('low'));
    expect(heard).toEqual([`acquire ${LOCK}`, `release ${LOCK}`]);
  });
});

describe('a lease', () => {
  it('is cut when a lock is released that somebody waits for', () => {
    const m = machineOf({});
    const asked: number[] = [];
    const code = function* (): Code<void> {
      m.cpu.pushOff();
      m.acquire(LOCK) ?? (yield);
      for (let i = 0; i < 5; i++) m.load(X) ?? (yield);
      m.release(LOCK) ?? (yield);
      for (let i = 0; i < 5; i++) m.load(X) ?? (yield);
    };
    start(m, code, code);
    const lanes: number[] = [];
    m.run({
      choose(point) {
        asked.push(point.step);
        // The other CPU announces its acquire, too, before the first takes the lock.
        const wanted = [0, 1, 0, 1][asked.length - 1] ?? 0;
        point.lease = asked.length <= 3 ? 1 : 100;
        const enabled = point.enabled.slice(0, point.enabledCount);
        const chosen = enabled.find((thread) => point.laneOf(thread) === wanted) as Thread;
        lanes.push(point.laneOf(chosen));
        return chosen;
      },
    });
    // Two STARTs, the acquire; then, unasked, the loads and the release that enables CPU 1.
    expect(asked.slice(0, 4)).toEqual([0, 1, 2, 9]);
    expect(lanes.slice(0, 4)).toEqual([0, 1, 0, 1]);
  });

  it('ends at the last step of an execution', () => {
    const m = machineOf({ stepsMax: 30 });
    const forever = function* (): Code<void> {
      for (;;) m.load(X) ?? (yield);
    };
    start(m, forever, forever);
    expect(m.run(prefer('low', 1e6))).toBe('steps');
    expect(m.step).toBe(30);
  });
});

describe('a context switch', () => {
  it('goes on with the other thread on the same CPU, and comes back where it was', () => {
    const m = machineOf({ cpus: 1 });
    const log: string[] = [];
    const reasons: number[] = [];
    m.onSwtch = (_from, _to, reason) => reasons.push(reason);
    start(m, function* (): Code<void> {
      log.push('a');
      m.do(op.SWTCH, 1, 7) ?? (yield);
      log.push('a again');
    });
    const other = new Thread(1, 't1');
    m.threads.push(other);
    other.begin(
      (function* (): Code<void> {
        log.push('b');
        m.do(op.SWTCH, 0, 8) ?? (yield);
        log.push('never');
      })(),
    );
    expect(m.run(prefer('low'))).toBe('halted');
    expect(log).toEqual(['a', 'b', 'a again']);
    expect(reasons).toEqual([7, 8]);
    expect(other.cpu).toBeNull();
  });

  it('cannot switch to a thread that runs on another CPU', () => {
    const m = machineOf({});
    const idle = function* (): Code<void> {
      m.load(X) ?? (yield);
    };
    start(
      m,
      function* (): Code<void> {
        m.do(op.SWTCH, 1) ?? (yield);
      },
      idle,
    );
    expect(() => m.run(prefer('low', 9))).toThrow('t1 is on CPU 1 already');
  });

  it('without its yield is named', () => {
    const m = machineOf({ cpus: 1 });
    start(m, function* (): Code<void> {
      m.do(op.SWTCH, 1);
      m.load(X) ?? (yield);
    });
    const other = new Thread(1, 't1');
    other.begin((function* (): Code<void> {})());
    m.threads.push(other);
    expect(() => m.run(prefer('low'))).toThrow('t0 went on without yielding: write "swtch(');
  });
});

describe('a set-up', () => {
  it('runs with no choice points, and time begins after it', () => {
    const m = machineOf({ tickInterval: 5 });
    const thread = new Thread(0, 'setup');
    m.drain(
      thread,
      (function* (): Code<void> {
        m.cpu.interruptsOn = true;
        for (let i = 0; i < 20; i++) m.do(op.FETCH_ADD, X, 1) ?? (yield);
        m.do(op.INTR_ON, 0) ?? (yield);
        m.load(X) ?? (yield);
      })(),
    );
    expect(m.words[X]).toBe(20);
    expect(m.step).toBe(0);
    expect(m.cpus[0]?.timerAt).toBe(5);
  });

  it('is not disturbed by who waited in the execution before', () => {
    const m = machineOf({});
    const locks = function* (): Code<void> {
      m.cpu.pushOff();
      m.acquire(LOCK) ?? (yield);
    };
    start(m, locks, locks);
    expect(m.run(prefer('low'))).toBe('blocked');
    m.memory.restore();
    m.reset();
    m.drain(
      new Thread(0, 'setup'),
      (function* (): Code<void> {
        m.cpu.pushOff();
        m.acquire(LOCK) ?? (yield);
        m.release(LOCK) ?? (yield);
        m.store(X, 3) ?? (yield);
      })(),
    );
    expect(m.words[X]).toBe(3);
  });

  it('cannot wait', () => {
    const m = machineOf({});
    m.words[LOCK] = 1;
    const code = (function* (): Code<void> {
      m.acquire(LOCK) ?? (yield);
    })();
    expect(() => m.drain(new Thread(0, 'setup'), code)).toThrow('set-up waits at acquire');
  });
});

describe('an execution', () => {
  it('ends as stopped when the scheduler has no more to say', () => {
    const m = machineOf({});
    const code = function* (): Code<void> {
      m.load(X) ?? (yield);
    };
    start(m, code, code);
    const stopping: Scheduler = {
      choose() {
        throw new StopExecution();
      },
    };
    expect(m.run(stopping)).toBe('stopped');
  });

  it('ends when the guest powers off, whoever else could go on', () => {
    const m = machineOf({});
    const off = function* (): Code<void> {
      m.do(op.HALT, 0) ?? (yield);
    };
    const forever = function* (): Code<void> {
      for (;;) m.load(X) ?? (yield);
    };
    start(m, off, forever);
    expect(m.run(prefer('low'))).toBe('halted');
    expect(m.step).toBe(2);
  });

  it('shows who ran last, and on which lane, to whoever chooses', () => {
    const m = machineOf({});
    const code = function* (): Code<void> {
      m.load(X) ?? (yield);
    };
    start(m, code, code);
    const seen: string[] = [];
    m.run({
      choose(point) {
        seen.push(`${point.previous?.name ?? 'nobody'} ${point.lane}`);
        return point.enabled[point.enabledCount - 1] as Thread;
      },
    });
    expect(seen).toEqual(['nobody -1', 't1 1']);
  });

  it('asks a scheduler that wants it where there is only one answer', () => {
    const m = machineOf({});
    const code = function* (): Code<void> {
      m.load(X) ?? (yield);
    };
    start(m, code, code);
    for (const asksAlways of [false, true]) {
      m.reset();
      m.threads.length = 0;
      start(m, code, code);
      const asked: number[] = [];
      m.run({
        asksAlways,
        choose(point) {
          asked.push(point.step);
          return point.enabled[0] as Thread;
        },
      });
      expect(asked).toEqual(asksAlways ? [0, 1, 2, 3] : [0, 1]);
    }
  });
});
