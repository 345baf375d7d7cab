import { Malformed } from './errors.ts';

/** Lists and maps inside one another. JSON in a finding has 64 levels, its frame one more. */
const DEPTH_MAX = 66;

/**
 * Checks that bytes are one msgpack value whose lengths all fit into them, before anything decodes it:
 * a decoder makes room for as many items as a length promises. Extension types are refused, because a
 * decoder gives them a meaning of its own. Allocates nothing that grows with the bytes.
 *
 * Source: the msgpack specification, section "Formats".
 *
 * @throws Malformed
 */
export function checkMsgpack(bytes: Uint8Array): void {
  const walk = new Walk(bytes);
  walk.value(0);
  if (walk.at !== bytes.length) throw new Malformed('bytes are left after the body');
}

/** Bytes behind the first, of values of one size: nil, false, true, numbers. */
const FIXED: ReadonlyMap<number, number> = new Map([
  [0xc0, 0],
  [0xc2, 0],
  [0xc3, 0],
  [0xca, 4],
  [0xcb, 8],
  [0xcc, 1],
  [0xcd, 2],
  [0xce, 4],
  [0xcf, 8],
  [0xd0, 1],
  [0xd1, 2],
  [0xd2, 4],
  [0xd3, 8],
]);

class Walk {
  at = 0;
  private readonly bytes: Uint8Array;
  private readonly view: DataView;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  value(depth: number): void {
    const head = this.bytes[this.at];
    if (head === undefined) throw new Malformed('the body ends too early');
    this.at++;
    if (head < 0x80 || head >= 0xe0) return;
    if (head < 0x90) this.items(2 * (head & 0x0f), depth);
    else if (head < 0xa0) this.items(head & 0x0f, depth);
    else if (head < 0xc0) this.skip(head & 0x1f);
    else this.long(head, depth);
  }

  private long(head: number, depth: number): void {
    const bytes = FIXED.get(head);
    if (bytes !== undefined) this.skip(bytes);
    else if (head === 0xdc || head === 0xdd) this.items(this.length(head - 0xdb), depth);
    else if (head === 0xde || head === 0xdf) this.items(2 * this.length(head - 0xdd), depth);
    else if (head >= 0xc4 && head <= 0xc6) this.skip(this.length(head - 0xc4));
    else if (head >= 0xd9 && head <= 0xdb) this.skip(this.length(head - 0xd9));
    else throw new Malformed('the body has something else than msgpack of plain values');
  }

  /** A length of 1, 2 or 4 bytes: 2 to the power of `size`. */
  private length(size: number): number {
    const { at } = this;
    this.skip(1 << size);
    if (size === 0) return this.view.getUint8(at);
    return size === 1 ? this.view.getUint16(at) : this.view.getUint32(at);
  }

  private skip(bytes: number): void {
    this.at += bytes;
    if (this.at > this.bytes.length) throw new Malformed('the body ends too early');
  }

  private items(count: number, depth: number): void {
    if (depth === DEPTH_MAX) throw new Malformed('the body is nested too deeply');
    // Each takes a byte at least.
    if (count > this.bytes.length - this.at) throw new Malformed('the body ends too early');
    for (let i = 0; i < count; i++) this.value(depth + 1);
  }
}
