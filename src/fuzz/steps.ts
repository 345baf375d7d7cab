/**
 * What a generated process does, as the steps of the user program `script`. Moves are drawn without
 * knowing what holds when they are made (so that any of them may be left out when a program is
 * shrunk); descriptors and mappings are told here, as they are if every call succeeds.
 */

/** How often each is drawn, in all of 40. Shrinking turns the others into the first. */
const WEIGHTS = {
  open: 6,
  close: 6,
  map: 4,
  trunc: 3,
  add: 4,
  touch: 3,
  fork: 3,
  wait: 2,
  kill: 2,
  sbrk: 2,
  heap: 1,
  write: 1,
  sleep: 1,
  exec: 1,
  exit: 1,
} as const;

export type Verb = keyof typeof WEIGHTS;

export const VERBS: readonly Verb[] = (Object.keys(WEIGHTS) as Verb[]).flatMap((verb) =>
  Array.from({ length: WEIGHTS[verb] }, () => verb),
);

/** What one process does at one place; `a` and `b` are 0 to 3 and mean what the verb makes of them. */
export interface Move {
  readonly who: 'both' | 'child' | 'parent';
  readonly verb: Verb;
  readonly a: number;
  readonly b: number;
}

/** What a process begins with; shrinking goes towards the first. The likely ones stand there twice. */
export const PROLOGUES: readonly (readonly Verb[])[] = [
  [],
  ['open'],
  ['open', 'trunc'],
  ['open', 'map'],
  ['open', 'trunc', 'map'],
  ['open', 'trunc', 'map', 'add'],
  ['open', 'trunc', 'map', 'add', 'close'],
  ['open', 'fork'],
  ['open', 'trunc', 'map', 'fork'],
  ['open', 'trunc', 'map'],
  ['open', 'trunc', 'map', 'add'],
];

/** Most processes meet at one object. */
const NAMES = ['a', 'a', 'b', 'c'];
const SIZES = [4096, 8192, 4096, 1 << 20];
const GROWTHS = [4096, 8192, -4096, 16384];
const PAGES = [0, 0, 1, 3];
/** Programs whose processes may share an object: what they do to it they do in one step. */
const IMAGES = ['leave:a', 'churn:a:1', 'badcalls:b', 'heapshrink'];
const PREFIXES = { both: '', child: 'c/', parent: 'p/' };

const at = <T>(list: readonly T[], index: number): T => list[index % list.length] as T;

/** The steps of a process that makes these moves. */
export function stepsOf(moves: readonly Move[]): string[] {
  const teller = new Teller();
  return moves.flatMap((move) => {
    const step = teller.step(move);
    return step === undefined ? [] : [PREFIXES[move.who] + step];
  });
}

class Teller {
  /** Descriptors that are open, and those of them that are mapped. */
  private readonly open: number[] = [];
  private readonly mapped: number[] = [];
  /** The one of them that was closed last. */
  private closed: number | undefined;
  private heap = 0;

  step({ verb, a, b }: Move): string | undefined {
    switch (verb) {
      case 'open':
        return this.opened(at(NAMES, a));
      case 'trunc':
        return `trunc:${this.descriptor(a)}:${at(SIZES, b)}`;
      case 'map':
        return this.map(this.descriptor(a), b === 3 ? ':ro' : '');
      case 'add':
      case 'touch':
        return this.access(verb, a, at(PAGES, b));
      case 'close':
        return this.close(this.descriptor(a));
      case 'kill':
        return a < 2 ? 'kill' : `kill:${a}`;
      case 'sbrk':
        this.heap += at(GROWTHS, a);
        return `sbrk:${at(GROWTHS, a)}`;
      case 'heap':
        // Without a heap it would be the program's text.
        return this.heap === 0 ? undefined : at(['fill:1', 'heap'], a);
      case 'write':
        return `write:x:${1 + 9 * b}`;
      case 'sleep':
        return 'sleep:1';
      case 'exec':
        return `exec:${at(IMAGES, a)}`;
      case 'exit':
        return 'exit:0';
      default:
        return verb;
    }
  }

  /** One that is open if there is one; of four times once, any. */
  private descriptor(a: number): number {
    return a === 3 || this.open.length === 0 ? a : at(this.open, a);
  }

  private opened(name: string): string {
    let lowest = 0;
    while (this.open.includes(lowest)) lowest++;
    this.open.push(lowest);
    return `open:${name}`;
  }

  private map(od: number, flags: string): string {
    if (this.open.includes(od) && !this.mapped.includes(od)) this.mapped.push(od);
    return `map:${od}${flags}`;
  }

  private close(od: number): string {
    if (this.mapped.includes(od)) this.closed = od;
    for (const list of [this.open, this.mapped]) {
      if (list.includes(od)) list.splice(list.indexOf(od), 1);
    }
    return `close:${od}`;
  }

  /** To a mapping; of four times once, to one that is gone, which should kill the process. */
  private access(verb: 'add' | 'touch', a: number, page: number): string | undefined {
    const od = a === 3 || this.mapped.length === 0 ? this.closed : at(this.mapped, a);
    if (od === undefined) return undefined;
    return verb === 'add' ? `add:${od}:1:${page}` : `touch:${od}:${page}`;
  }
}
