import {
  type ChoicePoint,
  isDrain,
  objectOf,
  onlyLooks,
  type Thread,
  type TouchCode,
} from '../../machine/index.ts';
import type { LoopProver } from './loop-prover.ts';

/** What a search tells apart. */
export interface ViewOptions {
  /**
   * By object, 1 for those whose operations are choice points; a lane goes on through all others
   * until it has to wait. Left out, every operation is one.
   */
  readonly focus?: Uint8Array | undefined;
  /** By object, 1 for those whose order is not told apart: their operations count as local. */
  readonly ignored?: Uint8Array | undefined;
  /** Locks, all of them ignored; whatever their holder does before the release counts as local. */
  readonly sections?: readonly number[] | undefined;
  /**
   * Whether sections that are claimed only to look do so (see ACQUIRE): such a section is one event,
   * which reads its lock, so it commutes with others of its kind.
   */
  readonly looking?: boolean | undefined;
  /** Knows which loops of guest code may be taken to wait; left out, none is known. */
  readonly prover?: LoopProver | undefined;
}

/** A search's look at what threads are about to do. */
export class View {
  /** What the thread looked at last touches: the first `count`. */
  readonly codes: TouchCode[] = [];
  count = 0;
  private readonly focus: Uint8Array | undefined;
  private readonly ignored: Uint8Array | undefined;
  private readonly sections: readonly number[];
  private readonly looking: boolean;

  constructor({ focus, ignored, sections = [], looking = false }: ViewOptions) {
    this.looking = looking;
    this.focus = focus;
    this.ignored = ignored;
    this.sections = sections;
  }

  /** Lists what a thread's operation touches, as far as it is told apart. Answers how many. */
  look(point: ChoicePoint, thread: Thread): number {
    const { codes, ignored } = this;
    this.count = 0;
    if (!isDrain(thread.kind) && (thread.id < 0 || this.isInSection(point, thread))) return 0;
    const all = point.footprint(thread, codes);
    if (this.looking && onlyLooks(point.words, thread)) codes[0] = thread.a << 1;
    if (ignored === undefined) {
      this.count = all;
      return all;
    }
    for (let i = 0; i < all; i++) {
      const code = codes[i] as TouchCode;
      if (ignored[objectOf(code)] !== 1) codes[this.count++] = code;
    }
    return this.count;
  }

  private isInSection(point: ChoicePoint, thread: Thread): boolean {
    for (const lock of this.sections) {
      if (point.words[lock] === point.laneOf(thread) + 1) return true;
    }
    return this.looking && point.cpus[point.laneOf(thread)]?.looking !== 0;
  }

  /** Adds an object that the operation turned out to touch. */
  add(code: TouchCode): void {
    this.codes[this.count++] = code;
  }

  /** Whether the thread looked at last is at a choice point. */
  get isInFocus(): boolean {
    const { focus } = this;
    if (focus === undefined) return true;
    for (let i = 0; i < this.count; i++) {
      if (focus[objectOf(this.codes[i] as TouchCode)] === 1) return true;
    }
    return false;
  }
}

/** The value of an object that a thread can wait for; 0 of a context. */
export function valueAt({ words, runLine }: ChoicePoint, object: number): number {
  if (object < words.length) return words[object] as number;
  return object === words.length ? runLine : 0;
}
