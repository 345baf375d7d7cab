import { describe, expect, it } from 'vitest';
import { Dpor } from '../scheduler/search/dpor.ts';
import { enumerate } from './truth/enumerate.ts';
import { explore } from './truth/explored.ts';
import { LITMUS, litmus } from './truth/litmus.ts';
import type { Model } from './truth/model.ts';
import { filesystem, indexer } from './truth/programs.ts';
import { LARGE, SMALL } from './truth/published.ts';

/** Every trace of the program once: the keys of what was run, not what the search says of itself. */
function expectTraces(model: Model, traces: number): void {
  const dpor = new Dpor();
  const { keys } = explore(model, dpor);
  expect(new Set(keys).size).toBe(traces);
  expect([keys.length, dpor.traces, dpor.redundant]).toEqual([traces, traces, 0]);
}

describe('a small program has the published number of traces', () => {
  it.each(SMALL)('$name: $traces, by brute force and by dpor ($source)', ({ make, traces }) => {
    expect(enumerate(make()).traces.size).toBe(traces);
    expectTraces(make(), traces);
  });

  it.each(LITMUS)('%s: %s: %i', (_name, text, traces) => {
    expect(enumerate(litmus(text)).traces.size).toBe(traces);
    expectTraces(litmus(text), traces);
  });
});

describe('dpor runs a large program as often as published', () => {
  it.each(LARGE)('$name: $traces ($source)', ({ make, traces }) => {
    const { program } = make();
    const dpor = new Dpor();
    do {
      dpor.begin(0, program.lanes.length);
      program.run(dpor);
    } while (dpor.next());
    expect([dpor.traces, dpor.redundant]).toEqual([traces, 0]);
  });
});

describe('threads that collide with no other add no trace', () => {
  // What brute force can say of indexer(15) and filesystem(25): pairs that collide multiply.
  it.each([
    ['indexer', indexer([0, 11]), 8],
    ['indexer', indexer([3, 14]), 8],
    ['filesystem', filesystem([0, 13]), 2],
    ['filesystem', filesystem([11, 24]), 2],
  ])('%s: a pair that collides', (_name, model, traces) => {
    expect(enumerate(model).traces.size).toBe(traces);
  });

  it.each([
    ['indexer', indexer([0, 10, 1])],
    ['filesystem', filesystem([0, 12, 1])],
  ])('%s: threads that do not', (_name, model) => {
    expect(enumerate(model).traces.size).toBe(1);
  });
});

describe('locks made of loads and stores', () => {
  const protocols = SMALL.filter(({ name }) => /peterson|dekker|szymanski/.test(name));

  it.each(protocols)('$name lets both in, one after the other', ({ make }) => {
    const finals = [...enumerate(make()).finals];
    expect(finals.filter((final) => final.includes('inside=1'))).toEqual([]);
    expect(finals.some((final) => final.match(/inside=0/g)?.length === 2)).toBe(true);
  });
});
