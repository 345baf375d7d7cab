import { describe, expect, it } from 'vitest';
import { readTrace } from '../../traces/reader.ts';
import { UsageError } from '../errors.ts';
import { coverageText } from '../explore/coverage.ts';
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

/** Whoever sees the flag should see the data. */
function passing({ cell, thread, outcome }: ProgramParts): void {
  const [data, flag, seen] = [cell('data'), cell('flag'), cell('seen')];
  thread('p', function* () {
    data.store(1) ?? (yield);
    flag.store(1) ?? (yield);
  });
  thread('q', function* () {
    while ((flag.load() ?? (yield)) === 0);
    seen.store(data.load() ?? (yield)) ?? (yield);
  });
  outcome(() => seen.value);
}

/** A lock that is let go with no fence. */
function locking({ cell, thread, outcome }: ProgramParts): void {
  const [locked, count] = [cell('locked'), cell('count')];
  for (const name of ['p', 'q']) {
    thread(name, function* () {
      while ((locked.exchange(1) ?? (yield)) === 1);
      const v = count.load() ?? (yield);
      count.store(v + 1) ?? (yield);
      locked.store(0) ?? (yield);
    });
  }
  outcome(() => count.value);
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

  it('is explored with dpor unless something else is said, and its verdict names the buffers', () => {
    const weak = program('sb', storeBuffering, { detectors, memory: 'pso' });
    const { coverage, executions, complete } = explore(weak, { keepGoing: true });
    expect([complete, executions]).toEqual([true, 4]);
    expect(coverageText(coverage)).toBe(
      'every order of operations (stores wait in the buffers of pso)',
    );
    expect(coverageText(explore(weak, { strategy: 'random', schedules: 1 }).coverage)).toBe(
      'a sample of schedules; stores wait in the buffers of pso',
    );
  });

  it('is refused by searches that do not know buffers, with one that does', () => {
    const weak = program('sb', storeBuffering, { detectors, memory: 'pso' });
    expect(() => explore(weak, { strategy: 'deepen' })).toThrow(/deepen.*of pso: use dpor or dfs/);
    expect(() => explore(weak, { strategy: 'dpor:2' })).toThrow(UsageError);
    expect(() => explore(weak, { strategy: 'dpor:2' })).toThrow(/with a bound.*of pso: use dfs/);
  });

  it.each([
    ['loads', 'tso', passing, ['1'], 2],
    ['loads', 'pso', passing, ['0', '1'], 4],
    ['exchanges', 'tso', locking, ['2'], 4],
    ['exchanges', 'pso', locking, ['1', '2'], 12],
  ] as const)('waits in a loop of %s under %s', (_what, memory, build, values, traces) => {
    const weak = program('spin', build, { detectors, memory });
    for (const strategy of ['dpor', 'dfs']) {
      const found = explore(weak, { strategy, keepGoing: true });
      expect(found.complete).toBe(true);
      expect(found.outcomes.map(({ value }) => String(value)).sort()).toEqual(values);
      if (strategy === 'dpor') expect(found.traces).toBe(traces);
    }
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

  it.each(['sc', 'tso', 'pso'] as const)(
    'races under %s if it is not ordered, and only then',
    (memory) => {
      const whole = (ordered: boolean) => (parts: ProgramParts) => {
        const [data, done, m] = [parts.cell('data'), parts.cell('done'), parts.mutex('m')];
        for (const name of ['p', 'q']) {
          parts.thread(name, function* () {
            if (ordered) m.lock() ?? (yield);
            const v = data.load() ?? (yield);
            data.store(v + 1) ?? (yield);
            if (ordered) m.unlock() ?? (yield);
            else parts.fence() ?? (yield);
            done.fetchAdd(1) ?? (yield);
          });
        }
      };
      const watched = { detectors: ['race'], memory };
      const racy = explore(program('apart', whole(false), watched), { strategy: 'dpor' });
      expect(racy.finding?.title).toContain('data race on data');
      const sound = explore(program('ordered', whole(true), watched), { strategy: 'dpor' });
      expect([sound.complete, sound.finding]).toEqual([true, undefined]);
    },
  );

  it('has memory that is sc, tso or pso', () => {
    const memory = 'arm' as 'tso';
    expect(() => program('sb', storeBuffering, { memory })).toThrow(/sc, tso or pso, not arm/);
  });
});
