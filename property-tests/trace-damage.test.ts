import fc from 'fast-check';
import { expect, it } from 'vitest';
import { TraceFormatError } from '../traces/errors.ts';
import { packFrame, unpackBody } from '../traces/frames.ts';
import { readTrace, type Trace } from '../traces/reader.ts';
import { contents, join, recording, write } from './recordings.ts';

/** Reads everything that a trace offers; undefined if it is refused. Any other error escapes. */
function readAll(file: Uint8Array): Trace | undefined {
  try {
    const trace = readTrace(file);
    contents(trace);
    const cursor = trace.choices.cursor();
    while (cursor.next());
    return trace;
  } catch (error) {
    if (error instanceof TraceFormatError) return undefined;
    throw error;
  }
}

function expectSameContents(actual: Trace | undefined, expected: Trace | undefined): void {
  expect(actual && contents(actual)).toEqual(expected && contents(expected));
  expect(actual?.header).toEqual(expected?.header);
  expect(actual?.end).toEqual(expected?.end);
  expect(actual?.missing).toEqual(expected?.missing);
}

/** Which frame holds the byte at `offset`, and where it begins. */
function frameAt(frames: readonly Uint8Array[], offset: number): { index: number; start: number } {
  let start = 0;
  let index = 0;
  for (; start + frames[index]!.length <= offset; index++) start += frames[index]!.length;
  return { index, start };
}

it('a trace cut anywhere gives every whole frame before the cut and says where it ends', () => {
  fc.assert(
    fc.property(recording, fc.nat(), (recorded, place) => {
      const frames = write(recorded);
      const file = join(frames);
      const cut = place % file.length;
      const { index, start } = frameAt(frames, cut);
      const trace = readAll(file.subarray(0, cut));
      expectSameContents(trace, readAll(join(frames.slice(0, index))));
      expect(trace === undefined).toBe(index === 0);
      if (trace === undefined) return;
      expect(trace.missing.at(-1)?.what).toBe('end');
      const damage = [{ offset: start, length: cut - start, what: 'cut' }];
      expect(trace.damage).toMatchObject(cut === start ? [] : damage);
    }),
  );
});

it('a flipped bit loses the frame it is in, no other, and is reported there', () => {
  fc.assert(
    fc.property(recording, fc.nat(), fc.nat({ max: 7 }), (recorded, place, bit) => {
      const frames = write(recorded);
      const file = join(frames);
      const { index, start } = frameAt(frames, place % file.length);
      file[place % file.length]! ^= 1 << bit;
      const trace = readAll(file);
      expectSameContents(trace, readAll(join(frames.toSpliced(index, 1))));
      expect(trace?.damage).toMatchObject([{ offset: start, length: frames[index]!.length }]);
    }),
  );
});

it('a schedule with a hole is followed up to the hole', () => {
  fc.assert(
    fc.property(recording, fc.nat(), (recorded, place) => {
      const frames = write(recorded);
      const holding = frames.flatMap((frame, i) =>
        unpackBody(frame.subarray(9)).kind === 'choices' ? [i] : [],
      );
      fc.pre(holding.length > 0);
      const all = [...readTrace(join(frames)).choices];
      const { choices, missing } = readTrace(
        join(frames.toSpliced(holding[place % holding.length]!, 1)),
      );
      expect([...choices]).toEqual(all.slice(0, choices.length));
      expect(choices.length).toBeLessThan(all.length);
      expect(choices.completeUntil).toBe(all[choices.length - 1]?.step ?? 0);
      expect(missing).toMatchObject([{ what: 'choices', from: choices.length }]);
    }),
  );
});

it('frames lost, doubled, swapped and torn apart never raise anything but a format error', () => {
  const edit = fc.record({ from: fc.nat(), length: fc.nat({ max: 400 }), to: fc.nat() });
  fc.assert(
    fc.property(recording, fc.array(edit, { maxLength: 4 }), (recorded, edits) => {
      let file = Array.from(join(write(recorded)));
      for (const { from, length, to } of edits) {
        const at = from % file.length;
        file = file.toSpliced(
          to % file.length,
          length % 2 ? length : 0,
          ...file.slice(at, at + length),
        );
      }
      readAll(Uint8Array.from(file));
    }),
  );
});

it('whatever the bytes are, nothing but a format error is raised', () => {
  fc.assert(
    fc.property(fc.uint8Array({ size: '+1' }), (bytes) => {
      expect(readAll(bytes)).toBeUndefined();
    }),
  );
});

it('a field that became something else costs its frame, or the trace if it is the version', () => {
  const anything = fc.oneof(
    fc.anything({ withBigInt: true, withTypedArray: true, withDate: true }),
    fc.integer(),
    fc.uint8Array(),
  );
  fc.assert(
    fc.property(recording, fc.nat(), fc.nat(), anything, (recorded, place, field, value) => {
      const frames = write(recorded);
      const index = place % frames.length;
      const body = { ...unpackBody(frames[index]!.subarray(9)) };
      const keys = Object.keys(body);
      body[keys[field % keys.length]!] = value;
      let packed: Uint8Array;
      try {
        packed = packFrame(body);
      } catch {
        return; // msgpackr cannot write it
      }
      readAll(join(frames.with(index, packed)));
    }),
  );
});
