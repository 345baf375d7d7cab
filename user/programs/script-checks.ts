/**
 * Steps of scripts (script.ts) that know what must come of them whatever others do: the process uses
 * memory and files that nobody else has. Each answers 0, or 1 for what cannot be; what there is no
 * room for is left out, and right.
 */
import {
  BUFFER,
  type Context,
  close,
  getpid,
  HEAP,
  MAP_ANONYMOUS,
  MAP_PRIVATE,
  MAP_SHARED,
  mmap,
  munmap,
  O_CREATE,
  O_RDWR,
  open,
  type Part,
  PROT_READ,
  PROT_WRITE,
  pipe,
  read,
  sbrklazy,
  unlink,
  write,
} from '../ulib.ts';
import { type FileMemory, forget } from './script-files.ts';

export interface CheckMemory extends FileMemory {
  /** What the word of the program's own data holds. */
  own: number;
}

type Call = (u: Context, memory: CheckMemory, args: readonly string[]) => Part<number>;

const PGSIZE = 4096;
/** Behind what `meet:kill:own` waits at. */
const OWN = HEAP + 64;
const BYTES = 4;
const MAPPED = 0x6d61_7070;
const WRITTEN = 0x7772_6974;

const verdict = (is: number, expected: number): number => (is === expected ? 0 : 1);

/** Opens the file anew, to read and write at its begin. Answers the descriptor, or -1. */
function* opened(u: Context, { files }: CheckMemory, path: string): Part<number> {
  const fd = yield* open(u, path, O_CREATE | O_RDWR);
  if (fd >= 0) forget({ files }, fd);
  return fd;
}

/** Writes a word at the begin of the file. Answers the bytes written. */
function* put(u: Context, memory: CheckMemory, path: string, word: number): Part<number> {
  const fd = yield* opened(u, memory, path);
  if (fd < 0) return 0;
  u.store(BUFFER, word) ?? (yield);
  const count = write(u, fd, BUFFER, BYTES) ?? (yield);
  close(u, fd) ?? (yield);
  return count;
}

/** The word at the begin of the file; undefined when it could not be read. */
function* get(u: Context, memory: CheckMemory, path: string): Part<number | undefined> {
  const fd = yield* opened(u, memory, path);
  if (fd < 0) return undefined;
  const count = read(u, fd, BUFFER, BYTES) ?? (yield);
  close(u, fd) ?? (yield);
  return count < 0 ? undefined : (u.load(BUFFER) ?? (yield));
}

/** Maps the file's first page. Answers the address, or -1. */
function* mapped(u: Context, memory: CheckMemory, path: string): Part<number> {
  const fd = yield* opened(u, memory, path);
  if (fd < 0) return -1;
  const va = mmap(u, 0, PGSIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) ?? (yield);
  close(u, fd) ?? (yield);
  return va;
}

export const CHECK_CALLS: Readonly<Record<string, Call>> = {
  /** Adds 1 to a word of the program's own data, in one step. */
  *mark(u, memory) {
    const was = u.fetchAdd(OWN, 1) ?? (yield);
    return verdict(was, memory.own++);
  },
  *look(u, memory) {
    return verdict(u.load(OWN) ?? (yield), memory.own);
  },
  /**
   * readinto:ro, :heap or :area: has the kernel write to a page that can only be read, or to heap or a
   * mapping that was not touched yet. Answers what `read` does.
   */
  *readinto(u, memory, [how]) {
    const prot = how === 'ro' ? PROT_READ : PROT_READ | PROT_WRITE;
    const flags = MAP_PRIVATE | MAP_ANONYMOUS;
    const lazy = how === 'heap';
    const end = lazy ? (sbrklazy(u, 2 * PGSIZE) ?? (yield)) : 0;
    const va = lazy ? end + PGSIZE : (mmap(u, 0, PGSIZE, prot, flags, -1, 0) ?? (yield));
    if (how === 'ro') u.load(va) ?? (yield);
    const ends = yield* pipe(u);
    if (ends === undefined || va < 0) return 0;
    forget(memory, ends.reads);
    forget(memory, ends.writes);
    write(u, ends.writes, BUFFER, BYTES) ?? (yield);
    const count = read(u, ends.reads, va, BYTES) ?? (yield);
    close(u, ends.reads) ?? (yield);
    close(u, ends.writes) ?? (yield);
    return count;
  },
  /** Has the kernel write the word: what it reads from a pipe. */
  *echo(u, memory) {
    const ends = yield* pipe(u);
    if (ends === undefined) return 0;
    // The kernel wrote these, too.
    if (ends.reads === ends.writes) return 1;
    forget(memory, ends.reads);
    forget(memory, ends.writes);
    const word = memory.own + 100;
    u.store(BUFFER, word) ?? (yield);
    const written = write(u, ends.writes, BUFFER, BYTES) ?? (yield);
    const count = written === BYTES ? (read(u, ends.reads, OWN, BYTES) ?? (yield)) : 0;
    if (count === BYTES) memory.own = word;
    close(u, ends.reads) ?? (yield);
    close(u, ends.writes) ?? (yield);
    return verdict(u.load(OWN) ?? (yield), memory.own);
  },
  /**
   * back:s or :l: a file of the process's own is mapped, and a word stored to the mapping, or written
   * to the file after the page was only loaded; that word is in the file when the mapping is gone.
   */
  *back(u, memory, [how]) {
    const pid = getpid(u) ?? (yield);
    const path = `w${pid}`;
    const made = yield* put(u, memory, path, 0);
    const va = made === BYTES ? yield* mapped(u, memory, path) : -1;
    let is: number | undefined;
    const word = how === 's' ? MAPPED : WRITTEN;
    if (va >= 0) {
      if (how === 's') u.store(va, word) ?? (yield);
      else u.load(va) ?? (yield);
      const kept = how === 's' || (yield* put(u, memory, path, word)) === BYTES;
      munmap(u, va, PGSIZE) ?? (yield);
      is = kept ? yield* get(u, memory, path) : undefined;
    }
    yield* unlink(u, path);
    return is === undefined ? 0 : verdict(is, word);
  },
};
