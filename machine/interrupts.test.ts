import { describe, expect, it } from 'vitest';
import { machineOf, prefer, start, X } from '../property-tests/rig.ts';
import type { Machine } from './machine.ts';
import { TAKES } from './operands.ts';
import * as op from './operation.ts';
import { CAUSE_ECALL, CAUSE_TIMER, type ChoicePoint } from './seam.ts';
import type { Code, Thread } from './thread.ts';

/** The last thread that could step, a timer if there is one; or the first. */
function at({ enabled, enabledCount }: ChoicePoint, last: boolean): Thread {
  return enabled[last ? enabledCount - 1 : 0] as Thread;
}

describe('a timer', () => {
  const loads = (m: Machine, count: number) =>
    function* (): Code<void> {
      for (let i = 0; i < count; i++) m.load(X) ?? (yield);
    };

  it('interrupts where interrupts are on, and the interrupted operation follows', () => {
    const m = machineOf({ cpus: 1, tickInterval: 5 });
    const trapped: number[] = [];
    m.trapVector = (_thread, cause) => {
      trapped.push(m.step, cause);
      return (function* (): Code<void> {
        m.do(op.FETCH_ADD, X, 1) ?? (yield);
      })();
    };
    start(m, loads(m, 12));
    expect(m.run(prefer('high'))).toBe('halted');
    // Due after 5 operations, and again 5 after the one that it takes itself.
    expect(trapped).toEqual([6, CAUSE_TIMER, 12, CAUSE_TIMER]);
    expect(m.words[X]).toBe(2);
    // START, 12 loads, 2 interrupts, 2 fetchAdds.
    expect(m.step).toBe(17);
  });

  it('has a lane of its own, behind the CPUs', () => {
    const m = machineOf({ cpus: 2, tickInterval: 5 });
    m.trapVector = () => (function* (): Code<void> {})();
    const switches: string[] = [];
    m.onSwitch = (step, lane) => switches.push(`${step}:${lane}`);
    start(m, loads(m, 6));
    m.run(prefer('high'));
    expect(switches).toEqual(['0:0', '5:2', '6:0']);
  });

  it('waits until interrupts are on again', () => {
    const m = machineOf({ cpus: 1, tickInterval: 4 });
    const trapped: number[] = [];
    m.trapVector = () => {
      trapped.push(m.step);
      return (function* (): Code<void> {})();
    };
    start(m, function* (): Code<void> {
      m.do(op.INTR_OFF, 0) ?? (yield);
      for (let i = 0; i < 8; i++) m.load(X) ?? (yield);
      m.do(op.INTR_ON, 0) ?? (yield);
      m.load(X) ?? (yield);
    });
    // A lease of any length: switching interrupts on cuts it.
    m.run(prefer('high', 100));
    expect(trapped).toEqual([12]);
  });

  it('is not offered while the handler of another trap runs', () => {
    const m = machineOf({ cpus: 1, tickInterval: 3 });
    let depth = 0;
    m.trapVector = (thread) => {
      depth = Math.max(depth, thread.depth);
      return loads(m, 10)();
    };
    start(m, loads(m, 20));
    m.run(prefer('high'));
    expect(depth).toBe(1);
  });

  it('that comes when it is chosen may come at any operation, so many times', () => {
    const trappedAt = (isChosen: (step: number) => boolean): readonly number[] => {
      const m = machineOf({ cpus: 1, ticks: 2 });
      const trapped: number[] = [];
      m.trapVector = () => {
        trapped.push(m.step);
        return (function* (): Code<void> {})();
      };
      start(m, loads(m, 5));
      m.run({ asksAlways: true, choose: (point) => at(point, isChosen(point.step)) });
      return trapped;
    };
    expect(trappedAt((step) => step === 3 || step === 5)).toEqual([4, 6]);
    expect(trappedAt(() => true)).toEqual([1, 2]);
  });

  it('of CPU 0 makes time pass when all that is left is to wait for it', () => {
    const m = machineOf({ cpus: 1, tickInterval: 1_000_000, stepsMax: 100 });
    let ticks = 0;
    m.trapVector = () => {
      ticks++;
      m.timeWaiters--;
      return (function* (): Code<void> {})();
    };
    start(m, function* (): Code<void> {
      m.timeWaiters++;
      m.do(op.INTR_OFF, 0) ?? (yield);
      m.do(op.WFI, 0) ?? (yield);
      m.do(op.INTR_ON, 0) ?? (yield);
      m.load(X) ?? (yield);
    });
    expect(m.run(prefer('high'))).toBe('halted');
    expect(ticks).toBe(1);
    expect(m.step).toBeLessThan(10);
  });

  it('that woke a CPU from wfi with interrupts on is taken next', () => {
    const m = machineOf({ cpus: 1, tickInterval: 50 });
    let at = 0;
    m.trapVector = () => {
      at = m.step;
      return (function* (): Code<void> {})();
    };
    start(m, function* (): Code<void> {
      m.timeWaiters++;
      m.do(op.WFI, 0) ?? (yield);
      m.timeWaiters--;
      for (let i = 0; i < 9; i++) m.load(X) ?? (yield);
    });
    m.run(prefer('high', 100));
    expect(at).toBe(3);
  });
});

describe('wfi', () => {
  it('waits until a process is runnable', () => {
    const m = machineOf({});
    const log: string[] = [];
    start(
      m,
      function* (): Code<void> {
        m.do(op.WFI, 0) ?? (yield);
        log.push('woken');
      },
      function* (): Code<void> {
        m.load(X) ?? (yield);
        log.push('runnable');
        m.changeRunLine(1, m.current);
        m.load(X) ?? (yield);
      },
    );
    expect(m.run(prefer('low', 100))).toBe('halted');
    expect(log).toEqual(['runnable', 'woken']);
  });

  it('that takes a thread takes the next in turn that is ready', () => {
    const m = machineOf({ cpus: 4 });
    const taken: number[] = [];
    start(
      m,
      function* (): Code<void> {
        for (const from of [2, 3, 0]) taken.push(m.do(op.WFI, TAKES, from) ?? (yield));
      },
      function* (): Code<void> {
        for (const id of [1, 3, 2]) m.changeRunLine(1, m.threads[id] as Thread);
        m.load(X) ?? (yield);
      },
      function* (): Code<void> {},
      function* (): Code<void> {},
    );
    m.run(prefer('high', 100));
    expect(taken).toEqual([2, 3, 1]);
    expect(m.runLine).toBe(0);
  });

  it('blocks for ever when nothing can become runnable', () => {
    const m = machineOf({ tickInterval: 10 });
    const idle = function* (): Code<void> {
      m.do(op.INTR_OFF, 0) ?? (yield);
      m.do(op.WFI, 0) ?? (yield);
    };
    start(m, idle, idle);
    expect(m.run(prefer('low'))).toBe('blocked');
  });
});

describe('a system call', () => {
  const call = (m: Machine) =>
    function* (): Code<number> {
      return (m.load(X) ?? (yield)) + 1;
    };

  it('answers what its handler returns, with interrupts on again', () => {
    const m = machineOf({});
    const seen: unknown[] = [];
    m.words[X] = 9;
    m.trapVector = (_thread, cause) => {
      seen.push(cause, m.cpu.interruptsOn);
      return call(m)();
    };
    const code = function* (): Code<void> {
      seen.push(m.do(op.ECALL, 0) ?? (yield), m.cpu.interruptsOn);
    };
    start(m, code);
    m.run(prefer('low'));
    expect(seen).toEqual([CAUSE_ECALL, false, 10, true]);
  });

  it('without its yield is named', () => {
    const m = machineOf({ cpus: 1 });
    m.trapVector = () => call(m)();
    start(m, function* (): Code<void> {
      m.do(op.ECALL, 0);
      m.load(X) ?? (yield);
    });
    expect(() => m.run(prefer('low'))).toThrow('t0 went on without yielding: write "ecall(');
  });
});
