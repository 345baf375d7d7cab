import { crc32 as zlibCrc32 } from 'node:zlib';
import { expect, it } from 'vitest';
import { crc32 } from './crc32.ts';

it('the check value of CRC-32 is cbf43926', () => {
  expect(crc32(new TextEncoder().encode('123456789'))).toBe(0xcbf43926);
});

it('no bytes have the checksum 0', () => {
  expect(crc32(new Uint8Array(0))).toBe(0);
});

it('the bytes before and after the range do not count', () => {
  expect(crc32(new TextEncoder().encode('xx123456789y'), 2, 11)).toBe(0xcbf43926);
});

// zlib.crc32 came with Node 20.15 and 22.2.
it('every length and alignment agrees with zlib', () => {
  const bytes = Uint8Array.from({ length: 64 }, (_, i) => (i * 151 + 77) & 0xff);
  for (let from = 0; from < 9; from++) {
    for (let to = from; to <= bytes.length; to++) {
      expect(crc32(bytes, from, to)).toBe(zlibCrc32(bytes.subarray(from, to)));
    }
  }
});
