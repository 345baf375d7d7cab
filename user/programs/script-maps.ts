/**
 * Steps of scripts (script.ts) for generated programs that map what they opened, and for those that
 * wait for each other. Files and POSIX shared memory go by number, as in script-files.ts.
 */
import {
  MUTEX_SIZE,
  mutex_lock,
  mutex_unlock,
  SEM_SIZE,
  sem_init,
  sem_post,
  sem_wait,
} from '../sync.ts';
import { getuid, setuid } from '../sysv.ts';
import {
  type Context,
  close,
  exit,
  fork,
  ftruncate,
  MAP_ANONYMOUS,
  MAP_PRIVATE,
  MAP_SHARED,
  mmap,
  munmap,
  O_CREATE,
  O_EXCL,
  O_RDONLY,
  O_RDWR,
  O_TRUNC,
  open,
  type Part,
  PROT_READ,
  PROT_WRITE,
  pipe,
  read,
  sbrk,
  shm_open,
  shm_unlink,
  uptime,
  wait,
  write,
} from '../ulib.ts';
import { type FileMemory, file, forget, remember } from './script-files.ts';
import { type IpcMemory, NOWHERE } from './script-ipc.ts';

type Memory = IpcMemory & FileMemory;
type Call = (u: Context, memory: Memory, args: readonly string[]) => Part<number>;

const PGSIZE = 4096;
const ACCESS = PROT_READ | PROT_WRITE;
const MODES: ReadonlyMap<string, number> = new Map(
  Object.entries({
    c: O_CREATE | O_RDWR,
    x: O_CREATE | O_EXCL | O_RDWR,
    t: O_RDWR | O_TRUNC,
    r: O_RDONLY,
  }),
);
/** In what is attached, behind the first word, which other steps change. */
const MUTEX = 64;

/** Answers 0 for a call that succeeded. */
const sign = (result: number): number => (result < 0 ? -1 : 0);

export const MAP_CALLS: Readonly<Record<string, Call>> = {
  /** pfile:NAME:c, x, t or r: opens POSIX shared memory, and remembers it among the files. */
  *pfile(u, memory, [name = '', mode = 'c']) {
    return remember(memory, yield* shm_open(u, name, MODES.get(mode) ?? O_RDONLY));
  },
  *punlink(u, _memory, [name = '']) {
    return yield* shm_unlink(u, name);
  },
  /** ptrunc:N:PAGES */
  *ptrunc(u, memory, [n, pages]) {
    return ftruncate(u, file(memory, n), Number(pages) * PGSIZE) ?? (yield);
  },
  /** fmap:N:s, :p or :r:PAGES:FIRST, shared, private, or private and only read: the last mapping. */
  *fmap(u, memory, [n, kind, pages, first]) {
    const flags = kind === 's' ? MAP_SHARED : MAP_PRIVATE;
    const [length, offset] = [Number(pages) * PGSIZE, Number(first) * PGSIZE];
    const prot = kind === 'r' ? PROT_READ : ACCESS;
    const va = mmap(u, 0, length, prot, flags, file(memory, n), offset) ?? (yield);
    if (va < 0) return -1;
    memory.area = va;
    // Whoever waits there must not lose it.
    memory.shared = false;
    return 0;
  },
  /** stay:PAGE:TIMES: reads a word of the last mapping again and again, as `bump` changes it. */
  *stay(u, { area }, [page, times]) {
    if (area === 0) return -1;
    for (let n = 0; n < Number(times); n++) u.fetchAdd(area + Number(page) * PGSIZE, 0) ?? (yield);
    return 0;
  },
  /** Opens a file in a way that makes it empty, and closes it again. */
  *cut(u, _memory, [path = '']) {
    const fd = yield* open(u, path, O_RDWR | O_TRUNC);
    return fd < 0 ? -1 : (close(u, fd) ?? (yield));
  },
  /** fbig:N:BLOCKS: writes so many blocks at once, from a heap that is then given back. */
  *fbig(u, memory, [n, blocks]) {
    const length = Number(blocks) * PGSIZE;
    const at = sbrk(u, length) ?? (yield);
    if (at < 0) return -1;
    const written = write(u, file(memory, n), at, length) ?? (yield);
    sbrk(u, -length) ?? (yield);
    return written;
  },
  *uptime(u) {
    return sign(uptime(u) ?? (yield));
  },
  *uid(u, _memory, [uid]) {
    const was = getuid(u) ?? (yield);
    const result = setuid(u, Number(uid)) ?? (yield);
    return result < 0 && was === 0 ? -1 : 0;
  },
  /** Counts in what is attached, in two steps, with a mutex that lies there, too. */
  *lock(u, { attached }) {
    if (attached === NOWHERE) return -1;
    const [mutex, counter] = [attached + MUTEX, attached + MUTEX + MUTEX_SIZE];
    // Faults it in: whoever has the mutex must not fail.
    u.fetchAdd(mutex, 0) ?? (yield);
    yield* mutex_lock(u, mutex);
    const count = u.load(counter) ?? (yield);
    u.store(counter, count + 1) ?? (yield);
    yield* mutex_unlock(u, mutex);
    return 0;
  },
  /**
   * hand:TIMES: parent and child give each other leave to go on, so often, with two semaphores. The
   * child says through a pipe that it has faulted their page in, after which nobody may fail.
   */
  *hand(u, memory, [times]) {
    const page = mmap(u, 0, PGSIZE, ACCESS, MAP_SHARED | MAP_ANONYMOUS, -1, 0) ?? (yield);
    if (page < 0) return -1;
    const [ping, pong, byte] = [page, page + SEM_SIZE, page + 2 * SEM_SIZE];
    yield* sem_init(u, ping, 0);
    yield* sem_init(u, pong, 0);
    const ends = yield* pipe(u);
    const pid = ends === undefined ? -1 : (fork(u) ?? (yield));
    let isReady = 0;
    if (ends !== undefined) {
      forget(memory, ends.reads);
      forget(memory, ends.writes);
      if (pid === 0) {
        u.fetchAdd(ping, 0) ?? (yield);
        isReady = write(u, ends.writes, byte, 1) ?? (yield);
      }
      close(u, ends.writes) ?? (yield);
      // Of a child that is dead, the end of the file.
      if (pid > 0) isReady = read(u, ends.reads, byte, 1) ?? (yield);
      close(u, ends.reads) ?? (yield);
    }
    for (let n = 0; isReady > 0 && n < Number(times); n++) {
      yield* pid > 0 ? sem_post(u, ping) : sem_wait(u, ping);
      yield* pid > 0 ? sem_wait(u, pong) : sem_post(u, pong);
    }
    if (pid === 0) exit(u, 0) ?? (yield);
    if (pid > 0) wait(u) ?? (yield);
    munmap(u, page, PGSIZE) ?? (yield);
    return sign(pid);
  },
};
