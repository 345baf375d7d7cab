import { describe, expect, it } from 'vitest';
import { likeness } from '../detectors/finding.ts';
import { shrink } from '../src/shrink/shrink.ts';
import { guestSpec } from '../src/subject/kernel-spec.ts';
import { kernelSubject } from '../src/subject/subject.ts';
import { mutantsNamed } from './hunt.ts';
import { failureOf } from './shrinking.ts';

/*
 * A sample of the mutants that need more than one ordering; `npm run shrinking` does all. Fails when
 * a phase has no limit of its own, or leaves none of the executions to those behind it.
 */
const SAMPLE =
  /^(shm-(open|trunc|fork)-.*|k(alloc|ref)-apart|allocproc-apart|exit-wakes-early|acquiresleep-apart)$/;
const sample = mutantsNamed('').filter(([name, { depth }]) => depth > 1 && SAMPLE.test(name));

describe('a schedule of 20 to 150 preemptions', () => {
  it.each(sample)('of %s is shrunk in 500 executions at most', (name, mutant) => {
    const { scenario, depth } = mutant;
    const subject = kernelSubject(guestSpec(scenario, [], {}, [name]));
    const failure = failureOf(subject, 10_000);
    const shrunk = shrink(failure?.trace ?? new Uint8Array());
    expect(shrunk.executions).toBeLessThanOrEqual(500);
    expect(likeness(shrunk.finding)).toBe(failure && likeness(failure.finding));
    // What comes of writing long lines shows in their order, and needs a preemption for each turn.
    const most = name === 'acquiresleep-apart' ? 20 : depth + 2;
    expect(shrunk.to.preemptions).toBeLessThanOrEqual(most);
  });
});
