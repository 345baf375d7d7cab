import type { Cell, Mutex } from '../../machine/bare-parts.ts';
import type { Instruction } from './instructions.ts';

/** What an operation answers: undefined if the thread has to park. */
export type Answer = number | undefined;
export type Steps<T = void> = Generator<void, T, number>;
/** Looks at a cell and changes nothing, by one of several operations. */
export type Reader = (cell: Cell) => Answer;

/** What a piece works on. */
export interface Parts {
  readonly a: Cell;
  readonly b: Cell;
  readonly m: Mutex;
  /** Tries, or whatever else the piece counts to. */
  readonly n: number;
  /** The value that is waited for, or written. */
  readonly v: number;
  readonly read: Reader;
  /** Notes what the thread saw. */
  readonly see: (value: number) => void;
}

/** The same for the oracle: numbers of cells. */
export interface Numbers {
  readonly a: number;
  readonly b: number;
  readonly n: number;
  readonly v: number;
}

/** Some lines of a thread: as real source, which a search may read, and as the oracle knows them. */
export interface Piece {
  readonly name: string;
  /**
   * `pure`: a loop without end whose rounds carry nothing over, which a search has to see.
   * `carrying`: one whose rounds carry something. `bounded`: it gives up. `plain`: no loop.
   * `storing`: a loop without end that stores in each round; no search comes to its end.
   */
  readonly kind: 'pure' | 'carrying' | 'bounded' | 'plain' | 'storing';
  readonly run: (parts: Parts) => Steps;
  readonly text: (numbers: Numbers) => readonly Instruction[];
}
