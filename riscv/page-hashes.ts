/** Hashes of memory, one a page, so that a digest of all of it costs what changed since the last. */

export const PAGE_SHIFT = 12;
const PAGE_WORDS = 1 << (PAGE_SHIFT - 2);
const ZEROS = hashOf(new Int32Array(PAGE_WORDS), 0, PAGE_WORDS);

export class PageHashes {
  private readonly words: Int32Array;
  private readonly hashes: Int32Array;
  /** 1 where the hash is that of the page as it is now. */
  private readonly known: Uint8Array;

  /**
   * @param words the memory; its length is a multiple of 4 words. The last page may be short.
   * @param zero whether it is all zeros now.
   */
  constructor(words: Int32Array, zero: boolean) {
    const pages = Math.ceil(words.length / PAGE_WORDS);
    this.words = words;
    this.hashes = new Int32Array(pages).fill(zero ? ZEROS : 0);
    this.known = new Uint8Array(pages).fill(zero ? 1 : 0);
  }

  /** To be called when a page may have been stored to since its hash was taken. */
  changed(page: number): void {
    this.known[page] = 0;
  }

  /**
   * Brings all hashes up to date.
   *
   * @param hashed hears of each page whose hash was out of date.
   * @returns the hashes; not to be written, and old after the next store.
   */
  upToDate(hashed: (page: number) => void = () => undefined): Int32Array {
    const { words, hashes, known } = this;
    for (let page = known.indexOf(0); page >= 0; page = known.indexOf(0, page + 1)) {
      const from = page * PAGE_WORDS;
      hashes[page] = hashOf(words, from, Math.min(from + PAGE_WORDS, words.length));
      known[page] = 1;
      hashed(page);
    }
    return hashes;
  }
}

/** Goes on with a hash: every word counts, and so does its place. */
export function mixed(seed: number, words: Int32Array): number {
  let hash = seed;
  for (let index = 0; index < words.length; index++) hash = mix(hash, words[index]!);
  return hash;
}

function mix(hash: number, word: number): number {
  const product = Math.imul(hash ^ word, 0x01000193);
  return (product << 13) | (product >>> 19);
}

/** Four hashes side by side, because a multiplication waits for the one before it. */
function hashOf(words: Int32Array, from: number, to: number): number {
  let [a, b, c, d] = [0x811c9dc5, 1, 2, 3];
  for (let index = from; index < to; index += 4) {
    a = mix(a, words[index]!);
    b = mix(b, words[index + 1]!);
    c = mix(c, words[index + 2]!);
    d = mix(d, words[index + 3]!);
  }
  return mix(mix(mix(a, b), c), d);
}
