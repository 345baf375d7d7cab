import { expect, it } from 'vitest';
import type { Subject } from '../../stage/stage.ts';
import { program } from '../../subject/bare-subject.ts';
import { explore } from '../../verbs/explore.ts';
import { run } from '../../verbs/run.ts';
import type { Report } from '../report.ts';

function reportOf(subject: Subject): Report {
  const [first] = explore(subject).discoveries;
  return run(subject, { schedule: first?.schedule ?? '' }).report as Report;
}

/** Without the places. */
const plain = ({ why }: Report): string => why.join(' ').replaceAll(/ \(step [^)]*\)/g, '');

const threads = ({ steps }: Report): string[] => [
  ...new Set(steps.flatMap(({ main, thread }) => (main && thread !== undefined ? [thread] : []))),
];

it('a failed check names what was read too early, and leaves out who takes no part', () => {
  const publish = program('publish', ({ cell, thread, check }) => {
    const [data, ready, got, other] = [cell('data'), cell('ready'), cell('got'), cell('other')];
    thread('w', function* () {
      ready.exchange(1) ?? (yield);
      data.exchange(42) ?? (yield);
    });
    thread('r', function* () {
      const isReady = ready.fetchAdd(0) ?? (yield);
      const value = data.fetchAdd(0) ?? (yield);
      got.exchange(isReady === 1 ? value : 42) ?? (yield);
    });
    thread('z', function* () {
      other.exchange(3) ?? (yield);
    });
    check(() => got.value === 42 || 'saw ready without data');
  });
  const report = reportOf(publish);
  expect(plain(report)).toContain('Thread r read ready = 1: thread w had made it 1.');
  expect(plain(report)).toContain('Thread r read data = 0, before thread w made it 42.');
  expect(threads(report).sort()).toEqual(['r', 'w']);
});

it('a deadlock on a condition names the wakeup that was missed, and who missed it', () => {
  const early = program(
    'early',
    ({ cell, mutex, condition, thread }) => {
      const [m, c, flag] = [mutex('m'), condition('c'), cell('flag')];
      thread('a', function* () {
        if ((flag.fetchAdd(0) ?? (yield)) === 1) return;
        m.lock() ?? (yield);
        c.wait(m) ?? (yield);
        m.unlock() ?? (yield);
      });
      thread('b', function* () {
        flag.exchange(1) ?? (yield);
        c.signal() ?? (yield);
      });
    },
    { detectors: ['deadlock'] },
  );
  expect(plain(reportOf(early))).toContain(
    'Thread a looked: flag = 0. Then thread b made flag 1. Thread b signalled c, before thread a waited there. Thread a waits at c, which no thread signals again.',
  );
});

it('what a thread throws has its line, and its name stays as it is', () => {
  const throwing = program('throwing', ({ cell, thread }) => {
    const x = cell('x');
    thread('a', function* () {
      if ((x.fetchAdd(1) ?? (yield)) === 1) throw new Error('x was 1');
    });
    thread('b', function* () {
      x.fetchAdd(1) ?? (yield);
    });
  });
  const { summary, why } = reportOf(throwing);
  expect(summary).toMatch(/^a throws: x was 1 \(src\/explain\/stories\/bare\.test\.ts:\d+\)$/);
  expect(why.at(-1)).toMatch(/^Thread a throws: x was 1 \(.*\)\.$/);
});
