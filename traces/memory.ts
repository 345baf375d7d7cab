/** A trace kept in memory: give `sink` to the writer, then take `bytes()`. */
export class TraceMemory {
  readonly #parts: Uint8Array[] = [];
  #length = 0;

  readonly sink = (bytes: Uint8Array): void => {
    this.#parts.push(bytes);
    this.#length += bytes.length;
  };

  /** Everything written so far, as one copy. */
  bytes(): Uint8Array {
    const all = new Uint8Array(this.#length);
    let at = 0;
    for (const part of this.#parts) {
      all.set(part, at);
      at += part.length;
    }
    return all;
  }
}
