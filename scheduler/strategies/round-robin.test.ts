import { describe, expect, it } from 'vitest';
import { BareProgram } from '../../machine/bare.ts';
import { ticking } from '../../property-tests/ticking.ts';
import { SwitchLog } from '../switch-log.ts';
import { QUANTUM_MAX, RoundRobin } from './round-robin.ts';

/** Three threads that never wait. */
const free = new BareProgram(({ cell, thread }) => {
  const x = cell('x');
  for (let i = 0; i < 3; i++) {
    thread(`t${i}`, function* () {
      for (let n = 0; n < 100; n++) x.fetchAdd(1) ?? (yield);
    });
  }
});

function switches(seed: number): SwitchLog {
  const log = new SwitchLog();
  free.machine.onSwitch = (step, lane) => log.push(step, lane);
  const strategy = new RoundRobin();
  strategy.begin(seed, 3);
  free.run(strategy);
  return log;
}

describe('round-robin', () => {
  it('takes turns in the order of lanes', () => {
    const { lanes } = switches(1);
    // While all three run; at the end they stop one by one.
    expect(lanes.slice(0, 30)).toEqual(Array.from({ length: 30 }, (_, i) => i % 3));
  });

  it('gives turns of every length from 1 to 15 steps', () => {
    const lengths = new Set<number>();
    for (let seed = 0; seed < 20; seed++) {
      const { steps } = switches(seed);
      for (let i = 1; i < 30; i++) lengths.add((steps[i] as number) - (steps[i - 1] as number));
    }
    expect([...lengths].sort((a, b) => a - b)).toEqual(
      Array.from({ length: QUANTUM_MAX }, (_, i) => i + 1),
    );
  });

  it('gives a timer that is due its turn, and then goes on with the CPUs', () => {
    const log = new SwitchLog();
    const strategy = new RoundRobin();
    strategy.begin(1, 4);
    const { log: told, steps } = ticking(2, strategy, (step, lane) => log.push(step, lane));
    const interrupts = told.filter((line) => line.includes('interrupts')).length;
    const timerTurns = log.lanes.filter((lane) => lane >= 2).length;
    expect(timerTurns).toBe(interrupts);
    expect(interrupts).toBeGreaterThan(2);
    // Each timer waits for its interval: there are at most so many.
    expect(interrupts).toBeLessThanOrEqual(2 * Math.ceil(steps / 9));
  });

  it('goes on with the same turn when somebody else becomes able to step', () => {
    const program = new BareProgram(({ semaphore, cell, thread }) => {
      const [s, x] = [semaphore('s'), cell('x')];
      thread('poster', function* () {
        for (let n = 0; n < 40; n++) s.post() ?? (yield);
      });
      thread('waiter', function* () {
        for (let n = 0; n < 40; n++) {
          s.wait() ?? (yield);
          x.load() ?? (yield);
        }
      });
    });
    const gaps: number[] = [];
    let last = 0;
    program.machine.onSwitch = (step) => {
      gaps.push(step - last);
      last = step;
    };
    const strategy = new RoundRobin();
    strategy.begin(2, 2);
    program.run(strategy);
    // Were each post to end the poster's turn, most gaps would be 1 or 2.
    expect(Math.max(...gaps)).toBeGreaterThan(8);
  });
});
