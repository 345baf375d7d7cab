import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { replay } from '../src/verbs/replay.ts';
import { TraceMemory } from '../traces/memory.ts';
import { readTrace } from '../traces/reader.ts';
import { GOLDEN, record, recordAgain, withoutFindings } from './golden-runs.ts';

const FOLDER = resolve(import.meta.dirname, '../traces/golden');

it('every golden execution has its trace, and every golden trace its execution', () => {
  const names = readdirSync(FOLDER).map((name) => name.replace(/\.xrt$/, ''));
  expect(names.sort()).toEqual(Object.keys(GOLDEN).sort());
});

// Where one fails on purpose: CONTRIBUTING.md says when `npm run golden` is right.
describe.each(Object.entries(GOLDEN))('the golden trace of %s', (name, what) => {
  const file = readFileSync(join(FOLDER, `${name}.xrt`));
  const trace = readTrace(file);
  const golden = withoutFindings(file);

  it('is whole', () => {
    expect([trace.damage, trace.missing]).toEqual([[], []]);
  });

  it('replays, and what the replay records is the same file', () => {
    const again = new TraceMemory();
    const { complete, foreign, finding } = replay(trace, { sink: again.sink });
    expect([complete, foreign]).toEqual([true, false]);
    expect(finding?.title).toBe(trace.findings[0]?.title);
    expect(withoutFindings(again.bytes()).equals(golden)).toBe(true);
  });

  it('is what its header alone gives, byte for byte', () => {
    if (trace.header === undefined) throw new Error('the header is lost');
    expect(withoutFindings(recordAgain(trace.header)).equals(golden)).toBe(true);
    expect(withoutFindings(record(what())).equals(golden)).toBe(true);
  });
});
