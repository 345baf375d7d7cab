import { describe, expect, it } from 'vitest';
import { verdictText } from '../report/exploration-text.ts';
import { makeInk } from '../report/ink.ts';
import { type ProgramParts, program } from '../subject/bare-subject.ts';
import { explore } from '../verbs/explore.ts';
import { run } from '../verbs/run.ts';

/** One that goes round for ever, and one that ends. */
function counting({ cell, thread }: ProgramParts): void {
  const x = cell('x');
  thread('once', function* () {
    x.load() ?? (yield);
  });
  thread('counter', function* () {
    for (;;) x.fetchAdd(1) ?? (yield);
  });
}

const verdict = (so: ReturnType<typeof explore>): string =>
  Object.values(verdictText(so, 'p', 1, makeInk(false)))
    .flat()
    .join('\n');

// Without `endless` among the detectors the end at the step limit passed for one without a fault.
describe.each([
  ['all detectors', undefined],
  ['the check alone', ['check']],
])('a program that never ends, under %s,', (_, names) => {
  const watched = names === undefined ? {} : { detectors: names };
  const subject = program('p', counting, { stepsMax: 200, ...watched });

  it.each(['dpor', 'dpor:1', 'dfs'])(
    'is not proved right by %s, which names who goes round',
    (strategy) => {
      const so = explore(subject, { strategy, schedules: 50, keepGoing: true });
      expect(so.complete).toBe(false);
      expect(so.abandoned).toBeGreaterThan(0);
      expect(so.endless?.who).toEqual(['counter at fetchAdd(x)']);
      expect(verdict(so)).toContain('reached the step limit');
      expect(verdict(so)).toContain('still running at the limit: counter at fetchAdd(x)');
      const again = run({ ...subject, detectors: [] }, { schedule: so.endless?.schedule ?? '' });
      expect(again).toMatchObject({ ending: 'steps', steps: 200 });
    },
  );
});

it('executions that draw and reach the step limit unwatched say nothing, too', () => {
  const subject = program('p', counting, { stepsMax: 200, detectors: ['check'] });
  const so = explore(subject, { strategy: 'random', schedules: 50 });
  expect(so).toMatchObject({ executions: 50, abandoned: 50 });
  expect(verdict(so)).toContain('50 executions reached the step limit and prove nothing');
});

it('threads that are done or that wait do not go round', () => {
  const subject = program(
    'p',
    ({ cell, mutex, thread }) => {
      const [x, y, m] = [cell('x'), cell('y'), mutex('m')];
      thread('holder', function* () {
        m.lock() ?? (yield);
        for (let i = 0; ; i++) x.store(i) ?? (yield);
      });
      thread('waiter', function* () {
        m.lock() ?? (yield);
      });
      thread('other', function* () {
        for (let i = 0; ; i++) y.store(i) ?? (yield);
      });
    },
    { stepsMax: 300 },
  );
  const so = explore(subject, { strategy: 'random', schedules: 9 });
  expect(so.finding?.detector).toBe('endless');
  expect(so.finding?.detail).toEqual([
    'holder goes on at store(x)',
    'waiter waits at lock(m)',
    'other goes on at store(y)',
  ]);
});

it('executions whose threads wait for ever, with nobody to say why, are told', () => {
  const subject = program(
    'p',
    ({ semaphore, thread }) => {
      const s = semaphore('s');
      thread('waiter', function* () {
        s.wait() ?? (yield);
      });
    },
    { detectors: ['check'] },
  );
  const so = explore(subject);
  expect(so).toMatchObject({ complete: true, blocked: 1 });
  expect(verdict(so)).toContain('1 execution ended with blocked threads');
});
