import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { areDependent, type Event } from './truth/dependency.ts';
import { enumerate, type Truth, tracesWithin } from './truth/enumerate.ts';
import { everyExecution } from './truth/every-execution.ts';
import { built, decidingPrograms, lockingPrograms, waitingPrograms } from './truth/generated.ts';
import { model } from './truth/model.ts';

/** Threads that each store to a cell of their own, so many times. */
const independent = (...lengths: number[]) =>
  model(({ cell, thread }) => {
    for (const [i, length] of lengths.entries()) {
      const x = cell(`x${i}`);
      thread(`t${i}`, function* () {
        for (let n = 0; n < length; n++) x.store(n) ?? (yield);
      });
    }
  });

const binomial = (n: number, k: number): bigint =>
  k === 0 ? 1n : (binomial(n - 1, k - 1) * BigInt(n)) / BigInt(k);

describe('independent threads of n and m operations', () => {
  it.each([
    [1, 1],
    [2, 3],
    [5, 4],
  ])('have C(n + m, n) executions and one trace: %i and %i', (n, m) => {
    const truth = enumerate(independent(n, m));
    expect(truth.executions).toBe(binomial(n + m, n));
    expect(truth.traces.size).toBe(1);
  });

  it('have C(n + m + 2, n + 1) when starts are counted', () => {
    expect(enumerate(independent(2, 3), { starts: true }).executions).toBe(binomial(7, 3));
  });
});

describe('the race on x = 5', () => {
  const race = (locked: boolean) =>
    model(({ cell, mutex, thread }) => {
      const [x, m] = [cell('x', 5), mutex('m')];
      const changes = { add: (v: number) => v + 1, double: (v: number) => v * 2 };
      for (const [name, change] of Object.entries(changes)) {
        thread(name, function* (see) {
          if (locked) m.lock() ?? (yield);
          const v = x.load() ?? (yield);
          x.store(change(v)) ?? (yield);
          if (locked) m.unlock() ?? (yield);
          see('wrote', change(v));
        });
      }
    });
  const results = ({ finals }: Truth) =>
    new Set([...finals].map((final) => Number((final.split(' | ')[1] as string).split(',')[0])));

  it('has the outcomes 6, 10, 11 and 12 in six executions of four traces', () => {
    const truth = enumerate(race(false));
    expect(results(truth)).toEqual(new Set([6, 10, 11, 12]));
    expect(truth.executions).toBe(6n);
    expect(truth.traces.size).toBe(4);
    const executions = [...truth.traces.values()].map((trace) => trace.executions);
    expect(executions.sort()).toEqual([1n, 1n, 2n, 2n]);
  });

  it('needs a preemption for 6 and for 10', () => {
    expect(tracesWithin(enumerate(race(false)), 0).size).toBe(2);
    expect(tracesWithin(enumerate(race(false)), 1).size).toBe(4);
  });

  it('has 11 and 12 with a mutex', () => {
    expect(results(enumerate(race(true)))).toEqual(new Set([11, 12]));
  });
});

describe('a deadlock', () => {
  it('is told by who waits where', () => {
    const crossing = model(({ mutex, thread }) => {
      const [m, n] = [mutex('m'), mutex('n')];
      for (const [name, first, second] of [
        ['p', m, n],
        ['q', n, m],
      ] as const) {
        thread(name, function* () {
          first.lock() ?? (yield);
          second.lock() ?? (yield);
          second.unlock() ?? (yield);
          first.unlock() ?? (yield);
        });
      }
    });
    const truth = enumerate(crossing);
    expect(truth.deadlocks).toEqual(new Set(['p: lock(n), q: lock(m)']));
    expect(truth.traces.size).toBe(3);
  });
});

/** Brute force without any merging is slow: for programs with few executions. */
const EXECUTIONS_MAX = 2_000n;

describe.each([
  ['cells and locks', lockingPrograms],
  ['branches on what was read', decidingPrograms],
  ['semaphores and conditions', waitingPrograms],
])('of any small program with %s', (_name, programs) => {
  it('equivalent prefixes need be followed only once', () => {
    fc.assert(
      fc.property(programs, (source) => {
        const merged = enumerate(built(source));
        fc.pre(merged.executions <= EXECUTIONS_MAX);
        const { prefixes, ...all } = enumerate(built(source), { merge: false });
        expect(merged).toEqual({ ...all, prefixes: merged.prefixes });
        expect(merged.prefixes).toBeLessThanOrEqual(prefixes);
      }),
      { numRuns: 100 },
    );
  });

  it('the traces are the classes under exchange of independent neighbours', () => {
    fc.assert(
      fc.property(programs, (source) => {
        const truth = enumerate(built(source));
        fc.pre(truth.executions <= EXECUTIONS_MAX);
        const executions = [...everyExecution(built(source))];
        expect(BigInt(executions.length)).toBe(truth.executions);
        const classes = classesUnderExchange(executions.map(({ events }) => events));
        expect(new Set(classes).size).toBe(truth.traces.size);

        const fewest = new Map<number, string>();
        for (const [i, { final, preemptions }] of executions.entries()) {
          const known = fewest.get(classes[i] as number);
          const best = Math.min(preemptions, Number(known?.split(' ')[0] ?? preemptions));
          fewest.set(classes[i] as number, `${best} ${final}`);
        }
        const expected = [...truth.traces.values()].map((t) => `${t.preemptions} ${t.final}`);
        expect([...fewest.values()].sort()).toEqual(expected.sort());
      }),
      { numRuns: 60 },
    );
  });

  it('the traces and their preemptions are the same when starts are steps', () => {
    fc.assert(
      fc.property(programs, (source) => {
        const truth = enumerate(built(source));
        fc.pre(truth.executions <= EXECUTIONS_MAX);
        const counted = enumerate(built(source), { starts: true });
        const facts = ({ traces }: Truth) =>
          new Map([...traces].map(([key, t]) => [key, [t.preemptions, t.final]]));
        expect(facts(counted)).toEqual(facts(truth));
        expect(counted.executions).toBeGreaterThanOrEqual(truth.executions);
      }),
      { numRuns: 40 },
    );
  });
});

/** By execution, the number of its class. */
function classesUnderExchange(executions: readonly (readonly Event[])[]): number[] {
  const lanesOf = (events: readonly Event[]) => events.map(({ lane }) => lane).join();
  const numbers = new Map(executions.map((events, i) => [lanesOf(events), i]));
  const parent = executions.map((_, i) => i);
  const rootOf = (i: number): number => {
    const above = parent[i] as number;
    return above === i ? i : rootOf(above);
  };
  for (const [i, events] of executions.entries()) {
    for (let at = 1; at < events.length; at++) {
      const [e, f] = [events[at - 1] as Event, events[at] as Event];
      if (areDependent(e, f)) continue;
      const exchanged = lanesOf([...events.slice(0, at - 1), f, e, ...events.slice(at + 1)]);
      // An independent neighbour could have gone first, so this execution exists.
      const other = numbers.get(exchanged) as number;
      parent[rootOf(i)] = rootOf(other);
    }
  }
  return parent.map((_, i) => rootOf(i));
}
