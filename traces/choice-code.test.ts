import { describe, expect, it } from 'vitest';
import { type ChoiceRun, decodeChoices, encodeChoices } from './choice-code.ts';
import { Malformed } from './errors.ts';

function encode(pairs: readonly (readonly [number, number])[], step = 0, lane = 0): ChoiceRun {
  const steps = Float64Array.from(pairs, ([s]) => s);
  const lanes = Uint32Array.from(pairs, ([, l]) => l);
  return encodeChoices(steps, lanes, pairs.length, step, lane);
}

function decode(run: ChoiceRun): [number, number][] {
  const { steps, lanes } = decodeChoices(run);
  return Array.from(steps, (step, i) => [step, lanes[i]!]);
}

describe('a run of switches', () => {
  it.each([
    ['with nothing in it', []],
    ['at step 0 to the lane that runs already', [[0, 0]]],
    [
      'with two switches at one step',
      [
        [5, 1],
        [5, 2],
      ],
    ],
    [
      'with far lanes',
      [
        [1, 127],
        [2, 0],
        [3, 126],
        [9, 64],
      ],
    ],
    [
      'with a gap beyond 32 bits',
      [
        [1, 1],
        [2 ** 40, 0],
        [2 ** 52, 1],
      ],
    ],
    [
      'with lanes beyond 16 bits',
      [
        [1, 2 ** 20],
        [2, 3],
      ],
    ],
  ] as [string, [number, number][]][])('comes back %s', (_, pairs) => {
    expect(decode(encode(pairs))).toEqual(pairs);
  });

  it('continues from the switch before it', () => {
    const run = encode(
      [
        [1003, 1],
        [1004, 3],
      ],
      1000,
      3,
    );
    expect([run.step, run.lane, run.data.length]).toEqual([1000, 3, 2]);
    expect(decode(run)).toEqual([
      [1003, 1],
      [1004, 3],
    ]);
  });

  it('of an even round-robin takes three bytes however long it is', () => {
    const pairs = Array.from({ length: 1000 }, (_, i): [number, number] => [
      7 * (i + 1),
      (i + 1) % 3,
    ]);
    const run = encode(pairs);
    expect(run.data.length).toBeLessThanOrEqual(4);
    expect(decode(run)).toEqual(pairs);
  });

  it('between two lanes takes one byte a switch for gaps up to 63', () => {
    const steps = [63, 64, 104, 121, 183, 188];
    const run = encode(steps.map((step, i) => [step, (i + 1) % 2]));
    expect([run.bits, run.data.length]).toEqual([2, steps.length]);
  });

  it('between fifteen lanes takes one byte a switch for gaps up to 15', () => {
    const lanes = [14, 3, 8, 1, 12, 11, 0, 7, 5];
    const run = encode(lanes.map((lane, i) => [15 * (i + 1), lane]));
    expect([run.bits, run.data.length]).toEqual([4, lanes.length]);
  });
});

describe('a run that no writer makes is malformed:', () => {
  const good = encode([
    [3, 1],
    [9, 0],
    [11, 1],
  ]);
  it.each([
    ['a count above the switches', { count: 4 }],
    ['a count below the switches', { count: 2 }],
    ['a repetition before any switch', { data: Uint8Array.of(0) }],
    ['an endless repetition', { data: Uint8Array.of(1, 0xfc, 0xff, 0xff, 0xff, 0x7f) }],
    ['a lane out of range', { lanes: 1 }],
    ['an escape at the end', { data: Uint8Array.of(0xff) }],
    ['steps beyond every number', { count: 2, step: 2 ** 53 - 1, data: Uint8Array.of(1, 0) }],
  ] as [string, Partial<ChoiceRun>][])('%s', (_, change) => {
    expect(() => decodeChoices({ ...good, ...change })).toThrow(Malformed);
  });
});
