import { describe, expect, it } from 'vitest';
import { RandomWalk } from '../scheduler/strategies/random.ts';
import * as ulib from '../user/ulib.ts';
import { type ProgramParts, program } from './bare-subject.ts';
import { checkRepeats } from './determinism.ts';
import { UsageError } from './errors.ts';
import { scenario } from './own-scenario.ts';
import { run } from './run.ts';
import { Stage } from './stage.ts';

/** A program whose one thread does what a function says, told how often it was called. */
function changing(act: (turn: number, parts: Record<'x' | 'y', Cell>) => Generator<void>) {
  let turn = 0;
  return program('changing', ({ cell, thread }) => {
    const parts = { x: cell('x'), y: cell('y') };
    thread('add', () => act(turn++, parts));
  });
}

type Cell = ReturnType<ProgramParts['cell']>;

describe('a program that is not deterministic is named, with', () => {
  it.each([
    [
      'another operation',
      function* (turn: number, { x, y }: Record<'x' | 'y', Cell>) {
        x.load() ?? (yield);
        if (turn % 2 === 0) x.load() ?? (yield);
        else y.store(7) ?? (yield);
      },
      'thread add did load(x) at step 3 the first time and store(y, 7) the second',
    ],
    [
      'another value',
      function* (turn: number, { x }: Record<'x' | 'y', Cell>) {
        x.store(turn) ?? (yield);
      },
      'thread add did store(x, 0) at step 2 the first time and store(x, 1) the second',
    ],
    [
      'an operation less',
      function* (turn: number, { x }: Record<'x' | 'y', Cell>) {
        if (turn % 2 === 0) x.load() ?? (yield);
      },
      'thread add did load(x) the first time and nothing the second',
    ],
    [
      'an operation more',
      function* (turn: number, { x }: Record<'x' | 'y', Cell>) {
        if (turn % 2 === 1) x.load() ?? (yield);
      },
      'thread add did load(x) at step 2 the second time and nothing the first',
    ],
  ])('%s', (_, act, message) => {
    expect(() => run(changing(act))).toThrow(UsageError);
    expect(() => run(changing(act))).toThrow(
      `changing is not deterministic: run twice with the same schedule, ${message}; a thread may depend only on what its operations answer`,
    );
  });

  it('another outcome, though all operations are the same', () => {
    let told = 0;
    const subject = program('telling', ({ thread, outcome }) => {
      thread('a', function* () {});
      outcome(() => told++);
    });
    expect(() => run(subject)).toThrow('the outcome was');
  });

  it('another verdict', () => {
    let checks = 0;
    const subject = program('checking', ({ thread, check }) => {
      thread('a', function* () {});
      check(() => checks++ % 2 === 1 || 'odd');
    });
    expect(() => run(subject)).toThrow('the verdict was odd the first time and nothing found the');
  });

  it('a clock in a program of a scenario', () => {
    let ticks = 0;
    const programs = {
      *late(u: ulib.Context): ulib.Part<void> {
        if (ticks++ > 0) ulib.getpid(u) ?? (yield);
      },
    };
    const subject = scenario({
      name: 'late',
      processes: ['late'],
      programs,
      param: { frames: 96 },
    });
    expect(() => run(subject)).toThrow(/^late is not deterministic: .* pid 2 did /);
  });
});

describe('a schedule that was seen', () => {
  let turn = 0;
  const build = ({ cell, thread }: ProgramParts): void => {
    const x = cell('x');
    thread('a', function* () {
      if (turn++ > 0) x.load() ?? (yield);
    });
  };

  it('repeats on its stage, or the program is named', () => {
    const stage = new Stage(program('late', build));
    stage.watch();
    const seen = stage.execute(new RandomWalk(), 1);
    expect(() => checkRepeats(stage, new RandomWalk(), 1, seen)).not.toThrow();
    const found = { ...seen, finding: { detector: 'race', title: 'a race', detail: [], step: 1 } };
    expect(() => checkRepeats(stage, new RandomWalk(), 1, found)).toThrow('the verdict was a race');
    expect(stage.execute(new RandomWalk(), 1)).toEqual(seen);
  });
});
