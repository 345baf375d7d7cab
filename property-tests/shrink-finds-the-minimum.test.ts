import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { shrink } from '../src/shrink/shrink.ts';
import { failureOf, fewestPreemptions, rarest, reaching, watched } from './shrinking.ts';
import { enumerate } from './truth/enumerate.ts';
import { built, decidingPrograms, lockingPrograms, waitingPrograms } from './truth/generated.ts';

/*
 * Fails when the search for fewer preemptions is left out (one too many is left in 1 % of those that
 * take two), and when the search counts a preemption twice.
 */
describe.each([
  ['cells and locks', lockingPrograms, 2],
  ['branches on what was read', decidingPrograms, 2],
  ['semaphores and conditions', waitingPrograms, 1],
])('of any small program with %s', (_name, programs, hard) => {
  it.each([
    ['all', 0, 150],
    ['those that take some preemptions', hard, 40],
  ])(
    'a shrunk schedule has as few preemptions as any that ends so: of %s',
    (_which, least, runs) => {
      fc.assert(
        fc.property(programs, fc.nat({ max: 3 }), (source, rank) => {
          const traces = rarest(enumerate(built(source)));
          const bad = traces[Math.min(rank, traces.length - 1)];
          fc.pre(bad !== undefined);
          const same = traces.filter(({ final }) => final === bad.final);
          const fewest = Math.min(...same.map(({ preemptions }) => preemptions));
          fc.pre(fewest >= least);
          const subject = reaching(source, bad);
          const failure = failureOf(subject, 500);
          fc.pre(failure !== undefined);
          const { to, minimal } = shrink(failure.trace, subject);
          expect(to.preemptions).toBe(fewest);
          expect(minimal).toBe(true);
        }),
        { numRuns: runs },
      );
    },
  );

  it('a shrunk schedule has as few preemptions as any in which detectors find the same', () => {
    const detectors = fc.constantFrom(undefined, ['deadlock'], ['race']);
    fc.assert(
      fc.property(programs, detectors, (source, names) => {
        const subject = watched(source, names);
        const failure = failureOf(subject, 50);
        fc.pre(failure !== undefined);
        const fewest = fewestPreemptions(subject, failure.finding.title, 3_000);
        fc.pre(fewest !== undefined);
        const { to, minimal, finding } = shrink(failure.trace, subject);
        expect(finding.title).toBe(failure.finding.title);
        expect(to.preemptions).toBe(fewest);
        expect(minimal).toBe(true);
      }),
      { numRuns: 100 },
    );
  });
});
