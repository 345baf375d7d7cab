import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { TraceMemory } from './memory.ts';
import { readTrace } from './reader.ts';
import type { TraceHeader } from './trace.ts';
import { TRACE_VERSION } from './version.ts';
import { TraceWriter } from './writer.ts';

const page = readFileSync(new URL('./FORMAT.md', import.meta.url), 'utf8');

/** The bytes of the worked example: what stands before the `;` in its hex blocks. */
function example(): Uint8Array {
  const blocks = [...page.matchAll(/^```hex\n(.*?)^```$/gms)].map((match) => match[1] ?? '');
  const digits =
    blocks
      .join('')
      .replaceAll(/;.*$/gm, '')
      .match(/[0-9a-f]{2}/g) ?? [];
  return Uint8Array.from(digits, (pair) => Number.parseInt(pair, 16));
}

const header: TraceHeader = {
  guest: 'kernel',
  program: 'share',
  args: ['hi'],
  seed: 42,
  strategy: 'random',
  prng: 'tychei',
  cpus: 2,
  mutants: [],
  config: { NSHM: 64 },
  fingerprint: 'f00d',
  detail: 1,
};

function record(): Uint8Array {
  const memory = new TraceMemory();
  const writer = new TraceWriter(memory.sink, header);
  writer.choice(0, 0);
  writer.choice(3, 1);
  writer.choice(7, 2);
  writer.choice(11, 3);
  writer.choice(511, 0);
  writer.switched(2, 0, 0, 3, 'schedule');
  writer.enter(9, 1, 3, 'shm_open', ['foo', 8192]);
  writer.exit(14, 1, 3, 'shm_open', -1);
  writer.checkpoint(511, 'c0ffee');
  writer.end({ steps: 600, switches: 5, verdict: 'pass', digest: 'c0ffee', exitCode: 0 });
  return memory.bytes();
}

it('the example of FORMAT.md is, byte for byte, what the writer makes of it', () => {
  expect(Buffer.from(record()).toString('hex')).toBe(Buffer.from(example()).toString('hex'));
});

it('the example of FORMAT.md reads as it says', () => {
  const trace = readTrace(example());
  expect([...trace.choices]).toEqual([
    { step: 0, lane: 0 },
    { step: 3, lane: 1 },
    { step: 7, lane: 2 },
    { step: 11, lane: 3 },
    { step: 511, lane: 0 },
  ]);
  expect([...trace.events]).toEqual([
    { kind: 'switch', step: 2, cpu: 0, from: 0, to: 3, reason: 'schedule' },
    { kind: 'enter', step: 9, cpu: 1, pid: 3, call: 'shm_open', args: ['foo', 8192] },
    { kind: 'exit', step: 14, cpu: 1, pid: 3, call: 'shm_open', result: -1 },
  ]);
  expect([trace.damage, trace.missing]).toEqual([[], []]);
});

it('FORMAT.md is about the version that this build writes', () => {
  expect(page).toMatch(new RegExp(`^# .*version ${TRACE_VERSION}$`, 'm'));
});
