/**
 * CRC-32 as in zlib, PNG and Ethernet (reflected polynomial 0xEDB88320, all ones before and after).
 * Eight bytes a round ("slicing by 8", Kounavis and Berry 2005), because below `src/` there is no zlib.
 */

const SLICES = 8;
const table = new Uint32Array(SLICES * 256);
for (let n = 0; n < 256; n++) {
  let c = n;
  for (let bit = 0; bit < 8; bit++) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1;
  table[n] = c;
}
for (let n = 256; n < table.length; n++) {
  const c = table[n - 256] as number;
  table[n] = (c >>> 8) ^ (table[c & 0xff] as number);
}

/** The checksum of `bytes[from, to)`, as an unsigned 32-bit number. */
export function crc32(bytes: Uint8Array, from = 0, to = bytes.length): number {
  const t = table;
  const b = bytes;
  let c = 0xffffffff;
  let at = from;
  for (const rounds = to - 7; at < rounds; at += 8) {
    c ^= b[at]! | (b[at + 1]! << 8) | (b[at + 2]! << 16) | (b[at + 3]! << 24);
    c =
      t[1792 + (c & 0xff)]! ^
      t[1536 + ((c >>> 8) & 0xff)]! ^
      t[1280 + ((c >>> 16) & 0xff)]! ^
      t[1024 + (c >>> 24)]! ^
      t[768 + b[at + 4]!]! ^
      t[512 + b[at + 5]!]! ^
      t[256 + b[at + 6]!]! ^
      t[b[at + 7]!]!;
  }
  for (; at < to; at++) c = t[(c ^ b[at]!) & 0xff]! ^ (c >>> 8);
  return ~c >>> 0;
}
