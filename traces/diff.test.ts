import { describe, expect, it } from 'vitest';
import { diffTraces } from './diff.ts';
import { TraceMemory } from './memory.ts';
import { readTrace, type Trace } from './reader.ts';
import type { TraceHeader } from './trace.ts';
import { TraceWriter } from './writer.ts';

const header: TraceHeader = {
  guest: 'bare',
  program: 'counter',
  args: [],
  seed: 1,
  strategy: 'random',
  prng: 'tychei',
  cpus: 1,
  mutants: [],
  config: { NSHM: 64 },
  fingerprint: 'f00d',
  detail: 1,
};

function trace(change: Partial<TraceHeader>, record: (writer: TraceWriter) => void): Trace {
  const memory = new TraceMemory();
  const writer = new TraceWriter(memory.sink, { ...header, ...change });
  record(writer);
  writer.flush();
  return readTrace(memory.bytes());
}

function run(writer: TraceWriter, lanes: readonly number[]): void {
  lanes.forEach((lane, i) => {
    writer.choice(i + 1, lane);
    writer.lock(i + 1, 0, lane, 'mutex');
    writer.enter(i + 1, 0, lane, 'store', ['x', lane]);
  });
}

describe('the difference of two traces', () => {
  it('is nothing if both record the same execution', () => {
    const a = trace({}, (writer) => run(writer, [0, 1, 2]));
    const b = trace({}, (writer) => run(writer, [0, 1, 2]));
    expect(diffTraces(a, b)).toBeUndefined();
  });

  it('is nothing if one only has more detail', () => {
    const a = trace({ detail: 2 }, (writer) => run(writer, [0, 1, 2]));
    const b = trace({ detail: 1 }, (writer) => run(writer, [0, 1, 2]));
    expect(diffTraces(a, b)).toBeUndefined();
  });

  it('begins at the first switch that differs, with what came before', () => {
    const a = trace({}, (writer) => run(writer, [0, 1, 2, 0, 1, 2, 0, 1]));
    const b = trace({}, (writer) => run(writer, [0, 1, 2, 0, 1, 2, 1, 1]));
    const difference = diffTraces(a, b);
    expect(difference).toMatchObject({ header: [], step: 7 });
    expect(difference?.choice).toEqual({
      index: 6,
      a: { step: 7, lane: 0 },
      b: { step: 7, lane: 1 },
      before: [
        { step: 2, lane: 1 },
        { step: 3, lane: 2 },
        { step: 4, lane: 0 },
        { step: 5, lane: 1 },
        { step: 6, lane: 2 },
      ],
    });
    expect(difference?.event).toMatchObject({ index: 6, a: { pid: 0 }, b: { pid: 1 } });
  });

  it('shows an argument that differs although the schedules agree', () => {
    const a = trace({}, (writer) => writer.enter(1, 0, 1, 'store', ['x', 1]));
    const b = trace({}, (writer) => writer.enter(1, 0, 1, 'store', ['x', 2]));
    const difference = diffTraces(a, b);
    expect(difference).toMatchObject({ step: 1, event: { index: 0, before: [] } });
    expect(difference).not.toHaveProperty('choice');
  });

  it('has one side only where one trace is longer', () => {
    const a = trace({}, (writer) => run(writer, [0, 1]));
    const b = trace({}, (writer) => run(writer, [0, 1, 0]));
    const choice = diffTraces(a, b)?.choice;
    expect(choice).toMatchObject({ index: 2, a: undefined, b: { step: 3, lane: 0 } });
  });

  it('names the fields of the header that an execution depends on', () => {
    const a = trace({ seed: 1, config: { NSHM: 64, NOSHM: 16 } }, () => {});
    const b = trace({ seed: 2, config: { NSHM: 8, NOSHM: 16 }, mutants: ['m'] }, () => {});
    expect(diffTraces(a, b)?.header).toEqual([
      { field: 'seed', a: 1, b: 2 },
      { field: 'mutants', a: [], b: ['m'] },
      { field: 'config.NSHM', a: 64, b: 8 },
    ]);
  });
});
