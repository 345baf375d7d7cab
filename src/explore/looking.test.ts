import { expect, it } from 'vitest';
import { RandomWalk } from '../../scheduler/strategies/random.ts';
import { Stage } from '../stage/stage.ts';
import { guestSpec } from '../subject/kernel-spec.ts';
import { kernelSubject } from '../subject/subject.ts';
import { explore } from '../verbs/explore.ts';
import { looking } from './looking.ts';

const MS = 120_000;

/** What is noted about executions at random. */
function notesOf(scenario: string, mutants: readonly string[] = []): string[] {
  const stage = new Stage(kernelSubject(guestSpec(scenario, [], {}, mutants)));
  stage.watch({ detectors: [looking] });
  const walk = new RandomWalk();
  const notes = new Set<string>();
  for (let seed = 0; seed < 200; seed++) {
    for (const { text } of stage.execute(walk, seed).withdrawn ?? []) notes.add(text);
  }
  return [...notes];
}

it.each(['two-open-close', 'kill-holder', 'x5-mutex', 'strangers', 'prodcons-monitor'])(
  'sections of the kernel that are said only to look do so: %s',
  (scenario) => {
    expect(notesOf(scenario)).toEqual([]);
  },
);

it('a field that changes without its lock is noted, and so is what else a section does', () => {
  const [unlocked] = notesOf('kill-holder', ['kill-unlocked']);
  expect(unlocked).toMatch(/^a section of proc\[\d\]\.lock that only looks misses a change of/);
});

it(
  'with all detectors, sections of kmem that do not commute are noticed, and the bug is found',
  () => {
    const spec = guestSpec('heap-heap', [], {}, ['kalloc-apart']);
    const { coverage, finding } = explore(spec, { schedules: 500 });
    expect([coverage.commuting, finding?.detector]).toEqual([undefined, 'leak']);
  },
  MS,
);

it(
  'sections of kmem that only look at a count are told apart: a bug that was missed',
  () => {
    const spec = guestSpec('cow-cow', [], {}, ['kfree-rereads']);
    const { coverage, finding } = explore(spec, { schedules: 2000 });
    expect([coverage.commuting, finding?.detector]).toEqual([undefined, 'use-after-free']);
  },
  MS,
);

it(
  'a search whose claims turn out to be wrong starts over without them',
  () => {
    const spec = guestSpec('kill-holder', [], {}, ['kill-unlocked']);
    const subject = { ...kernelSubject(spec), detectors: ['panic'] };
    const options = { strategy: 'dpor', schedules: 500 };
    const looks = explore(subject, { ...options, commuting: ['looks'] });
    expect(looks.withdrawn[0]).toMatchObject({ claim: 'look' });
    expect(looks.withdrawn[0]?.text).toMatch(/^a section of proc/);
    const { executions, withdrawn } = explore(subject, options);
    expect([executions, withdrawn]).toEqual([500, []]);
  },
  MS,
);
