import { expect, it } from 'vitest';
import { ByteReader, ByteWriter } from './bytes.ts';
import { Malformed } from './errors.ts';

const edges = [
  0,
  1,
  31,
  32,
  63,
  64,
  127,
  128,
  8191,
  8192,
  2 ** 29,
  2 ** 30 - 1,
  2 ** 30,
  2 ** 31 - 1,
  2 ** 31,
  2 ** 32,
  2 ** 52,
  Number.MAX_SAFE_INTEGER,
];

it('unsigned and signed numbers come back at every edge', () => {
  const writer = new ByteWriter(1);
  for (const edge of edges) {
    writer.ensure(27);
    writer.unsigned(edge);
    writer.signed(edge);
    writer.signed(-edge);
  }
  const reader = new ByteReader(writer.view());
  for (const edge of edges) {
    expect(reader.unsigned()).toBe(edge);
    expect(reader.signed()).toBe(edge);
    expect(reader.signed()).toBe(edge === 0 ? 0 : -edge);
  }
  expect(reader.done).toBe(true);
});

it('a number below 64 takes one byte with its sign', () => {
  const writer = new ByteWriter(8);
  writer.signed(-1);
  writer.signed(63);
  expect([...writer.view()]).toEqual([3, 126]);
});

it('a fraction or an unsafe integer is refused', () => {
  const writer = new ByteWriter(16);
  for (const value of [0.5, 2 ** 53, Number.NaN, Number.POSITIVE_INFINITY]) {
    expect(() => writer.signed(value)).toThrow(RangeError);
  }
});

it('a number that does not end, or is too large, is malformed', () => {
  expect(() => new ByteReader(Uint8Array.of(0x80)).unsigned()).toThrow(Malformed);
  expect(() => new ByteReader(new Uint8Array(32).fill(0x80)).unsigned()).toThrow(Malformed);
  expect(() => new ByteReader(new Uint8Array(9).fill(0xff)).unsigned()).toThrow(Malformed);
  expect(() => new ByteReader(new Uint8Array(0)).signed()).toThrow(Malformed);
});
