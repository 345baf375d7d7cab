/** Bytes of a file or pipe, of which some may not be known. Never changes. */
export class FileBytes {
  static readonly EMPTY = new FileBytes(new Uint8Array(0));
  private readonly data: Uint8Array;
  /** By byte: 1 for one that is not known; undefined where all are. */
  private readonly unknown: Uint8Array | undefined;

  constructor(data: Uint8Array, unknown?: Uint8Array) {
    this.data = data;
    this.unknown = unknown;
  }

  /** So many bytes, of which only these words are known, by their number. */
  static ofWords(length: number, words: ReadonlyMap<number, number> = new Map()): FileBytes {
    const data = new Uint8Array(length);
    const unknown = new Uint8Array(length).fill(1);
    for (const [word, value] of words) {
      for (let i = 0; i < 4; i++) data[4 * word + i] = value >> (8 * i);
      unknown.fill(0, 4 * word, 4 * word + 4);
    }
    return new FileBytes(data, unknown);
  }

  get length(): number {
    return this.data.length;
  }

  slice(from: number, to?: number): FileBytes {
    return new FileBytes(this.data.subarray(from, to), this.unknown?.subarray(from, to));
  }

  /** With others from a place on, which is not after the end. */
  with(from: number, { data, unknown }: FileBytes): FileBytes {
    const length = Math.max(this.length, from + data.length);
    const all = new Uint8Array(length);
    all.set(this.data);
    all.set(data, from);
    if (this.unknown === undefined && unknown === undefined) return new FileBytes(all);
    const mask = new Uint8Array(length);
    if (this.unknown !== undefined) mask.set(this.unknown);
    mask.fill(0, from, from + data.length);
    if (unknown !== undefined) mask.set(unknown, from);
    return new FileBytes(all, mask);
  }

  /** Whether both can be the same. */
  agrees(other: FileBytes): boolean {
    if (this.length !== other.length) return false;
    if (Buffer.compare(this.data, other.data) === 0) return true;
    if (this.unknown === undefined && other.unknown === undefined) return false;
    return this.data.every(
      (byte, i) => byte === other.data[i] || this.unknown?.[i] === 1 || other.unknown?.[i] === 1,
    );
  }

  /** What can be read of them, unknown ones as question marks. */
  text(): string {
    const char = (byte: number): string =>
      byte < 32 || byte > 126 ? '.' : String.fromCharCode(byte);
    return Array.from(this.data, (byte, i) => (this.unknown?.[i] === 1 ? '?' : char(byte))).join(
      '',
    );
  }

  toJSON(): string {
    const data = Buffer.from(this.data).toString('latin1');
    return this.unknown === undefined ? data : `${data}|${this.unknown.join('')}`;
  }
}
