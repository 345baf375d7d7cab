import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ReplayDivergence } from '../scheduler/divergence.ts';
import { RoundRobin } from '../scheduler/strategies/round-robin.ts';
import { guestSpec } from '../src/subject/kernel-spec.ts';
import { replay } from '../src/verbs/replay.ts';
import { TraceMemory } from '../traces/memory.ts';
import { readTrace } from '../traces/reader.ts';
import { record } from './golden-runs.ts';
import { anyRun } from './kernel-runs.ts';

it('a replay of the kernel records the trace that it replays, byte for byte', () => {
  fc.assert(
    fc.property(anyRun, (what) => {
      const file = record(what());
      const again = new TraceMemory();
      const trace = readTrace(file);
      const { complete, checkpoints, finding } = replay(trace, { sink: again.sink });
      expect(complete).toBe(true);
      expect(checkpoints).toBe(trace.checkpoints.length + 1);
      expect(finding?.title).toBe(trace.findings[0]?.title);
      expect(Buffer.compare(again.bytes(), file)).toBe(0);
    }),
    { numRuns: 60 },
  );
});

it('a schedule of another execution is noticed, wherever the two part', () => {
  fc.assert(
    fc.property(anyRun, fc.maxSafeInteger(), (what, seed) => {
      const one = what();
      fc.pre(one.spec.param.ncpu > 1);
      const mine = readTrace(record(one));
      const theirs = readTrace(record({ ...what(), seed }));
      fc.pre(mine.end?.digest !== theirs.end?.digest || mine.end?.steps !== theirs.end?.steps);
      expect(() => replay({ ...mine, choices: theirs.choices })).toThrow(ReplayDivergence);
    }),
    { numRuns: 40 },
  );
});

it('every checkpoint of a long run is compared, and one that is wrong is a divergence', () => {
  const spec = guestSpec('churn', ['foo', '4000'], {});
  const long = readTrace(record({ spec, seed: 3, strategy: new RoundRobin() }));
  expect(long.checkpoints.length).toBeGreaterThanOrEqual(2);
  expect(replay(long).checkpoints).toBe(long.checkpoints.length + 1);
  const [first, ...rest] = long.checkpoints;
  if (first === undefined) throw new Error('there is a checkpoint');
  const wrong = { ...long, checkpoints: [{ ...first, digest: 'ffffffff' }, ...rest] };
  expect(() => replay(wrong)).toThrow(`step ${first.step}: the trace expects a machine state of`);
});
