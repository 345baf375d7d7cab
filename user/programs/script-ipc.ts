/** Steps of scripts (script.ts) that are calls of System V and POSIX shared memory and of futexes. */
import { futex_wait, futex_wake } from '../sync.ts';
import { IPC_CREAT, IPC_EXCL, shm_rmid, shm_stat, shmat, shmdt, shmget } from '../sysv.ts';
import {
  type Context,
  close,
  exit,
  fork,
  ftruncate,
  HEAP,
  kill,
  MAP_SHARED,
  mmap,
  munmap,
  O_CREATE,
  O_EXCL,
  O_RDWR,
  type Part,
  PROT_READ,
  PROT_WRITE,
  shm_open,
  shm_unlink,
  sleep,
  wait,
} from '../ulib.ts';

/** What such steps remember. */
export interface IpcMemory {
  /** What the last shmget and shmat answered. */
  segment: number;
  attached: number;
  /** Which segment that is. */
  attachedId: number;
  /** What each shmget answered, in their order. */
  readonly segments: number[];
  /** Where the last mapping of mmap is, and whether others share it. */
  area: number;
  shared: boolean;
}

const ALL = 0x7fff_ffff;
/** Before there is any; also of an attachment that a mapping took the place of. */
export const NOWHERE = -1;

/** Answers 0 for a call that succeeded. */
const sign = (result: number): number => (result < 0 ? -1 : 0);

type Call = (u: Context, memory: IpcMemory, args: readonly string[]) => Part<number>;

/** Calls by name. shmget, which makes the key's segment, and shmat answer 0 or -1. */
export const IPC_CALLS: Readonly<Record<string, Call>> = {
  *shmget(u, memory, [key, size = '4096']) {
    memory.segment = shmget(u, Number(key), Number(size), IPC_CREAT | 0o600) ?? (yield);
    memory.segments.push(memory.segment);
    return sign(memory.segment);
  },
  /** The same for a key that has none. */
  *shmgetx(u, memory, [key]) {
    memory.segment = shmget(u, Number(key), 4096, IPC_CREAT | IPC_EXCL | 0o600) ?? (yield);
    memory.segments.push(memory.segment);
    return sign(memory.segment);
  },
  /** Attaches the last segment, or the n-th that a shmget of this script answered. */
  *shmat(u, memory, [n]) {
    const id = n === undefined ? memory.segment : (memory.segments[Number(n)] ?? -1);
    const va = shmat(u, id, 0, 0) ?? (yield);
    if (va >= 0) {
      memory.attached = va;
      memory.attachedId = id;
    }
    return sign(va);
  },
  *shmdt(u, memory) {
    return shmdt(u, memory.attached) ?? (yield);
  },
  *rmid(u, memory) {
    return shm_rmid(u, memory.segment) ?? (yield);
  },
  /** Opens POSIX shared memory, making it if there is none; answers the descriptor. */
  *posix(u, _memory, [name = '']) {
    return yield* shm_open(u, name, O_CREATE | O_RDWR);
  },
  /** The same for a name that has none. */
  *posixx(u, _memory, [name = '']) {
    return yield* shm_open(u, name, O_CREATE | O_EXCL | O_RDWR);
  },
  *shmunlink(u, _memory, [name = '']) {
    return yield* shm_unlink(u, name);
  },
  *ftruncate(u, _memory, [fd, pages]) {
    return ftruncate(u, Number(fd), 4096 * Number(pages)) ?? (yield);
  },
  /** Maps the first pages of a descriptor. */
  *pmap(u, memory, [fd, pages]) {
    const prot = PROT_READ | PROT_WRITE;
    const va = mmap(u, 0, 4096 * Number(pages), prot, MAP_SHARED, Number(fd), 0) ?? (yield);
    if (va >= 0) memory.attached = va;
    return sign(va);
  },
  *punmap(u, memory, [pages]) {
    return munmap(u, memory.attached, 4096 * Number(pages)) ?? (yield);
  },
  *pclose(u, _memory, [fd]) {
    return close(u, Number(fd)) ?? (yield);
  },
  /** Stores a number into the first word of a page of what is attached. */
  *poke(u, memory, [page, value]) {
    u.store(memory.attached + 4096 * Number(page), Number(value)) ?? (yield);
    return 0;
  },
  /** Adds to the first word of what is attached; answers 0. */
  *add(u, memory) {
    u.fetchAdd(memory.attached, 1) ?? (yield);
    return 0;
  },
  /** The first word of what is attached. */
  *peek(u, memory) {
    return u.load(memory.attached) ?? (yield);
  },
  /** Makes the word 1, and wakes who waits for that. */
  *raise(u, memory) {
    u.exchange(memory.attached, 1) ?? (yield);
    return futex_wake(u, memory.attached, 1) ?? (yield);
  },
  /** Waits until the word is 1. */
  *await(u, memory) {
    while ((u.fetchAdd(memory.attached, 0) ?? (yield)) === 0) {
      futex_wait(u, memory.attached, 0) ?? (yield);
    }
    return 0;
  },
  /** Adds 1 to the first word of what is attached, in one step. */
  *count(u, { attached }) {
    return attached === NOWHERE ? -1 : (u.fetchAdd(attached, 1) ?? (yield));
  },
  *stat(u, { segment }) {
    return (yield* shm_stat(u, segment)) === undefined ? -1 : 0;
  },
  /**
   * meet:wake, :kill or :moved, and :seg, :area or :own: a child waits for a word to change, of the
   * segment, of a shared mapping or of its own data. It is woken, killed, or woken where it has the
   * segment at another address. With meet:lone:own the parent wakes whoever waits for its own copy of
   * the word, answers how many that were, and kills the child. Ends unless somebody else kills the parent.
   */
  *meet(u, memory, [how = 'wake', where = 'seg']) {
    const word = wordOf(memory, where);
    if (word === NOWHERE || (where === 'own' && how !== 'kill' && how !== 'lone')) return -1;
    // Faults it in: after the fork the parent must not fail.
    const was = u.fetchAdd(word, 0) ?? (yield);
    const pid = fork(u) ?? (yield);
    if (pid < 0) return -1;
    if (pid === 0) {
      const again = how === 'moved' ? (shmat(u, memory.attachedId, 0, 0) ?? (yield)) : -1;
      const there = again >= 0 && (u.fetchAdd(again, 0) ?? (yield)) === was ? again : word;
      futex_wait(u, there, was) ?? (yield);
      exit(u, 0) ?? (yield);
    }
    let woken = 0;
    if (how === 'lone') {
      sleep(u, 1) ?? (yield);
      woken = futex_wake(u, word, ALL) ?? (yield);
    }
    if (how === 'kill' || how === 'lone') {
      kill(u, pid) ?? (yield);
    } else {
      // Long enough that the child is asleep by then, more often than not.
      if (how === 'moved') sleep(u, 1) ?? (yield);
      u.fetchAdd(word, 1) ?? (yield);
      futex_wake(u, word, ALL) ?? (yield);
    }
    return (wait(u) ?? (yield)) < 0 ? -1 : woken;
  },
};

/** A word that parent and child share, but for the last. */
function wordOf({ area, attached, shared }: IpcMemory, where: string): number {
  if (where === 'own') return HEAP;
  if (where === 'area') return shared ? area : NOWHERE;
  return attached;
}
