import { describe, expect, it } from 'vitest';
import { RandomWalk } from '../scheduler/strategies/random.ts';
import { TraceMemory } from '../traces/memory.ts';
import { readTrace, type Trace } from '../traces/reader.ts';
import { UsageError } from './errors.ts';
import { explore } from './explore.ts';
import { guestSpec } from './guest.ts';
import { replay } from './replay.ts';
import { run } from './run.ts';
import { shrink } from './shrink.ts';

function failing(scenario: string, mutant: string): Trace {
  const spec = guestSpec(scenario, [], {}, [mutant]);
  const strategy = new RandomWalk();
  const { seed } = explore(spec, { strategy, seed: 1, schedules: 10_000 });
  const memory = new TraceMemory();
  run(spec, { seed: seed as number, strategy, sink: memory.sink });
  return readTrace(memory.bytes());
}

describe('a shrunk schedule', () => {
  // The least that these bugs need is 1 or 2; found by hand from their two critical sections.
  it.each([
    ['open-open', 'shm-open-create-apart', 4],
    ['exit-wait', 'sleep-releases-first', 2],
    ['exit-wait', 'exit-wakes-early', 3],
    ['open-open', 'shm-close-split-decrement', 4],
  ])('of %s with %s keeps the finding, with few preemptions', (scenario, mutant, most) => {
    const trace = failing(scenario, mutant);
    const { from, to, executions, finding, subject, seed, strategy } = shrink(trace);
    expect(to.preemptions).toBeLessThan(from.preemptions);
    expect(to.preemptions).toBeLessThanOrEqual(most);
    expect(executions).toBeLessThanOrEqual(501);
    expect(finding.detector).toBe(trace.findings[0]?.kind);

    const memory = new TraceMemory();
    run(subject, { seed, strategy, sink: memory.sink });
    const again = replay(readTrace(memory.bytes()));
    expect(again.complete).toBe(true);
    expect(again.finding?.title).toBe(finding.title);
  });
});

describe('a trace', () => {
  const spec = guestSpec('two-open-close', [], {});
  const memory = new TraceMemory();
  run(spec, { seed: 1, strategy: new RandomWalk(), sink: memory.sink });

  it('with nothing found in it has nothing to shrink', () => {
    expect(() => shrink(readTrace(memory.bytes()))).toThrow(UsageError);
  });

  it('that is cut cannot be shrunk', () => {
    const cut = memory.bytes().slice(0, -10);
    expect(() => shrink(readTrace(cut))).toThrow('only a whole trace');
  });
});
