/**
 * Steps of scripts (script.ts) for generated programs that use files. A file goes by its number among
 * those that this process opened, so that none of the steps ever waits for a pipe without end.
 */
import {
  BUFFER,
  type Context,
  close,
  dup,
  exit,
  fork,
  fstat,
  O_CREATE,
  O_RDONLY,
  O_RDWR,
  O_TRUNC,
  open,
  type Part,
  pipe,
  read,
  wait,
  write,
} from '../ulib.ts';

export interface FileMemory {
  /** Descriptors of files in the order of their opens; -1 once another took the number. */
  readonly files: number[];
}

const MODES: ReadonlyMap<string, number> = new Map(
  Object.entries({
    c: O_CREATE | O_RDWR,
    r: O_RDONLY,
    t: O_CREATE | O_RDWR | O_TRUNC,
  }),
);
/** Bytes that `pass` reads at once. */
const PIECE = 64;

type Call = (u: Context, memory: FileMemory, args: readonly string[]) => Part<number>;

export const file = ({ files }: FileMemory, n = '0'): number => files[Number(n)] ?? -1;

/** A descriptor is what it was given for last. */
export function forget({ files }: FileMemory, fd: number): void {
  for (const [i, other] of files.entries()) if (other === fd) files[i] = -1;
}

export function remember(memory: FileMemory, fd: number): number {
  if (fd < 0) return -1;
  forget(memory, fd);
  memory.files.push(fd);
  return 0;
}

/** Calls by name. They answer what the call does, but 0 for a descriptor. */
export const FILE_CALLS: Readonly<Record<string, Call>> = {
  /** file:PATH:c, r or t: creates, only reads, or creates and truncates. */
  *file(u, memory, [path = '', mode = 'c']) {
    return remember(memory, yield* open(u, path, MODES.get(mode) ?? O_RDONLY));
  },
  *fread(u, memory, [n, bytes]) {
    return read(u, file(memory, n), BUFFER, Number(bytes)) ?? (yield);
  },
  /** Writes so many bytes of the program's own first page. */
  *fwrite(u, memory, [n, bytes]) {
    return write(u, file(memory, n), 0, Number(bytes)) ?? (yield);
  },
  *fstat(u, memory, [n]) {
    return (yield* fstat(u, file(memory, n))) === undefined ? -1 : 0;
  },
  *fdup(u, memory, [n]) {
    return remember(memory, dup(u, file(memory, n)) ?? (yield));
  },
  *fclose(u, memory, [n]) {
    return close(u, file(memory, n)) ?? (yield);
  },
  /** Makes a pipe that nobody reads or writes: forks and exits carry its ends around. */
  *ends(u, memory) {
    const both = yield* pipe(u);
    if (both === undefined) return -1;
    forget(memory, both.reads);
    forget(memory, both.writes);
    return 0;
  },
  /** A child writes so many bytes to a pipe, of which we read all. Ends whoever of us is killed. */
  *pass(u, memory, [bytes]) {
    const both = yield* pipe(u);
    if (both === undefined) return -1;
    forget(memory, both.reads);
    forget(memory, both.writes);
    const pid = fork(u) ?? (yield);
    if (pid === 0) {
      close(u, both.reads) ?? (yield);
      write(u, both.writes, BUFFER, Number(bytes)) ?? (yield);
      exit(u, 0) ?? (yield);
    }
    close(u, both.writes) ?? (yield);
    while (pid > 0 && (read(u, both.reads, BUFFER, PIECE) ?? (yield)) > 0);
    close(u, both.reads) ?? (yield);
    if (pid < 0) return -1;
    return (wait(u) ?? (yield)) < 0 ? -1 : 0;
  },
};
