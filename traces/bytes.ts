import { Malformed } from './errors.ts';

/*
 * The numbers of FORMAT.md. *Unsigned* is LEB128: seven bits a byte, lowest first, the top bit says that
 * more follow. *Signed* is the unsigned form of magnitude × 2 + (1 if negative): unlike zigzag in 32-bit
 * arithmetic it holds every safe integer, because the first byte is cut off before the number grows.
 */

/** Bytes that grow. The caller reserves with `ensure` before it puts; puts check nothing. */
export class ByteWriter {
  bytes: Uint8Array;
  at = 0;

  constructor(capacity: number) {
    this.bytes = new Uint8Array(capacity);
  }

  /** Makes room for `count` bytes more; a number takes at most 9. */
  ensure(count: number): void {
    if (this.at + count <= this.bytes.length) return;
    const larger = new Uint8Array(Math.max(this.bytes.length * 2, this.at + count));
    larger.set(this.bytes.subarray(0, this.at));
    this.bytes = larger;
  }

  byte(value: number): void {
    this.bytes[this.at++] = value;
  }

  /** `value` is a safe integer, 0 or more. */
  unsigned(value: number): void {
    const bytes = this.bytes;
    let at = this.at;
    let rest = value;
    while (rest >= 0x80000000) {
      bytes[at++] = (rest % 128) | 0x80;
      rest = Math.floor(rest / 128);
    }
    while (rest >= 0x80) {
      bytes[at++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    bytes[at++] = rest;
    this.at = at;
  }

  /** Throws a RangeError unless `value` is a safe integer. */
  signed(value: number): void {
    const sign = value < 0 ? 1 : 0;
    const magnitude = sign === 1 ? -value : value;
    if (magnitude < 64 && (value | 0) === value) {
      this.bytes[this.at++] = (magnitude << 1) | sign;
      return;
    }
    if (!Number.isSafeInteger(value)) throw new RangeError(`${value} is not a safe integer`);
    if (magnitude < 64) this.byte((magnitude << 1) | sign);
    else {
      this.byte(((magnitude % 64) << 1) | sign | 0x80);
      this.unsigned(Math.floor(magnitude / 64));
    }
  }

  /** The bytes put so far, as a view: the next put may change them. */
  view(): Uint8Array {
    return this.bytes.subarray(0, this.at);
  }
}

/** Reads what a `ByteWriter` put. Every method throws `Malformed` where the bytes break the rules. */
export class ByteReader {
  readonly bytes: Uint8Array;
  at = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  get done(): boolean {
    return this.at >= this.bytes.length;
  }

  byte(): number {
    const value = this.bytes[this.at];
    if (value === undefined) throw new Malformed('the data ends too early');
    this.at++;
    return value;
  }

  unsigned(): number {
    let byte = this.byte();
    let value = byte & 0x7f;
    let scale = 1;
    while (byte >= 0x80) {
      byte = this.byte();
      scale *= 128;
      value += (byte & 0x7f) * scale;
      if (value > Number.MAX_SAFE_INTEGER || scale > Number.MAX_SAFE_INTEGER) {
        throw new Malformed('a number is too large');
      }
    }
    return value;
  }

  signed(): number {
    const byte = this.byte();
    return this.signedRest(byte >> 1, 6, byte & 1);
  }

  /**
   * The rest of a signed number whose first byte is read: `low` holds its `bits` lowest bits, below
   * the bit that says whether more follow.
   */
  signedRest(low: number, bits: number, sign: number): number {
    const scale = 1 << bits;
    let magnitude = low & (scale - 1);
    if (low & scale) magnitude += this.unsigned() * scale;
    if (magnitude > Number.MAX_SAFE_INTEGER) throw new Malformed('a number is too large');
    return sign === 1 ? -magnitude : magnitude;
  }
}
