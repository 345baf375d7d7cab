/** What is known of the words of a page that user programs load from and store to. */
export class PageWords {
  /** What words hold that nobody has touched; undefined where that is not known. */
  private rest: number | undefined;
  private readonly words: Map<number, number>;
  /** Changes with every store. */
  version = 0;
  private judged = true;

  /** @param rest what every word holds at first, if that is known */
  constructor(rest?: number, words: ReadonlyMap<number, number> = new Map()) {
    this.rest = rest;
    this.words = new Map(words);
  }

  copy(): PageWords {
    return new PageWords(this.rest, this.words);
  }

  /** The word, by its number in the page; undefined if it is not known. */
  at(word: number): number | undefined {
    return this.words.get(word) ?? this.rest;
  }

  /** All words that are known one by one. */
  known(): ReadonlyMap<number, number> {
    return this.words;
  }

  /** A word holds a value from now on, or was seen to. */
  set(word: number, value: number, stores: boolean): void {
    if (stores) this.version++;
    if (this.judged) this.words.set(word, value);
  }

  /** Anything may be there now. */
  forget(): void {
    this.version++;
    this.rest = undefined;
    this.words.clear();
  }

  /** And may change at any time, seen by nobody. */
  giveUp(): void {
    this.forget();
    this.judged = false;
  }
}
