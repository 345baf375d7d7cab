import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { shrink } from '../src/shrink/shrink.ts';
import type { Subject } from '../src/stage/stage.ts';
import { run } from '../src/verbs/run.ts';
import { failureOf, rarest, reaching, watched } from './shrinking.ts';
import { enumerate } from './truth/enumerate.ts';
import { built, decidingPrograms, lockingPrograms, type Source } from './truth/generated.ts';

/* Fails when one execution can be told as two lists: it did for threads that end as they start. */
function shrinksOnce(subject: Subject): void {
  const failure = failureOf(subject, 100);
  fc.pre(failure !== undefined);
  const once = shrink(failure.trace, subject);
  const { seed, strategy } = once;
  const { trace = new Uint8Array() } = run(subject, { seed, strategy, record: true });
  const twice = shrink(trace, subject);
  expect(twice.from).toEqual(once.to);
  expect(twice.to).toEqual(once.to);
  expect(twice.schedule).toBe(once.schedule);
}

describe.each([
  ['cells and locks', lockingPrograms],
  ['branches on what was read', decidingPrograms],
])('of any small program with %s', (_name, programs) => {
  const shrinks = (subjectOf: (source: Source) => Subject) =>
    fc.assert(
      fc.property(programs, (source) => shrinksOnce(subjectOf(source))),
      { numRuns: 100 },
    );

  it('what is shrunk already stays as it is', () => shrinks(watched));

  it('what is shrunk already stays as it is, if a check fails', () =>
    shrinks((source) => {
      const [bad] = rarest(enumerate(built(source)));
      fc.pre(bad !== undefined);
      return reaching(source, bad);
    }));
});
