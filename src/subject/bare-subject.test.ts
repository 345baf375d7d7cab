import { describe, expect, it } from 'vitest';
import { RoundRobin } from '../../scheduler/strategies/round-robin.ts';
import { UsageError } from '../errors.ts';
import { shrink } from '../shrink/shrink.ts';
import { replay } from '../verbs/replay.ts';
import { run } from '../verbs/run.ts';
import { type ProgramOptions, type ProgramParts, program } from './bare-subject.ts';

/** Two threads that read x before they store, so that either may lose what the other stored. */
function race(parts: ProgramParts): void {
  const { cell, thread, outcome, check } = parts;
  const x = cell('x', 5);
  thread('add', function* () {
    const v = x.load() ?? (yield);
    x.store(v + 1) ?? (yield);
  });
  thread('double', function* () {
    const v = x.load() ?? (yield);
    x.store(v * 2) ?? (yield);
  });
  outcome(() => x.value);
  check(() => x.value >= 11 || 'an update was lost');
}

const meant: ProgramOptions = { detectors: ['check'] };
const seeds = Array.from({ length: 40 }, (_, seed) => seed);

describe('a program', () => {
  it('has the outcomes of its interleavings, and those that its check refuses are findings', () => {
    const results = seeds.map((seed) => run(program('x = 5', race, meant), { seed }));
    expect(new Set(results.map(({ outcome }) => outcome))).toEqual(new Set([6, 10, 11, 12]));
    for (const { outcome, finding } of results) {
      const wrong = Number(outcome) < 11;
      expect(finding?.title).toBe(wrong ? 'an update was lost' : undefined);
      expect(finding?.detector).toBe(wrong ? 'check' : undefined);
    }
  });

  it('is watched by all detectors unless it says which', () => {
    const { finding, header } = run(program('x = 5', race));
    expect(finding?.detector).toBe('race');
    expect(header).toMatchObject({ guest: 'bare', program: 'x = 5', cpus: 2, mutants: [] });
  });

  it('is replayed and shrunk from its trace, and follows a schedule that is a text', () => {
    const subject = program('x = 5', race, meant);
    const seed = seeds.find((each) => run(subject, { seed: each }).outcome === 6) ?? -1;
    const { trace = new Uint8Array(), id } = run(subject, { seed, record: true });
    const again = replay(trace, { subject });
    expect(again).toMatchObject({ complete: true, foreign: false, checkpoints: 1 });
    expect(again.finding?.title).toBe('an update was lost');
    expect(again.report?.summary).not.toBe('');
    const { schedule, to } = shrink(trace, subject);
    expect(to.preemptions).toBe(1);
    expect(schedule).toMatch(/^\d+-\d+(\.\d+-\d+)*$/);
    expect(run(subject, { schedule }).finding?.title).toBe('an update was lost');
    expect(id).toMatch(/^XR-/);
  });

  it('can be given another strategy, and none in the world', () => {
    const subject = program('x = 5', race, meant);
    expect(run(subject, { strategy: new RoundRobin() }).header.strategy).toBe('round-robin');
    expect(() => run(subject, { schedule: '0-1,1-2' })).toThrow('a schedule is lanes and steps');
  });

  it('whose trace is replayed by its header alone says what is missing', () => {
    const { trace = new Uint8Array() } = run(program('x = 5', race), { record: true });
    expect(() => replay(trace)).toThrow("the trace is of x = 5, a user's program: name its file");
  });

  it('whose text has changed finds an older trace foreign', () => {
    const { trace = new Uint8Array() } = run(program('x = 5', race), { record: true });
    const other = program('x = 5', (parts) => race(parts));
    expect(replay(trace, { subject: other }).foreign).toBe(true);
  });
});

describe('a thread', () => {
  it('that throws is a finding with its name and what it threw', () => {
    const throwing = program('throwing', ({ cell, thread }) => {
      const x = cell('x');
      thread('only', function* () {
        const v = x.load() ?? (yield);
        if (v === 0) throw new Error('x is 0\nand should not be');
      });
    });
    const { finding } = run({ ...throwing, detectors: ['race'] });
    expect(finding).toMatchObject({ detector: 'exception', title: 'only throws: x is 0', step: 2 });
  });

  it('that never ends is endless at the step limit', () => {
    const subject = program(
      'on and on',
      ({ cell, thread }) => {
        const x = cell('x');
        thread('only', function* () {
          for (;;) x.fetchAdd(1) ?? (yield);
        });
      },
      { stepsMax: 50 },
    );
    expect(run(subject)).toMatchObject({ ending: 'steps', steps: 50 });
    expect(run(subject).finding?.title).toContain('50 steps');
  });

  it.each([
    [
      'goes on without yielding',
      ({ cell, thread }: ProgramParts) => {
        const x = cell('x');
        for (const name of ['a', 'b']) {
          thread(name, function* () {
            for (let i = 0; i < 9; i++) x.fetchAdd(1);
          });
        }
      },
      'write "fetchAdd(...) ?? (yield)"',
    ],
    [
      'yields what has answered',
      ({ cell, thread }: ProgramParts) => {
        const x = cell('x');
        thread('a', function* () {
          yield x.load() as unknown as undefined;
        });
      },
      'a yields without an operation',
    ],
    [
      'makes a part',
      ({ cell, thread }: ProgramParts) => {
        thread('a', function* () {
          cell('x').load() ?? (yield);
        });
      },
      'x is made too late: make all parts before threads run',
    ],
    [
      'is a plain function',
      ({ cell, thread }: ProgramParts) => {
        const x = cell('x');
        thread('a', (() => x.load()) as never);
      },
      'thread a is not a generator: write function*',
    ],
  ])('that %s is a mistake of its author', (_, build, message) => {
    const subject = program('mistaken', build);
    expect(() => run(subject, { strategy: new RoundRobin() })).toThrow(UsageError);
    expect(() => run(subject)).toThrow(`mistaken: `);
    expect(() => run(subject)).toThrow(message);
  });
});

describe('a description', () => {
  it.each([
    ['without threads', () => undefined, 'p: a program has 1 to 64 threads, not 0'],
    [
      'with two parts of one name',
      ({ cell }: ProgramParts) => void [cell('x'), cell('x')],
      'p: two parts of the program are called x',
    ],
    [
      'that throws',
      () => {
        throw new Error('nothing here');
      },
      'p: nothing here',
    ],
  ])('%s is refused where it stands', (_, build, message) => {
    expect(() => program('p', build)).toThrow(UsageError);
    expect(() => program('p', build)).toThrow(message);
  });

  it('has an outcome and a check that look, and perform no operations', () => {
    const looking = (say: (parts: ProgramParts, load: () => unknown) => void) =>
      program('p', (parts) => {
        const x = parts.cell('x');
        parts.thread('a', function* () {
          x.store(1) ?? (yield);
        });
        say(parts, () => x.load());
      });
    const message = 'outcome and check look (x.value), they perform no operations (x.load())';
    expect(() => run(looking(({ outcome }, load) => outcome(load)))).toThrow(message);
    expect(() => run(looking(({ check }, load) => check(load)))).toThrow(message);
  });

  it('may tell any outcome that JSON can express', () => {
    const telling = (value: unknown) =>
      program('p', ({ thread, outcome }) => {
        thread('a', function* () {});
        outcome(() => value);
      });
    expect(run(telling('a text')).outcome).toBe('a text');
    expect(run(telling([1, 2])).outcome).toBe('[1,2]');
    expect(run(telling(true)).outcome).toBe('true');
  });
});
