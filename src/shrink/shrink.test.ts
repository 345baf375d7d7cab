import { describe, expect, it } from 'vitest';
import { RandomWalk } from '../../scheduler/strategies/random.ts';
import { TraceMemory } from '../../traces/memory.ts';
import { readTrace, type Trace } from '../../traces/reader.ts';
import { UsageError } from '../errors.ts';
import { program } from '../subject/bare-subject.ts';
import { guestSpec } from '../subject/kernel-spec.ts';
import { explore } from '../verbs/explore.ts';
import { replay } from '../verbs/replay.ts';
import { run } from '../verbs/run.ts';
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
    expect(executions).toBeLessThanOrEqual(500);
    expect(finding.detector).toBe(trace.findings[0]?.kind);

    const memory = new TraceMemory();
    run(subject, { seed, strategy, sink: memory.sink });
    const shrunk = readTrace(memory.bytes());
    expect(shrunk.header?.strategy).toBe('schedule');
    const again = replay(shrunk);
    expect(again.complete).toBe(true);
    expect(again.finding?.title).toBe(finding.title);
  });
});

describe('a lost update', () => {
  const lost = (name: string) =>
    program(
      name,
      ({ cell, thread, check }) => {
        const x = cell('x', 5);
        thread('add', function* () {
          const v = x.load() ?? (yield);
          x.store(v + 1) ?? (yield);
        });
        thread('double', function* () {
          const v = x.load() ?? (yield);
          x.store(v * 2) ?? (yield);
        });
        check(() => x.value >= 11 || 'an update was lost');
      },
      { detectors: ['check'] },
    );
  const subject = lost('x = 5');
  const failing = { schedule: '0-2.1-2.0-1', record: true };
  const { trace = new Uint8Array() } = run(subject, failing);

  it('needs one preemption, and passes without it', () => {
    const { to, minimal, passing } = shrink(trace, subject);
    expect([to, minimal]).toEqual([{ preemptions: 1, steps: 6 }, true]);
    expect(passing).toMatchObject({ step: 2, by: 1, removed: true, who: 'add' });
    expect(passing?.text).toMatch(
      /^when add is not preempted at step 2: store x \(src\/shrink\/shrink\.test\.ts:\d+\)$/,
    );
    const passed = run(subject, { schedule: passing?.schedule ?? '' });
    expect([passed.ending, passed.finding]).toEqual(['halted', undefined]);
  });

  it('is not in a program of another name, nor in one that was put right', () => {
    expect(() => shrink(trace, lost('y = 5'))).toThrow('the trace is of x = 5, not of y = 5');
    const right = program('x = 5', ({ cell, thread }) => {
      const x = cell('x', 5);
      thread('add', function* () {
        x.fetchAdd(1) ?? (yield);
      });
    });
    expect(() => shrink(trace, right)).toThrow('is not found again: other code made the trace');
  });
});

it('the change that makes a kernel pass names its operations and their places', () => {
  const trace = failing('open-open', 'shm-open-create-apart');
  const { passing } = shrink(trace);
  expect(passing?.text).toMatch(
    /^when pid \d on CPU \d goes on for 1 more step before the switch at step \d+: acquire shm\.lock \(kernel\/shm-table\.ts:\d+\)$/,
  );
  const spec = guestSpec('open-open', [], {}, ['shm-open-create-apart']);
  expect(run(spec, { schedule: passing?.schedule ?? '' }).finding).toBeUndefined();
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
