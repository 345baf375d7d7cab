import { describe, expect, it } from 'vitest';
import { readTrace } from '../../traces/reader.ts';
import { UsageError } from '../errors.ts';
import { type ProgramParts, program } from '../subject/bare-subject.ts';
import { subjectAsRun } from '../subject/subject.ts';
import { explore } from '../verbs/explore.ts';
import { replay } from '../verbs/replay.ts';
import { run } from '../verbs/run.ts';

/** Store buffering: each thread stores to its cell, then loads the other's. */
function storeBuffering({ cell, thread, outcome, check }: ProgramParts): void {
  const [x, y] = [cell('x'), cell('y')];
  const [seenOfX, seenOfY] = [cell('seen of x'), cell('seen of y')];
  thread('p', function* () {
    x.store(1) ?? (yield);
    seenOfY.store(y.load() ?? (yield)) ?? (yield);
  });
  thread('q', function* () {
    y.store(1) ?? (yield);
    seenOfX.store(x.load() ?? (yield)) ?? (yield);
  });
  outcome(() => `${seenOfX.value}${seenOfY.value}`);
  check(() => seenOfX.value + seenOfY.value > 0 || 'neither saw the other');
}

const detectors = ['check'];

describe('a program with store buffers', () => {
  it('shows what it cannot show where stores are in memory at once', () => {
    const options = { strategy: 'dfs', keepGoing: true };
    const strict = explore(program('sb', storeBuffering, { detectors }), options);
    const weak = explore(program('sb', storeBuffering, { detectors, memory: 'tso' }), options);
    expect(strict.outcomes.map(({ value }) => value).sort()).toEqual(['01', '10', '11']);
    expect(strict.discoveries).toEqual([]);
    expect(weak.finding?.title).toContain('neither saw the other');
    expect(weak.complete).toBe(true);
  });

  it('is explored with dfs unless something else is said, and by dpor not at all', () => {
    const weak = program('sb', storeBuffering, { detectors, memory: 'pso' });
    expect(explore(weak).coverage.kind).toBe('interleavings');
    expect(() => explore(weak, { strategy: 'dpor' })).toThrow(UsageError);
    expect(() => explore(weak, { strategy: 'dpor' })).toThrow(/dpor.*pso.*dfs/);
  });

  it.each(['tso', 'pso'] as const)('is recorded and replayed exactly under %s', (memory) => {
    const weak = program('sb', storeBuffering, { detectors, memory });
    let found = 0;
    for (let seed = 1; seed <= 200; seed++) {
      const { trace: bytes, finding, steps } = run(weak, { seed, record: true });
      const trace = readTrace(bytes);
      expect(trace.header?.config.memory).toBe(memory);
      const strict = program('sb', storeBuffering, { detectors });
      const again = replay(trace, { subject: subjectAsRun(strict, trace.header as never) });
      expect(again.steps).toBe(steps);
      expect(again.finding?.title).toBe(finding?.title);
      if (finding !== undefined) found++;
    }
    expect(found).toBeGreaterThan(0);
  });

  it('has memory that is sc, tso or pso', () => {
    const memory = 'arm' as 'tso';
    expect(() => program('sb', storeBuffering, { memory })).toThrow(/sc, tso or pso, not arm/);
  });
});
