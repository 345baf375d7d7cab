import { describe, expect, test } from 'vitest';
import { inKernel, onEveryMachine, Situation } from '../property-tests/executions.ts';
import {
  fork,
  O_RDWR,
  shm_map,
  shm_open,
  shm_trunc,
  sleep,
  uptime,
  waitStatus,
} from '../user/ulib.ts';
import { YIELD } from './events.ts';
import type { Kernel } from './kernel.ts';
import type { Proc } from './proc.ts';
import { RUNNABLE, RUNNING } from './proc.ts';
import { sched, sleep as sleepOn } from './sched.ts';
import { acquire } from './spinlock.ts';

describe('sched panics', () => {
  const withProcess = (prepare: (k: Kernel, p: Proc) => Generator<void, unknown, number>) => () =>
    inKernel(function* (k) {
      const p = k.ptable.procs[1];
      if (p === undefined) return;
      yield* prepare(k, p);
      yield* sched(k, p, YIELD);
    });

  test('without p->lock', () => {
    expect(withProcess(function* () {})).toThrow('sched p->lock');
  });

  test('with another lock as well', () => {
    const both = withProcess(function* (k, p) {
      acquire(k, k.kmem.lock) ?? (yield);
      acquire(k, p.lock) ?? (yield);
    });
    expect(both).toThrow('sched locks');
  });

  test('with a process that is still RUNNING', () => {
    const running = withProcess(function* (k, p) {
      acquire(k, p.lock) ?? (yield);
      k.m.words[p.state] = RUNNING;
    });
    expect(running).toThrow('sched RUNNING');
  });

  test('with interrupts on', () => {
    const interruptible = withProcess(function* (k, p) {
      acquire(k, p.lock) ?? (yield);
      k.m.words[p.state] = RUNNABLE;
      k.m.cpu.interruptsOn = true;
    });
    expect(interruptible).toThrow('sched interruptible');
  });
});

test('what is no process cannot sleep', () => {
  expect(() => inKernel((k) => sleepOn(k, k.clock.ticks, k.clock.lock))).toThrow(
    expect.objectContaining({ name: 'KernelPanic', message: 'sleep', pid: 0 }),
  );
});

test('a sleep lasts at least its ticks, also when all other processes sleep', () => {
  onEveryMachine(function* (u) {
    for (const ticks of [0, 1, 5, 100]) {
      const before = uptime(u) ?? (yield);
      expect(sleep(u, ticks) ?? (yield)).toBe(0);
      const after = uptime(u) ?? (yield);
      expect(after - before).toBeGreaterThanOrEqual(ticks);
    }
    expect(sleep(u, -5) ?? (yield)).toBe(0);
  });
});

test('sleepers wake in the order of their ticks, without a timer too', () => {
  for (const tickInterval of [0, 200]) {
    onEveryMachine(
      function* (u) {
        for (const ticks of [30, 10, 20]) {
          if ((fork(u) ?? (yield)) !== 0) continue;
          sleep(u, ticks) ?? (yield);
          return ticks;
        }
        const order: number[] = [];
        for (let i = 0; i < 3; i++) order.push((yield* waitStatus(u)).status);
        expect(order).toEqual([10, 20, 30]);
        return 0;
      },
      undefined,
      { tickInterval },
    );
  }
});

test('processes that wait for each other in turn all make progress, with fewer CPUs than processes', () => {
  onEveryMachine(function* (u) {
    yield* shm_open(u, 'turn');
    shm_trunc(u, 0, 4) ?? (yield);
    const turn = yield* shm_map(u, 0, O_RDWR);
    for (let i = 0; i < 3; i++) {
      if ((fork(u) ?? (yield)) !== 0) continue;
      for (let round = 0; round < 3; round++) {
        // The timer takes the CPU from whoever spins here.
        for (;;) {
          const value = u.load(turn) ?? (yield);
          if (value === 3 * round + i) break;
        }
        u.fetchAdd(turn, 1) ?? (yield);
      }
      return 0;
    }
    for (let i = 0; i < 3; i++) expect((yield* waitStatus(u)).status).toBe(0);
    return (u.load(turn) ?? (yield)) === 9 ? 0 : 1;
  });
});

test('each CPU runs processes, and a process changes CPUs', () => {
  const situation = new Situation({}, [['shmtest', 'a', '4096', '4']], {
    ncpu: 4,
    tickInterval: 50,
  });
  const ran = new Map<number, Set<number>>();
  const { kernel } = situation;
  kernel.m.onSwtch = (_from, to) => {
    const cpus = ran.get(to.id) ?? new Set();
    ran.set(to.id, cpus.add(kernel.m.cpu.id));
  };
  situation.execute('random', 1);
  const processes = [...ran].filter(([id]) => id >= 4).map(([, cpus]) => cpus);
  expect(new Set(processes.flatMap((cpus) => [...cpus])).size).toBe(4);
  expect(processes.some((cpus) => cpus.size > 1)).toBe(true);
});
