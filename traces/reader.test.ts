import { describe, expect, it } from 'vitest';
import { TraceFormatError } from './errors.ts';
import { packFrame, unpackBody } from './frames.ts';
import { TraceMemory } from './memory.ts';
import { readTrace } from './reader.ts';
import type { TraceHeader } from './trace.ts';
import { TRACE_VERSION } from './version.ts';
import { TraceWriter } from './writer.ts';

const header: TraceHeader = {
  guest: 'kernel',
  program: 'shmtest',
  args: ['foo'],
  seed: 42,
  strategy: 'random',
  prng: 'tychei',
  cpus: 2,
  mutants: [],
  config: {},
  fingerprint: 'f00d',
  detail: 1,
};

/** A trace of 1,000 switches and 900 events, as its frames. */
function frames(): Uint8Array[] {
  const parts: Uint8Array[] = [];
  const writer = new TraceWriter((bytes) => parts.push(bytes), header, { choicesPerFrame: 256 });
  for (let step = 1; step <= 1000; step++) {
    writer.choice(step * 3, step % 3);
    if (step <= 900) writer.irq(step * 3, 0);
    if (step % 300 === 0) writer.flush();
  }
  writer.checkpoint(3000, 'abc');
  writer.end({ steps: 3000, switches: 1000, verdict: 'pass', digest: 'abc', exitCode: 0 });
  return parts;
}

function join(parts: readonly Uint8Array[]): Uint8Array {
  const memory = new TraceMemory();
  for (const part of parts) memory.sink(part);
  return memory.bytes();
}

function kindOf(frame: Uint8Array): unknown {
  return unpackBody(frame.subarray(9)).kind;
}

function finding(detail: unknown): Uint8Array {
  return packFrame({ kind: 'finding', step: 1, finding: 'f', title: 't', id: 'XR-1', detail });
}

function codeOf(file: Uint8Array): string {
  try {
    readTrace(file);
  } catch (error) {
    if (error instanceof TraceFormatError) return `${error.code}: ${error.message}`;
  }
  return 'readable';
}

describe('a file', () => {
  it('that is empty is refused as empty', () => {
    expect(codeOf(new Uint8Array(0))).toBe('empty: the trace is empty');
  });

  it('of something else is refused as no trace', () => {
    const text = new TextEncoder().encode('{"kind":"mutant","name":"x"}\n'.repeat(20));
    expect(codeOf(text)).toBe('not-a-trace: this is not a trace of xv6-replay');
  });

  it('cut inside its header is refused as damaged, not as something else', () => {
    const [first] = frames();
    for (const length of [1, 9, 60]) {
      expect(codeOf(first!.subarray(0, length))).toMatch(/^unreadable: /);
    }
  });

  it('of a newer format is refused with both versions named', () => {
    const body = {
      kind: 'header',
      magic: 'xv6-replay',
      version: TRACE_VERSION + 1,
      whatever: true,
    };
    expect(codeOf(join([packFrame(body), ...frames()]))).toBe(
      `version: the trace is in a newer format, version ${TRACE_VERSION + 1}; this program reads version ${TRACE_VERSION}`,
    );
  });
});

describe('a trace without its header', () => {
  it('still gives its events, and says that the header is missing', () => {
    const trace = readTrace(join(frames().slice(1)));
    expect(trace.header).toBeUndefined();
    expect(trace.missing).toMatchObject([{ what: 'header' }]);
    expect([...trace.events]).toHaveLength(900);
  });
});

describe('a trace without one choices frame', () => {
  const all = frames();
  const lost = all.findIndex((f) => kindOf(f) === 'choices' && unpackBody(f.subarray(9)).n !== 0);
  const trace = readTrace(join(all.toSpliced(lost, 1)));

  it('has a schedule up to the hole', () => {
    expect(trace.choices.length).toBe(256);
    expect(trace.choices.completeUntil).toBe(768);
    expect([...trace.choices].at(-1)).toEqual({ step: 768, lane: 1 });
  });

  it('names the switches that are missing', () => {
    expect(trace.missing).toEqual([
      { what: 'choices', from: 256, count: 44, message: 'switches 256 to 299 are missing (44)' },
    ]);
  });

  it('gives the switches behind the hole with their numbers', () => {
    const behind = [...trace.choices.readable()].find((choice) => choice.index >= 256);
    expect(behind).toEqual({ index: 300, step: 903, lane: 1 });
  });
});

describe('a trace without its end', () => {
  const trace = readTrace(join(frames().slice(0, -1)));

  it('says so', () => {
    expect(trace.end).toBeUndefined();
    expect(trace.missing).toMatchObject([{ what: 'end' }]);
  });

  it('is known up to its last switch only', () => {
    expect(trace.choices.completeUntil).toBe(3000);
  });
});

describe('whole frames that do not belong', () => {
  const all = frames();
  const deep = JSON.parse('['.repeat(100) + ']'.repeat(100));

  it.each([
    ['of a kind from another program', packFrame({ kind: 'weather' }), 'unknown frame'],
    ['that repeat switches', all.find((f) => kindOf(f) === 'choices')!, 'bad content'],
    ['that repeat events', all.find((f) => kindOf(f) === 'events')!, 'bad content'],
    ['with a second header', all[0]!, 'bad content'],
    ['with a second end', all.at(-1)!, 'bad content'],
    ['with a bottomless finding', finding(deep), 'bad content'],
    ['with bytes in a finding', finding(Uint8Array.of(1)), 'bad content'],
    ['that are no map', packFrame([1, 2]), 'bad content'],
  ])('%s are reported and skipped', (_, extra, what) => {
    const trace = readTrace(join([...all, extra]));
    const offset = join(all).length;
    expect(trace.damage).toMatchObject([{ offset, length: extra.length, what }]);
    expect(trace.missing).toEqual([]);
    expect([trace.choices.length, trace.eventCount]).toEqual([1000, 900]);
  });

  it('with switches of another execution are not taken for the next ones', () => {
    const other: Uint8Array[] = [];
    const writer = new TraceWriter((bytes) => other.push(bytes), header, { choicesPerFrame: 256 });
    for (let step = 1; step <= 512; step++) writer.choice(step * 5, step % 2);
    const second = all.findIndex((f) => kindOf(f) === 'choices') + 1;
    const trace = readTrace(join([...all.slice(0, second), other[2]!]));
    expect(trace.damage).toMatchObject([{ what: 'bad content' }]);
    expect(trace.choices.length).toBe(256);
  });
});
