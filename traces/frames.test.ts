import { describe, expect, it } from 'vitest';
import { Malformed } from './errors.ts';
import { FRAME_BYTES_MAX, FRAME_MARK, packFrame, scanFrames, unpackBody } from './frames.ts';

const first = packFrame({ kind: 'first', text: 'abc' });
const second = packFrame({ kind: 'second', text: 'defg' });

function join(...parts: readonly (Uint8Array | readonly number[])[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

function kinds(file: Uint8Array): unknown[] {
  return scanFrames(file).frames.map((frame) => unpackBody(frame.body).kind);
}

describe('scanning', () => {
  it('finds whole frames and no damage', () => {
    const file = join(first, second);
    expect(kinds(file)).toEqual(['first', 'second']);
    expect(scanFrames(file).damage).toEqual([]);
  });

  it('works on a view into a larger buffer', () => {
    const file = join([1, 2, 3], first).subarray(3);
    expect(kinds(file)).toEqual(['first']);
  });

  it('reports bytes between frames and goes on behind them', () => {
    const file = join(first, [FRAME_MARK + 1, FRAME_MARK, 7], second);
    expect(kinds(file)).toEqual(['first', 'second']);
    expect(scanFrames(file).damage).toMatchObject([
      { offset: first.length, length: 3, what: 'garbage' },
    ]);
  });

  it('loses one frame to a changed byte', () => {
    const file = join(first, second, first);
    file[first.length + 12]! ^= 1;
    expect(kinds(file)).toEqual(['first', 'first']);
    expect(scanFrames(file).damage).toMatchObject([
      { offset: first.length, length: second.length, what: 'bad checksum' },
    ]);
  });

  it('does not follow a length that became absurd', () => {
    const file = join(first, second);
    file[4] = 0xff;
    expect(kinds(file)).toEqual(['second']);
  });

  it('calls a frame that the end of the file interrupts cut', () => {
    for (const left of [1, 8, 9, second.length - 1]) {
      const file = join(first, second.subarray(0, left));
      expect(scanFrames(file).damage).toMatchObject([
        { offset: first.length, length: left, what: 'cut' },
      ]);
    }
  });

  it('ends soon on a file that is full of heads', () => {
    const head = [FRAME_MARK, 0, 0, 0x40, 0, 1, 2, 3, 4];
    const file = new Uint8Array(5_000_000);
    for (let at = 0; at + head.length <= file.length; at += head.length) file.set(head, at);
    const { frames, damage } = scanFrames(file);
    expect(frames).toEqual([]);
    expect(damage).toHaveLength(1);
  });
});

describe('a body', () => {
  it('that is not a map of msgpack is malformed', () => {
    expect(() => unpackBody(Uint8Array.of(0xdd, 0xff, 0xff, 0xff, 0xff))).toThrow(Malformed);
    expect(() => unpackBody(Uint8Array.of(0x93, 1, 2, 3))).toThrow(Malformed);
    expect(() => unpackBody(Uint8Array.of(0x80, 0x80))).toThrow(Malformed);
  });

  it('above the limit is refused when it is written', () => {
    expect(() => packFrame({ data: new Uint8Array(FRAME_BYTES_MAX) })).toThrow(RangeError);
  });
});
