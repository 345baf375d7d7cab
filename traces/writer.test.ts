import { describe, expect, it } from 'vitest';
import { unpackBody } from './frames.ts';
import { readTrace } from './reader.ts';
import type { TraceHeader } from './trace.ts';
import { TraceWriter } from './writer.ts';

const header: TraceHeader = {
  guest: 'kernel',
  program: 'shmtest',
  args: ['foo', '8192', '4'],
  seed: 42,
  strategy: 'round-robin',
  prng: 'tychei',
  cpus: 2,
  mutants: [],
  config: { NSHM: 64, poison: true },
  fingerprint: 'f00d',
  detail: 1,
};

const end = { steps: 10_000, switches: 0, verdict: 'pass', digest: 'd', exitCode: 0 };

function kindsOf(parts: readonly Uint8Array[]): unknown[] {
  return parts.map((part) => unpackBody(part.subarray(9)).kind);
}

describe('the writer', () => {
  it('says in the first bytes of a file what it is', () => {
    const parts: Uint8Array[] = [];
    new TraceWriter((bytes) => parts.push(bytes), header);
    const start = String.fromCharCode(...parts[0]!.subarray(9, 45));
    expect(parts[0]![0]).toBe(0xc1);
    expect(start).toMatch(/^.\u00a4kind\u00a6header\u00a5magic\u00aaxv6-replay/);
  });

  it('writes the same bytes whatever the order of the configuration', () => {
    const parts: Uint8Array[] = [];
    new TraceWriter((bytes) => parts.push(bytes), { ...header, config: { a: 1, b: 2 } });
    new TraceWriter((bytes) => parts.push(bytes), { ...header, config: { b: 2, a: 1 } });
    expect(parts[1]).toEqual(parts[0]);
  });

  it('hands over a choices frame when it is full, and the rest at the end', () => {
    const parts: Uint8Array[] = [];
    const writer = new TraceWriter((bytes) => parts.push(bytes), header, { choicesPerFrame: 300 });
    for (let step = 1; step <= 700; step++) writer.choice(step, step % 2);
    expect(kindsOf(parts)).toEqual(['header', 'choices', 'choices']);
    expect(writer.choices).toBe(700);
    writer.end(end);
    expect(kindsOf(parts).slice(3)).toEqual(['choices', 'end']);
  });

  it('hands over events before they exceed the limit by more than one', () => {
    const parts: Uint8Array[] = [];
    const writer = new TraceWriter((bytes) => parts.push(bytes), header, {
      eventBytesPerFrame: 1000,
    });
    for (let step = 0; step < 5000; step++) writer.enter(step, 0, 3, 'shm_map', [step, 'x']);
    for (let step = 0; step < 5000; step++) writer.print(step, 0, 3, `line ${step}`);
    expect(Math.max(...parts.map((part) => part.length))).toBeLessThan(1200);
    expect(parts.length).toBeGreaterThan(50);
  });

  it('leaves few switches waiting at a checkpoint, and none at a finding', () => {
    const parts: Uint8Array[] = [];
    const writer = new TraceWriter((bytes) => parts.push(bytes), header);
    for (let step = 1; step <= 255; step++) writer.choice(step, step % 2);
    writer.checkpoint(255, 'a');
    writer.choice(256, 0);
    writer.checkpoint(256, 'b');
    writer.choice(257, 1);
    writer.irq(257, 0);
    writer.finding({ step: 257, kind: 'panic', title: 'panic: acquire', id: 'XR-1', detail: null });
    expect(kindsOf(parts)).toEqual([
      ...['header', 'checkpoint', 'choices', 'checkpoint'],
      ...['choices', 'events', 'finding'],
    ]);
  });

  it('records only the events that the detail asks for', () => {
    const seen = [0, 1, 2].map((detail) => {
      const parts: Uint8Array[] = [];
      const writer = new TraceWriter((bytes) => parts.push(bytes), { ...header, detail });
      writer.switched(1, 0, 0, 1, 'schedule');
      writer.lock(2, 0, 1, 'shm');
      writer.sleep(2, 0, 1, 'pipe');
      writer.flush();
      return [...readTrace(Uint8Array.from(parts.flatMap((part) => [...part]))).events].length;
    });
    expect(seen).toEqual([0, 1, 3]);
  });

  it('refuses a switch back in time, or to something that is no lane', () => {
    const writer = new TraceWriter(() => {}, header);
    writer.choice(10, 1);
    expect(() => writer.choice(9, 0)).toThrow(RangeError);
    expect(() => writer.choice(Number.NaN, 0)).toThrow(RangeError);
    expect(() => writer.choice(11, -1)).toThrow(RangeError);
    expect(() => writer.choice(11, 0.5)).toThrow(RangeError);
    expect(writer.choices).toBe(1);
  });

  it('refuses frames of fewer than 256 switches', () => {
    expect(() => new TraceWriter(() => {}, header, { choicesPerFrame: 255 })).toThrow(RangeError);
  });
});
