import { expect, it } from 'vitest';
import { Malformed } from './errors.ts';
import { packFrame, unpackBody } from './frames.ts';

it.each([
  ['a list of 2^32 - 1', [0x81, 0xa1, 0x61, 0xdd, 0xff, 0xff, 0xff, 0xff]],
  [
    'lists of 2^25 in one another',
    [0x81, 0xa1, 0x61, ...Array(20).fill([0xdd, 2, 0, 0, 0]).flat()],
  ],
  ['a map of 2^32 - 1', [0xdf, 0xff, 0xff, 0xff, 0xff, 0xa1, 0x61, 1]],
  ['bytes that are not there', [0x81, 0xa1, 0x61, 0xc6, 0xff, 0xff, 0xff, 0xff, 1]],
  ['text that is not there', [0x81, 0xa1, 0x61, 0xdb, 0x7f, 0xff, 0xff, 0xff, 1]],
  ['a record of msgpackr', [0xd4, 0x72, 0x40, 0x91, 0xa1, 0x61, 1]],
  ['an expression of msgpackr', [0xc7, 4, 0x78, 0x92, 0xa1, 0x61, 0xa0]],
  ['a date', [0xd6, 0xff, 0, 0, 0, 1]],
  ['two values', [0x80, 0x80]],
  ['a thousand lists in one another', [...Array(1000).fill(0x91), 1]],
])('a body with %s is refused before it is decoded', (_, bytes: number[]) => {
  expect(() => unpackBody(Uint8Array.from(bytes))).toThrow(Malformed);
});

it('a body of every plain kind of value is decoded', () => {
  const body = {
    numbers: [0, -1, 127, 128, -129, 65_536, -2_147_483_649, 2 ** 40, 1.5],
    texts: ['', 'a', 'b'.repeat(40), 'c'.repeat(300), 'd'.repeat(70_000)],
    others: [null, true, false, {}, [], Array.from({ length: 70_000 }, () => 1)],
    bytes: new Uint8Array(70_000),
  };
  expect(unpackBody(packFrame(body).subarray(9))).toMatchObject({
    ...body,
    bytes: expect.anything(),
  });
});
