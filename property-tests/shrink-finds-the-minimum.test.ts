import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { shrink } from '../src/shrink.ts';
import { failureOf, fewestPreemptions, rarest, reaching, watched } from './shrinking.ts';
import { enumerate } from './truth/enumerate.ts';
import { built, decidingPrograms, lockingPrograms, waitingPrograms } from './truth/generated.ts';

/*
 * Fails when the search for fewer preemptions is left out: then delta debugging ends at one too many
 * in some 1 % of these.
 */
describe.each([
  ['cells and locks', lockingPrograms],
  ['branches on what was read', decidingPrograms],
  ['semaphores and conditions', waitingPrograms],
])('of any small program with %s', (_name, programs) => {
  it('a shrunk schedule has as few preemptions as any that ends in the same state', () => {
    fc.assert(
      fc.property(programs, fc.nat({ max: 3 }), (source, rank) => {
        const truth = enumerate(built(source));
        const traces = rarest(truth);
        const bad = traces[Math.min(rank, traces.length - 1)];
        fc.pre(bad !== undefined);
        const subject = reaching(source, bad);
        const failure = failureOf(subject, 200);
        fc.pre(failure !== undefined);
        const { to, minimal } = shrink(failure.trace, subject);
        const same = traces.filter(({ final }) => final === bad.final);
        expect(to.preemptions).toBe(Math.min(...same.map(({ preemptions }) => preemptions)));
        expect(minimal).toBe(true);
      }),
      { numRuns: 150 },
    );
  });

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
