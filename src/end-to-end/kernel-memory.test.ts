import { describe, expect, it } from 'vitest';
import { RandomWalk } from '../../scheduler/strategies/random.ts';
import { readTrace } from '../../traces/reader.ts';
import { UsageError } from '../errors.ts';
import { shrink } from '../shrink/shrink.ts';
import { guestSpec } from '../subject/kernel-spec.ts';
import { kernelSubject, withMemory } from '../subject/subject.ts';
import { explore } from '../verbs/explore.ts';
import { replay } from '../verbs/replay.ts';
import { run } from '../verbs/run.ts';

const mutated = kernelSubject(guestSpec('exit-wait', [], {}, ['release-before-fence']));

describe('a kernel with store buffers', () => {
  it('shows a release that stores before its fence, and its trace shows it again, and shrinks', () => {
    const weak = withMemory(mutated, 'pso');
    const [first] = explore(weak, { strategy: 'random', schedules: 2_000 }).discoveries;
    const {
      trace: bytes,
      finding: found,
      steps,
    } = run(weak, {
      strategy: new RandomWalk(),
      seed: first?.seed as number,
      record: true,
    });
    expect(found?.detector).toBe('lost-wakeup');
    const trace = readTrace(bytes);
    expect(trace.header?.config.memory).toBe('pso');
    const again = replay(trace);
    expect([again.steps, again.finding?.title]).toEqual([steps, found?.title]);
    expect(shrink(trace).finding.title).toBe(found?.title);
  });

  it('is for strategies that draw: searches say so', () => {
    const weak = withMemory(mutated, 'tso');
    for (const strategy of ['dpor', 'dfs', 'deepen']) {
      expect(() => explore(weak, { strategy })).toThrow(UsageError);
      expect(() => explore(weak, { strategy })).toThrow(/store buffers of tso: use .* random/);
    }
  });

  it('is what it was when memory is put back', () => {
    const strict = withMemory(withMemory(mutated, 'pso'), 'sc');
    expect(strict.config).toEqual(mutated.config);
  });
});
