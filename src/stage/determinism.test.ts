import { describe, expect, it } from 'vitest';
import * as ulib from '../../user/ulib.ts';
import { UsageError } from '../errors.ts';
import { type ProgramParts, program } from '../subject/bare-subject.ts';
import { scenario } from '../subject/own-scenario.ts';
import { explore } from '../verbs/explore.ts';
import { run } from '../verbs/run.ts';
import { accuse, checkFound } from './determinism.ts';
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
      `changing is not deterministic: run twice with the same schedule, ${message}; a thread may depend only on the results of its operations`,
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

/** A program whose check fails in its n-th execution, and in no other. */
function failingOnce(n: number) {
  let turn = 0;
  return program('failing once', ({ cell, thread, check }) => {
    const x = cell('x');
    for (const name of ['a', 'b']) {
      thread(name, function* () {
        x.fetchAdd(1) ?? (yield);
      });
    }
    check(() => ++turn !== n);
  });
}

describe('what an exploration finds', () => {
  it('and does not find again is the program, not a bug in it', () => {
    const subject = failingOnce(4);
    const { discoveries } = explore(subject, { strategy: 'random' });
    expect(discoveries).toHaveLength(1);
    expect(() => checkFound(subject, discoveries)).toThrow(
      'failing once is not deterministic: a schedule gave "the check answers false" the first time and "nothing found" the second',
    );
  });

  it('again, or over several executions, stands', () => {
    const subject = program('in a circle', ({ mutex, thread }) => {
      const [m, n] = [mutex('m'), mutex('n')];
      for (const [first, second] of [
        [m, n],
        [n, m],
      ] as const) {
        thread(`${first.name} first`, function* () {
          first.lock() ?? (yield);
          second.lock() ?? (yield);
          second.unlock() ?? (yield);
          first.unlock() ?? (yield);
        });
      }
    });
    const { discoveries } = explore(subject, { keepGoing: true });
    const kinds = discoveries.map(({ finding }) => finding.detector);
    expect(kinds.toSorted()).toEqual(['deadlock', 'lock-order']);
    expect(() => checkFound(subject, discoveries)).not.toThrow();
  });

  it('broken by the program is told of the program, and else as it is', () => {
    const fault = new Error('a fault of ours');
    const wrong = new Stage(failingOnce(4));
    expect(() => accuse(wrong, 1, fault)).toThrow('failing once is not deterministic');
    const right = new Stage(failingOnce(-1));
    expect(() => accuse(right, 1, fault)).toThrow(fault);
  });
});
