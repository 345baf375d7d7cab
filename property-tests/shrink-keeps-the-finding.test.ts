import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { shrink } from '../src/shrink/shrink.ts';
import { replay } from '../src/verbs/replay.ts';
import { run } from '../src/verbs/run.ts';
import { failureOf, watched } from './shrinking.ts';
import { lockingPrograms, waitingPrograms } from './truth/generated.ts';

/* Fails when a candidate with any finding is taken for one with the finding. */
describe.each([
  ['cells and locks', lockingPrograms],
  ['semaphores and conditions', waitingPrograms],
])('of any small program with %s', (_name, programs) => {
  it('a shrunk schedule has the finding, in a trace that replays, and is no larger', () => {
    fc.assert(
      fc.property(programs, (source) => {
        const subject = watched(source);
        const failure = failureOf(subject, 50);
        fc.pre(failure !== undefined);
        const { finding, trace } = failure;
        const { seed, strategy, schedule, from, to, passing } = shrink(trace, subject);
        expect(to.preemptions).toBeLessThanOrEqual(from.preemptions);

        const again = run(subject, { seed, strategy, record: true });
        expect([again.finding?.detector, again.finding?.title, again.steps]).toEqual([
          finding.detector,
          finding.title,
          to.steps,
        ]);
        const replayed = replay(again.trace ?? new Uint8Array(), { subject });
        expect([replayed.complete, replayed.finding?.title]).toEqual([true, finding.title]);
        expect(run(subject, { schedule }).finding?.title).toBe(finding.title);
        if (passing === undefined) return;
        const passed = run(subject, { schedule: passing.schedule });
        expect([passed.ending, passed.finding]).toEqual(['halted', undefined]);
      }),
      { numRuns: 150 },
    );
  });
});
