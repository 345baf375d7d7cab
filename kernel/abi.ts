/**
 * The system-call interface: all that user/ may know of the kernel (xv6 syscall.h, fcntl.h, user.h).
 */
import type { Code } from '../machine/index.ts';

export const SYS_fork = 1;
export const SYS_exit = 2;
export const SYS_wait = 3;
export const SYS_pipe = 4;
export const SYS_read = 5;
export const SYS_kill = 6;
export const SYS_exec = 7;
export const SYS_fstat = 8;
export const SYS_dup = 10;
export const SYS_getpid = 11;
export const SYS_sbrk = 12;
export const SYS_sleep = 13;
export const SYS_uptime = 14;
export const SYS_open = 15;
export const SYS_write = 16;
export const SYS_unlink = 18;
export const SYS_close = 21;
export const SYS_futex_wait = 29;
export const SYS_futex_wake = 30;
export const SYS_shmget = 31;
export const SYS_shmat = 32;
export const SYS_shmdt = 33;
export const SYS_shmctl = 34;
export const SYS_getuid = 35;
export const SYS_setuid = 36;
export const SYS_posix_shm_open = 37;
export const SYS_ftruncate = 38;
export const SYS_shm_unlink = 39;
export const SYS_shm_open = 22;
export const SYS_shm_trunc = 23;
export const SYS_shm_map = 24;
export const SYS_shm_close = 25;
/** Powers the machine off; init calls it when its last child is gone. xv6 has none and runs on. */
export const SYS_halt = 26;

export const SYS_mmap = 27;
export const SYS_munmap = 28;

export const O_RDONLY = 0x000;
export const O_WRONLY = 0x001;
export const O_RDWR = 0x002;
export const O_CREATE = 0x200;
export const O_TRUNC = 0x400;
export const O_EXCL = 0x800;

/** Kinds of file, as fstat tells them (xv6 stat.h). */
export const T_DIR = 1;
export const T_FILE = 2;
export const T_DEVICE = 3;
export const T_SHM = 4;
/** Bytes of struct stat: dev, ino, type and nlink as halves of a word, padding, size as 64 bits. */
export const STATSIZE = 24;

/** Rights of a mapping, and what kind it is. */
export const PROT_NONE = 0x0;
export const PROT_READ = 0x1;
export const PROT_WRITE = 0x2;
export const PROT_EXEC = 0x4;
export const MAP_SHARED = 0x01;
export const MAP_PRIVATE = 0x02;
export const MAP_FIXED = 0x10;
export const MAP_ANONYMOUS = 0x20;

/** System V shared memory (Linux ipc.h, shm.h): a key that finds nothing, and flags of shmget. */
export const IPC_PRIVATE = 0;
export const IPC_CREAT = 0o1000;
export const IPC_EXCL = 0o2000;
/** Commands of shmctl. */
export const IPC_RMID = 0;
export const IPC_SET = 1;
export const IPC_STAT = 2;
/** Flags of shmat. */
export const SHM_RDONLY = 0o10000;
export const SHM_RND = 0o20000;
/** In the mode that IPC_STAT tells: removed, and gone with the last detach. */
export const SHM_DEST = 0o1000;
/**
 * Bytes of struct shmid_ds, which is words: key, uid, creator's uid, mode, size, attachments, pid of
 * the creator, pid that attached or detached last. IPC_SET reads two of them.
 */
export const SHMID_DS_SIZE = 32;
export const SHMID_DS_UID = 1;
export const SHMID_DS_MODE = 3;
export const SHMID_DS_NATTCH = 5;

/** Second argument of an sbrk that makes frames at the first touch of each page, not at once. */
export const SBRK_LAZY = 2;

/**
 * The CPU as a user program sees it. Every call is written `u.load(va) ?? (yield)`: it answers, or
 * answers undefined and the program must yield until it has the answer.
 *
 * Addresses are virtual bytes. Word accesses want a multiple of 4 and are signed 32-bit; a bad
 * address, or a store that the page does not allow, kills the process.
 */
export interface Context {
  load(va: number): number | undefined;
  store(va: number, value: number): number | undefined;
  loadByte(va: number): number | undefined;
  storeByte(va: number, value: number): number | undefined;
  /** Atomic instructions; each answers the value before. */
  fetchAdd(va: number, addend: number): number | undefined;
  exchange(va: number, value: number): number | undefined;
  compareExchange(va: number, expected: number, desired: number): number | undefined;
  /** Traps into the kernel; answers the system call's result. */
  ecall(
    call: number,
    a0?: number,
    a1?: number,
    a2?: number,
    a3?: number,
    a4?: number,
    a5?: number,
  ): number | undefined;
}

/**
 * A user program. A number that its generator returns is its exit status, else that is 0.
 *
 * It must depend only on its arguments and on what the context answers, because fork makes the
 * child by running the program anew, fed with the answers that the parent had up to the fork.
 */
export type Program = (u: Context, argv: readonly string[]) => Code;

/** First byte that a fresh program may use as data: its first page is mapped read-write. */
export const DATA = 0x100;
/** One past the last such byte. */
export const DATAEND = 0x1000;
