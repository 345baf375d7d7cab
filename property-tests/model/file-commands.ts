import fc from 'fast-check';
import { O_CREATE, O_RDONLY, O_RDWR, O_TRUNC, O_WRONLY } from '../../kernel/abi.ts';
import {
  type Context,
  close,
  dup,
  fstat,
  MAP_ANONYMOUS,
  MAP_FIXED,
  MAP_PRIVATE,
  MAP_SHARED,
  mmap,
  munmap,
  open,
  type Part,
  PROT_READ,
  PROT_WRITE,
  type Program,
  pipe,
  readString,
  sbrk,
  unlink,
  write,
  writeString,
} from '../../user/ulib.ts';

/** What a generated process does with files and mappings. Pages are counted from the highest. */
export type FileCommand =
  | { readonly do: 'open'; readonly path: string; readonly mode: number }
  | { readonly do: 'unlink'; readonly path: string }
  | { readonly do: 'close' | 'dup' | 'stat'; readonly fd: number }
  | { readonly do: 'read'; readonly fd: number; readonly count: number }
  | { readonly do: 'write'; readonly fd: number; readonly text: string }
  /** Zeros. */
  | { readonly do: 'fill'; readonly fd: number; readonly count: number }
  | { readonly do: 'pipe' }
  | {
      readonly do: 'mmap';
      readonly pages: number;
      readonly shared: boolean;
      readonly writes: boolean;
      /** -1 for none. */
      readonly fd: number;
      readonly offset: number;
      /** The lowest page, which it must have; -1 for anywhere. */
      readonly page: number;
    }
  | { readonly do: 'munmap'; readonly page: number; readonly pages: number }
  | { readonly do: 'load'; readonly page: number; readonly word: number }
  | { readonly do: 'store'; readonly page: number; readonly word: number; readonly value: number };

export type Answer = number | string;

export const PGSIZE = 4096;
/** One past the highest page that mmap gives. */
export const TOP = 0x4000_0000 / PGSIZE;
/** Bytes of zeros that a process has for `fill`. */
const ZEROS = 2 * PGSIZE;

const fd = fc.constantFrom(-1, 1, 3, 3, 4, 4, 5);
const page = fc.constantFrom(0, 0, 0, 0, 1, 1, 2, 3, 7);
const pages = fc.constantFrom(1, 1, 2, 3);
const path = fc.constantFrom(
  ...['f', 'f', 'f', 'f', './f', 'g', 'tmp/f', 'tmp/../g', 'tmp', 'README', 'no/f', ''],
);
const word = fc.constantFrom(0, 0, 1, 1023);
const mode = fc.constantFrom(
  ...[O_RDONLY, O_WRONLY, O_RDWR, O_CREATE | O_RDWR, O_CREATE | O_RDWR, O_CREATE | O_WRONLY],
  ...[O_TRUNC | O_RDWR, O_CREATE | O_TRUNC | O_RDWR, O_WRONLY | O_RDWR],
);

function command<What extends FileCommand['do']>(
  weight: number,
  what: What,
  parts: { [Key in Exclude<keyof (FileCommand & { do: What }), 'do'>]: fc.Arbitrary<unknown> },
): { weight: number; arbitrary: fc.Arbitrary<FileCommand> } {
  const record = fc.record({ do: fc.constant(what), ...parts });
  return { weight, arbitrary: record as fc.Arbitrary<unknown> as fc.Arbitrary<FileCommand> };
}

const boolean = fc.boolean();

const commands: fc.Arbitrary<readonly FileCommand[]> = fc.array(
  fc.oneof(
    command(6, 'open', { path, mode }),
    command(1, 'unlink', { path }),
    command(1, 'close', { fd }),
    command(1, 'dup', { fd }),
    command(2, 'stat', { fd }),
    command(4, 'read', { fd, count: fc.constantFrom(1, 4, 100) }),
    command(4, 'write', { fd, text: fc.constantFrom('a', 'wxyz', 'a longer piece of text') }),
    command(2, 'fill', { fd, count: fc.constantFrom(4, 4096, 5000, 8192) }),
    command(2, 'pipe', {}),
    command(5, 'mmap', {
      ...{ pages, shared: boolean, writes: boolean, offset: fc.constantFrom(0, 0, 0, 1) },
      ...{ fd: fc.constantFrom(-1, 3, 3, 4), page: fc.constantFrom(-1, -1, -1, 1, 3) },
    }),
    command(3, 'munmap', { page, pages }),
    command(4, 'load', { page, word }),
    command(5, 'store', { page, word, value: fc.integer({ min: 1, max: 9 }) }),
  ),
  { minLength: 10, maxLength: 40, size: 'max' },
);

/** What a process does that has a file open and mapped, with something in it. */
export const fileCommands = commands.map((list): readonly FileCommand[] => [
  { do: 'open', path: 'f', mode: O_CREATE | O_RDWR },
  { do: 'write', fd: 3, text: 'wxyz' },
  { do: 'mmap', pages: 1, shared: true, writes: true, fd: 3, offset: 0, page: -1 },
  ...list,
]);

/** The address of the lowest of so many pages, the highest of which is `page`. */
const addressOf = (page: number, pages = 1): number => (TOP - page - pages) * PGSIZE;

/** The program that does the commands, and tells what each answered. */
export function fileProgram(
  commands: readonly FileCommand[],
  listen: (answer: Answer) => void,
): Program {
  return function* (u) {
    const zeros = sbrk(u, ZEROS) ?? (yield);
    for (const command of commands) listen(yield* one(u, command, zeros));
  };
}

function* one(u: Context, command: FileCommand, zeros: number): Part<Answer> {
  switch (command.do) {
    case 'open':
      return yield* open(u, command.path, command.mode);
    case 'unlink':
      return yield* unlink(u, command.path);
    case 'close':
      return close(u, command.fd) ?? (yield);
    case 'dup':
      return dup(u, command.fd) ?? (yield);
    case 'stat':
      return (yield* fstat(u, command.fd))?.size ?? -1;
    case 'read':
      return (yield* readString(u, command.fd, command.count)) ?? -1;
    case 'write':
      return yield* writeString(u, command.fd, command.text);
    case 'fill':
      return write(u, command.fd, zeros, command.count) ?? (yield);
    case 'pipe':
      return (yield* pipe(u))?.writes ?? -1;
    case 'mmap': {
      const fixed = command.page < 0 ? 0 : MAP_FIXED;
      const kind = command.shared ? MAP_SHARED : MAP_PRIVATE;
      const flags = kind | fixed | (command.fd < 0 ? MAP_ANONYMOUS : 0);
      const at = fixed === 0 ? 0 : addressOf(command.page);
      const prot = PROT_READ | (command.writes ? PROT_WRITE : 0);
      const { fd: file, offset } = command;
      return mmap(u, at, command.pages * PGSIZE, prot, flags, file, offset * PGSIZE) ?? (yield);
    }
    case 'munmap':
      return munmap(u, addressOf(command.page), command.pages * PGSIZE) ?? (yield);
    case 'load':
      return u.load(addressOf(command.page) + 4 * command.word) ?? (yield);
    case 'store':
      u.store(addressOf(command.page) + 4 * command.word, command.value) ?? (yield);
      return 0;
  }
}
