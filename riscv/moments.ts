/**
 * Moments of a memory to go back to, kept as differences of pages: the first store to a page after a
 * moment saves what it was. Going back costs the pages that differ. Moments form a tree whose edges
 * hold pages; the memory itself stands at one of them, and moving along an edge swaps its pages with
 * the memory (Baker, Shallow Binding Makes Functional Arrays Fast, SIGPLAN Notices 26(8), 1991).
 */

import { PAGE_SHIFT } from './page-hashes.ts';

const PAGE_BYTES = 1 << PAGE_SHIFT;

/** One moment. Only {@link Moments.take} makes one. */
export class Moment {
  /** Whose memory it is. */
  readonly owner: Moments;
  /** The moment one step nearer to what the memory is now; none for the nearest. */
  nearer: Moment | undefined;
  /** Pages in which it differs, or may, from the nearer moment or the memory, and what they were. */
  readonly numbers: number[] = [];
  contents = new Uint8Array(0);

  constructor(owner: Moments) {
    this.owner = owner;
  }

  save(page: number, content: Uint8Array): void {
    const end = (this.numbers.length + 1) * PAGE_BYTES;
    if (end > this.contents.length) {
      const more = new Uint8Array(2 * end);
      more.set(this.contents);
      this.contents = more;
    }
    this.contents.set(content, end - PAGE_BYTES);
    this.numbers.push(page);
  }

  /** What page `index` of the saved ones was; `length` bytes, as the last page may be short. */
  saved(index: number, length: number): Uint8Array {
    const start = index * PAGE_BYTES;
    return this.contents.subarray(start, start + length);
  }
}

export class Moments {
  private readonly bytes: Uint8Array;
  /** 1 for each page in `dirty`. */
  private readonly differs: Uint8Array;
  private unsaved: number[] = [];
  private nearest: Moment | undefined;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.differs = new Uint8Array(Math.ceil(bytes.length / PAGE_BYTES));
  }

  /** Pages that differ, or may, from the moment taken or gone back to last; else from the start. */
  get dirty(): readonly number[] {
    return this.nearest?.numbers ?? this.unsaved;
  }

  /** To be called before a page is stored to. Must be cheap when it was before. */
  changes(page: number): void {
    if (this.differs[page] === 1) return;
    this.differs[page] = 1;
    if (this.nearest === undefined) this.unsaved.push(page);
    else this.nearest.save(page, this.page(page));
  }

  /** Costs nothing now, and a copy of each page that is stored to later. */
  take(): Moment {
    for (const page of this.dirty) this.differs[page] = 0;
    const moment = new Moment(this);
    if (this.nearest !== undefined) this.nearest.nearer = moment;
    this.nearest = moment;
    return moment;
  }

  /**
   * Makes the memory what it was at a moment, of this memory or of another one of the same size.
   *
   * @param bring is told each page before it changes.
   */
  restore(moment: Moment, bring: (page: number) => void): void {
    if (moment.owner !== this) {
      this.copy(moment, bring);
      return;
    }
    this.undo(bring);
    const path: Moment[] = [];
    for (let at: Moment | undefined = moment; at !== undefined; at = at.nearer) path.push(at);
    path.pop();
    while (path.length > 0) this.moveTo(path.pop()!, bring);
  }

  private page(page: number): Uint8Array {
    return this.bytes.subarray(page * PAGE_BYTES, (page + 1) * PAGE_BYTES);
  }

  /** Back to the nearest moment: what came after it is given up. */
  private undo(bring: (page: number) => void): void {
    const { nearest } = this;
    if (nearest === undefined) return;
    for (const [index, number] of nearest.numbers.entries()) {
      const page = this.page(number);
      bring(number);
      page.set(nearest.saved(index, page.length));
      this.differs[number] = 0;
    }
    nearest.numbers.length = 0;
  }

  /** One edge: the nearest moment is left for one beyond it, which holds how they differ. */
  private moveTo(moment: Moment, bring: (page: number) => void): void {
    const left = this.nearest as Moment;
    for (const [index, number] of moment.numbers.entries()) {
      const page = this.page(number);
      left.save(number, page);
      bring(number);
      page.set(moment.saved(index, page.length));
    }
    moment.numbers.length = 0;
    moment.nearer = undefined;
    left.nearer = moment;
    this.nearest = moment;
  }

  /** A moment of another memory comes in as stores do. */
  private copy(moment: Moment, bring: (page: number) => void): void {
    const known = new Map<number, Uint8Array>();
    for (let at: Moment | undefined = moment; at !== undefined; at = at.nearer) {
      for (const [index, number] of at.numbers.entries())
        if (!known.has(number)) known.set(number, at.saved(index, PAGE_BYTES));
    }
    for (let number = 0; number < this.differs.length; number++) {
      const page = this.page(number);
      const content = known.get(number)?.subarray(0, page.length) ?? moment.owner.page(number);
      if (Buffer.compare(page, content) === 0) continue;
      bring(number);
      this.changes(number);
      page.set(content);
    }
  }
}
