import { describe, expect, it } from 'vitest';
import { BareProgram } from '../../machine/bare.ts';
import { lockedCounter, philosophers, type Told } from '../../property-tests/bare-programs.ts';
import { ReplayDivergence } from '../divergence.ts';
import { SwitchLog } from '../switch-log.ts';
import { RandomWalk } from './random.ts';
import { Replay, type ReplayWords } from './replay.ts';

function recorded(told: Told, seed: number): SwitchLog {
  const { machine } = told.program;
  const log = new SwitchLog();
  machine.onSwitch = (step, lane) => log.push(step, lane);
  const strategy = new RandomWalk();
  strategy.begin(seed, told.lanes);
  told.run(strategy);
  machine.onSwitch = null;
  return log;
}

/** Two threads that load and store; a record for them can be written by hand. */
function twoThreads(operations: number): BareProgram {
  return new BareProgram(({ cell, mutex, thread }) => {
    const [x, m] = [cell('x'), mutex('m')];
    thread('a', function* () {
      m.lock() ?? (yield);
      for (let i = 0; i < operations; i++) x.store(i) ?? (yield);
      m.unlock() ?? (yield);
    });
    thread('b', function* () {
      m.lock() ?? (yield);
      m.unlock() ?? (yield);
    });
  });
}

/** Replays a record of [step, lane] pairs; answers what went wrong. */
function divergence(
  program: BareProgram,
  switches: readonly (readonly [number, number])[],
): string {
  const log = new SwitchLog();
  for (const [step, lane] of switches) log.push(step, lane);
  const words: ReplayWords = { nameOf: (address) => program.machine.layout.nameOf(address) };
  const replay = new Replay(log, words);
  replay.begin(0, 2);
  try {
    program.run(replay);
    replay.finish(program.machine.step);
  } catch (error) {
    expect(error).toBeInstanceOf(ReplayDivergence);
    return (error as Error).message;
  }
  return 'none';
}

describe('replay', () => {
  // START, lock, two stores, unlock of a, then the three operations of b.
  it('accepts the record of the very execution', () => {
    expect(
      divergence(twoThreads(2), [
        [0, 0],
        [5, 1],
      ]),
    ).toBe('none');
  });

  it('says who should have gone on, and who can', () => {
    // b starts, then a takes the lock, and b is to go on although it must wait.
    const switches = [
      [0, 1],
      [1, 0],
      [3, 1],
    ] as const;
    expect(divergence(twoThreads(2), switches)).toBe(
      'step 3: the trace expects a switch to cpu 1, the machine has cpu 0 at store(x)',
    );
  });

  it('says where the machine passes control and the trace does not', () => {
    expect(divergence(twoThreads(2), [[0, 0]])).toBe(
      'step 5: the trace expects cpu 0 to go on, the machine has cpu 1 at start',
    );
  });

  it('says when the record switches to a lane that has ended, or never was', () => {
    const program = new BareProgram(({ cell, thread }) => {
      const x = cell('x');
      thread('a', function* () {
        for (let i = 0; i < 4; i++) x.store(i) ?? (yield);
      });
    });
    expect(
      divergence(program, [
        [0, 0],
        [2, 1],
      ]),
    ).toBe('step 2: the trace expects a switch to cpu 1, the machine has cpu 0 at store(x)');
  });

  it('says when a record begins too late', () => {
    expect(divergence(twoThreads(2), [[1, 0]])).toBe(
      'step 0: the trace expects no thread to step yet, the machine has cpu 0 at start',
    );
  });

  it('says when the execution is over before the trace', () => {
    expect(
      divergence(twoThreads(2), [
        [0, 0],
        [5, 1],
        [100, 0],
      ]),
    ).toBe('step 8: the trace expects a switch to cpu 0 at step 100, the machine has ended');
  });

  it('names timers and lanes as it is told to', () => {
    const log = new SwitchLog();
    log.push(0, 3);
    const message = (words: ReplayWords): string => {
      const replay = new Replay(log, words);
      replay.begin(0, 2);
      try {
        twoThreads(1).run(replay);
      } catch (error) {
        return (error as Error).message;
      }
      return 'none';
    };
    expect(message({ cpus: 2 })).toContain('a switch to timer of cpu 1');
    expect(message({ laneName: (lane) => `thread ${lane}` })).toContain('a switch to thread 3');
  });

  it('notices another program, or says nothing because it does the same', () => {
    let noticed = 0;
    for (let seed = 0; seed < 50; seed++) {
      const log = recorded(lockedCounter(3, 5), seed);
      const replay = new Replay(log);
      replay.begin(0, 3);
      const other = lockedCounter(3, 4);
      try {
        other.run(replay);
        replay.finish(other.program.machine.step);
      } catch (error) {
        expect(error).toBeInstanceOf(ReplayDivergence);
        noticed++;
      }
    }
    expect(noticed).toBe(50);
  });

  it('stops where a cut record ends, having done what it says', () => {
    const told = philosophers(3);
    const { machine } = told.program;
    for (let seed = 0; seed < 20; seed++) {
      const log = recorded(told, seed);
      const strategy = new RandomWalk();
      strategy.begin(seed, told.lanes);
      const whole = told.run(strategy).log;
      const kept = log.length >> 1;
      log.cut(kept);
      const again = new SwitchLog();
      machine.onSwitch = (step, lane) => again.push(step, lane);
      const replay = new Replay(log);
      replay.begin(0, told.lanes);
      const story = told.run(replay);
      machine.onSwitch = null;
      expect(story.ending).toBe('stopped');
      expect(story.steps).toBeGreaterThanOrEqual(log.completeUntil);
      expect(story.log).toEqual(whole.slice(0, story.log.length));
      expect(again.steps.slice(0, kept)).toEqual(log.steps);
    }
  });

  it('of a record without switches stops at once', () => {
    const log = new SwitchLog();
    log.cut(0);
    const replay = new Replay(log);
    replay.begin(0, 2);
    const program = twoThreads(1);
    expect(program.run(replay)).toBe('stopped');
    expect(program.machine.step).toBe(0);
  });
});
