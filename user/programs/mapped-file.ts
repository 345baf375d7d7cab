/** A file of two pages, for the programs that map one. */
import {
  type Context,
  close,
  MAP_ANONYMOUS,
  MAP_PRIVATE,
  mmap,
  munmap,
  O_CREATE,
  O_RDONLY,
  O_RDWR,
  O_TRUNC,
  open,
  type Part,
  PROT_READ,
  PROT_WRITE,
  read,
  write,
} from '../ulib.ts';

export const PGSIZE = 4096;
/** The file ends within its second page. */
export const FILESIZE = 2 * PGSIZE - 96;
export const RW = PROT_READ | PROT_WRITE;
export const PRIVATE = MAP_PRIVATE | MAP_ANONYMOUS;

/** What the first word of a page of the file is at first. */
export const original = (page: number): number => 100 + page;

/** Makes the file; answers a descriptor for reading and writing, or -1. */
export function* makeFile(u: Context, path: string): Part<number> {
  const buffer = mmap(u, 0, 2 * PGSIZE, RW, PRIVATE, -1, 0) ?? (yield);
  u.store(buffer, original(0)) ?? (yield);
  u.store(buffer + PGSIZE, original(1)) ?? (yield);
  const fd = yield* open(u, path, O_CREATE | O_TRUNC | O_RDWR);
  const written = fd < 0 ? -1 : (write(u, fd, buffer, FILESIZE) ?? (yield));
  munmap(u, buffer, 2 * PGSIZE) ?? (yield);
  return written === FILESIZE ? fd : -1;
}

/** The first words of both pages, as read finds them; undefined when it cannot. */
export function* readFile(u: Context, path: string): Part<readonly [number, number] | undefined> {
  const buffer = mmap(u, 0, 2 * PGSIZE, RW, PRIVATE, -1, 0) ?? (yield);
  const fd = yield* open(u, path, O_RDONLY);
  const count = fd < 0 ? -1 : (read(u, fd, buffer, FILESIZE) ?? (yield));
  const first = u.load(buffer) ?? (yield);
  const second = u.load(buffer + PGSIZE) ?? (yield);
  if (fd >= 0) close(u, fd) ?? (yield);
  munmap(u, buffer, 2 * PGSIZE) ?? (yield);
  return count === FILESIZE ? [first, second] : undefined;
}

/** What is wrong with what the file holds; undefined when it is this. */
export function* wrongFile(
  u: Context,
  path: string,
  when: string,
  first: number,
  second: number,
): Part<string | undefined> {
  const words = yield* readFile(u, path);
  if (words === undefined) return `${when}: cannot read ${path}`;
  if (words[0] === first && words[1] === second) return undefined;
  return `${when}: ${path} holds ${words.join(' and ')}, not ${first} and ${second}`;
}
