import type { Verb } from './families.ts';

/**
 * What a generated process does, as the steps of the user program `script`. Moves are drawn without
 * knowing what holds when they are made (so that any of them may be left out when a program is
 * shrunk); descriptors and mappings are told here, as they are if every call succeeds.
 */

/** What one process does at one place; `a` and `b` are 0 to 3 and mean what the verb makes of them. */
export interface Move {
  readonly who: 'both' | 'child' | 'parent';
  readonly verb: Verb;
  readonly a: number;
  readonly b: number;
}

/** Most processes meet at one object. */
const NAMES = ['a', 'a', 'b', 'c'];
const SIZES = [4096, 8192, 4096, 1 << 20];
const GROWTHS = [4096, 8192, -4096, 16384];
const PAGES = [0, 0, 1, 3];
/** Programs whose processes may share an object: what they do to it they do in one step. */
const IMAGES = ['leave:a', 'churn:a:1', 'badcalls:b', 'heapshrink'];
const KEYS = [1, 1, 2, 0];
const PATHS = ['f', 'f', 'g', 'tmp/f'];
/** Bytes: most files are of one block. */
const LENGTHS = [4096, 700, 9, 4096];
/** Of a file, or of POSIX shared memory, which shrinks and goes. */
const BLOCKS = [2, 1, 3, 2];
const OBJECT_PAGES = [1, 2, 1, 0];
const MODES = ['c', 'c', 'r', 't'];
const POSIX_MODES = ['c', 'c', 'x', 't'];
/** Kinds of mappings. */
const KINDS = ['s', 's', 'p', 'r'];
/** Where mappings are put: anywhere, where the first two go, and close above the heap. */
const PLACES = [0, 0, 262_143, 262_142, 6];
/** Ways to meet at a word: how the one who waits goes on. */
const AT_SEGMENT = ['wake:seg', 'moved:seg', 'wake:seg', 'kill:seg'];
const AT_AREA = ['wake:area', 'kill:area'];
const PREFIXES = { both: '', child: 'c/', parent: 'p/' };

const at = <T>(list: readonly T[], index: number): T => list[index % list.length] as T;

/**
 * The steps of a process that makes these moves.
 *
 * @param kills whether processes kill others; if not, they meet instead, which a kill could keep from
 *   ending
 */
export function stepsOf(moves: readonly Move[], kills: boolean): string[] {
  const teller = new Teller(kills);
  return moves.flatMap((move) => {
    const step = teller.step(move);
    return step === undefined ? [] : [PREFIXES[move.who] + step];
  });
}

class Teller {
  private readonly kills: boolean;
  /** Descriptors that are open, and those of them that are mapped. */
  private readonly open: number[] = [];
  private readonly mapped: number[] = [];
  /** The one of them that was closed last. */
  private closed: number | undefined;
  private heap = 0;
  /** Of the last mapping; 0 for none. */
  private pages = 0;
  private shared = false;
  private attached = false;
  /** Files that are open, by number, and how many ever were. */
  private readonly files: number[] = [];
  private opens = 0;

  constructor(kills: boolean) {
    this.kills = kills;
  }

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
        if (!this.kills) return `meet:${this.meeting(a)}`;
        return a < 2 ? 'kill' : `kill:${a}`;
      case 'sbrk':
        this.heap += at(GROWTHS, a);
        return `sbrk:${at(GROWTHS, a)}${b === 3 ? ':lazy' : ''}`;
      case 'heap':
        // Without a heap it would be the program's text.
        return this.heap === 0 ? undefined : at(['fill:1', 'heap'], a);
      case 'wait':
        return b === 3 && this.heap > 0 ? 'waitheap' : verb;
      case 'write':
        return `write:x:${1 + 9 * b}`;
      case 'sleep':
        return 'sleep:1';
      case 'exec':
        return `exec:${at(IMAGES, a)}`;
      case 'exit':
        return 'exit:0';
      default:
        return this.later(verb, a, b);
    }
  }

  /** What is not of xv6's shared memory. */
  private later(verb: Verb, a: number, b: number): string | undefined {
    switch (verb) {
      case 'mmap':
        this.pages = 1 + (b % 3);
        this.shared = a % 2 === 1;
        return `mmap:${this.pages}:${a % 2 === 0 ? 'p' : 's'}:${at(PLACES, a + b)}`;
      case 'munmap':
        return this.pages === 0 ? undefined : `munmap:${a % this.pages}:${1 + (b % 2)}`;
      case 'bump':
        return this.pages === 0 ? undefined : `bump:${a % this.pages}`;
      case 'file':
        this.files.push(this.opens++);
        return `file:${at(PATHS, a)}:${at(MODES, b)}`;
      case 'fread':
      case 'fwrite':
        return `${verb}:${this.file(a)}:${at(LENGTHS, b)}`;
      case 'fdup':
        return this.duplicated(this.file(a));
      case 'fclose':
        return this.fileClosed(this.file(a));
      case 'fstat':
        return `fstat:${this.file(a)}`;
      case 'unlink':
        return `unlink:${at(PATHS, a)}`;
      case 'pass':
        return `pass:${at([5, 40, 150, 40], b)}`;
      case 'shmget':
        return `shmget:${at(KEYS, a)}:${at(SIZES, b % 2)}`;
      case 'shmat':
      case 'shmdt':
        this.attached = verb === 'shmat';
        return verb;
      default:
        return this.latest(verb, a, b);
    }
  }

  /** What maps files and POSIX shared memory, waits, or knows what must come of it. */
  private latest(verb: Verb, a: number, b: number): string | undefined {
    switch (verb) {
      case 'fbig':
        return `fbig:${this.file(a)}:${at(BLOCKS, b)}`;
      case 'pfile':
        this.files.push(this.opens++);
        return `pfile:${at(NAMES, a)}:${at(POSIX_MODES, b)}`;
      case 'ptrunc':
        return `ptrunc:${this.file(a)}:${at(OBJECT_PAGES, b)}`;
      case 'punlink':
        return `punlink:${at(NAMES, a)}`;
      case 'fmap':
      case 'pmap':
        return this.mapFile(this.file(a), b);
      case 'stay':
        return this.pages === 0 ? undefined : `stay:${a % this.pages}:8`;
      case 'cut':
        return `cut:${at(PATHS, a)}`;
      case 'uid':
        return `uid:${a}`;
      case 'lock':
        // Whoever is killed with the mutex keeps it.
        return this.kills || !this.attached ? undefined : verb;
      case 'hand':
        return this.kills ? undefined : `hand:${1 + b}`;
      case 'mark':
      case 'look':
      case 'echo':
        return `${verb}=0`;
      case 'back':
        return `back:${at(['s', 'l'], a)}=0`;
      default:
        return verb;
    }
  }

  private mapFile(n: number, b: number): string {
    this.pages = b === 3 ? 2 : 1;
    this.shared = false;
    return `fmap:${n}:${at(KINDS, b)}:${this.pages}:0`;
  }

  private meeting(a: number): string {
    if (this.shared && (a % 2 === 1 || !this.attached)) return at(AT_AREA, a >> 1);
    return this.attached ? at(AT_SEGMENT, a) : 'kill:own';
  }

  /** One that is open if there is one; of four times once, any. */
  private file(a: number): number {
    return a === 3 || this.files.length === 0 ? a : at(this.files, a);
  }

  private duplicated(n: number): string {
    this.files.push(this.opens++);
    return `fdup:${n}`;
  }

  private fileClosed(n: number): string {
    if (this.files.includes(n)) this.files.splice(this.files.indexOf(n), 1);
    return `fclose:${n}`;
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
