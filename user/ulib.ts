/**
 * The C library of user programs: system-call stubs and printf (xv6 user.h, ulib.c, printf.c).
 *
 * The kernel's context is all that a program has; strings and results that the kernel reads or
 * writes lie in the program's own memory, in a scratch area at the start of its data.
 */
import * as abi from '../kernel/abi.ts';
import { type Context, DATA } from '../kernel/abi.ts';

export type { Context, Program } from '../kernel/abi.ts';
export {
  MAP_ANONYMOUS,
  MAP_FIXED,
  MAP_PRIVATE,
  MAP_SHARED,
  O_CREATE,
  O_EXCL,
  O_RDONLY,
  O_RDWR,
  O_TRUNC,
  O_WRONLY,
  PROT_EXEC,
  PROT_NONE,
  PROT_READ,
  PROT_WRITE,
  T_DEVICE,
  T_DIR,
  T_FILE,
  T_SHM,
} from '../kernel/abi.ts';

/** A part of a program: `yield*` it. */
export type Part<Result> = Generator<void, Result, number>;

const SCRATCH = DATA;
const POINTER = DATA + 0x80;
const ARGV = DATA + 0x90;
/** Where calls of the C library have the kernel write results to. */
export const BUFFER = DATA + 0x200;
const BUFFERSIZE = 0x200;
/** First byte of its memory that a program may use for itself, up to DATAEND. */
export const HEAP = DATA + 0x400;

/** Writes a string and its NUL, a byte an instruction, as strcpy does. */
export function* putString(u: Context, va: number, text: string): Part<void> {
  for (let i = 0; i < text.length; i++) u.storeByte(va + i, text.charCodeAt(i)) ?? (yield);
  u.storeByte(va + text.length, 0) ?? (yield);
}

/** Reads a string of at most `max` bytes. */
export function* getString(u: Context, va: number, max: number): Part<string> {
  let text = '';
  for (let i = 0; i < max; i++) {
    const byte = u.loadByte(va + i) ?? (yield);
    if (byte === 0) break;
    text += String.fromCharCode(byte);
  }
  return text;
}

/** write(1, text): prints, in pieces of at most the buffer's size. */
export function* print(u: Context, text: string): Part<void> {
  for (let at = 0; at < text.length; at += BUFFERSIZE - 1) {
    const piece = text.slice(at, at + BUFFERSIZE - 1);
    yield* putString(u, BUFFER, piece);
    u.ecall(abi.SYS_write, 1, BUFFER, piece.length) ?? (yield);
  }
}

export const fork = (u: Context): number | undefined => u.ecall(abi.SYS_fork);
export const exit = (u: Context, status: number): number | undefined =>
  u.ecall(abi.SYS_exit, status);
export const kill = (u: Context, pid: number): number | undefined => u.ecall(abi.SYS_kill, pid);
export const getpid = (u: Context): number | undefined => u.ecall(abi.SYS_getpid);
export const sbrk = (u: Context, n: number): number | undefined => u.ecall(abi.SYS_sbrk, n);
/** sbrk that takes frames only when the pages are touched. */
export const sbrklazy = (u: Context, n: number): number | undefined =>
  u.ecall(abi.SYS_sbrk, n, abi.SBRK_LAZY);
export const mmap = (
  u: Context,
  addr: number,
  length: number,
  prot: number,
  flags: number,
  fd: number,
  offset: number,
): number | undefined => u.ecall(abi.SYS_mmap, addr, length, prot, flags, fd, offset);
export const munmap = (u: Context, addr: number, length: number): number | undefined =>
  u.ecall(abi.SYS_munmap, addr, length);
export const sleep = (u: Context, ticks: number): number | undefined =>
  u.ecall(abi.SYS_sleep, ticks);
export const uptime = (u: Context): number | undefined => u.ecall(abi.SYS_uptime);
export const halt = (u: Context): number | undefined => u.ecall(abi.SYS_halt);
export const shm_trunc = (u: Context, od: number, size: number): number | undefined =>
  u.ecall(abi.SYS_shm_trunc, od, size);
export const shm_close = (u: Context, od: number): number | undefined =>
  u.ecall(abi.SYS_shm_close, od);
/** wait(0): the child's pid, or -1; its exit status is not asked for. */
export const wait = (u: Context): number | undefined => u.ecall(abi.SYS_wait, 0);

export const read = (u: Context, fd: number, va: number, n: number): number | undefined =>
  u.ecall(abi.SYS_read, fd, va, n);
export const write = (u: Context, fd: number, va: number, n: number): number | undefined =>
  u.ecall(abi.SYS_write, fd, va, n);
export const close = (u: Context, fd: number): number | undefined => u.ecall(abi.SYS_close, fd);
export const dup = (u: Context, fd: number): number | undefined => u.ecall(abi.SYS_dup, fd);

export function* open(u: Context, path: string, mode: number): Part<number> {
  yield* putString(u, SCRATCH, path);
  return u.ecall(abi.SYS_open, SCRATCH, mode) ?? (yield);
}

export function* unlink(u: Context, path: string): Part<number> {
  yield* putString(u, SCRATCH, path);
  return u.ecall(abi.SYS_unlink, SCRATCH) ?? (yield);
}

/** pipe(fds): the descriptors of its two ends, or undefined. */
export function* pipe(u: Context): Part<{ reads: number; writes: number } | undefined> {
  const result = u.ecall(abi.SYS_pipe, POINTER) ?? (yield);
  if (result < 0) return undefined;
  const reads = u.load(POINTER) ?? (yield);
  return { reads, writes: u.load(POINTER + 4) ?? (yield) };
}

/** What fstat tells of a file. */
export interface Stat {
  readonly ino: number;
  readonly type: number;
  readonly nlink: number;
  readonly size: number;
}

/** fstat(fd, &st), or undefined. */
export function* fstat(u: Context, fd: number): Part<Stat | undefined> {
  const result = u.ecall(abi.SYS_fstat, fd, BUFFER) ?? (yield);
  if (result < 0) return undefined;
  const ino = u.load(BUFFER + 4) ?? (yield);
  const typeAndLinks = u.load(BUFFER + 8) ?? (yield);
  const size = u.load(BUFFER + 16) ?? (yield);
  return { ino, type: typeAndLinks & 0xffff, nlink: typeAndLinks >> 16, size };
}

/** Writes a string, without its NUL, to a file. Answers what write does. */
export function* writeString(u: Context, fd: number, text: string): Part<number> {
  yield* putString(u, BUFFER, text);
  return write(u, fd, BUFFER, text.length) ?? (yield);
}

/** Reads at most `max` bytes, up to the buffer's size, as a string; undefined when read says -1. */
export function* readString(u: Context, fd: number, max: number): Part<string | undefined> {
  const count = read(u, fd, BUFFER, Math.min(max, BUFFERSIZE)) ?? (yield);
  if (count < 0) return undefined;
  let text = '';
  for (let i = 0; i < count; i++) {
    text += String.fromCharCode(u.loadByte(BUFFER + i) ?? (yield));
  }
  return text;
}

/** shm_open(name), xv6's; with flags shm_open(name, oflag, mode), POSIX's, which answers a file. */
export function* shm_open(u: Context, name: string, oflag?: number, mode = 0o600): Part<number> {
  yield* putString(u, SCRATCH, name);
  if (oflag === undefined) return u.ecall(abi.SYS_shm_open, SCRATCH) ?? (yield);
  return u.ecall(abi.SYS_posix_shm_open, SCRATCH, oflag, mode) ?? (yield);
}

export function* shm_unlink(u: Context, name: string): Part<number> {
  yield* putString(u, SCRATCH, name);
  return u.ecall(abi.SYS_shm_unlink, SCRATCH) ?? (yield);
}

/** Gives POSIX shared memory its size. */
export const ftruncate = (u: Context, fd: number, size: number): number | undefined =>
  u.ecall(abi.SYS_ftruncate, fd, size);

/** shm_map(od, &va, flags): the address, or -1. */
export function* shm_map(u: Context, od: number, flags: number): Part<number> {
  const result = u.ecall(abi.SYS_shm_map, od, POINTER, flags) ?? (yield);
  if (result < 0) return -1;
  return u.load(POINTER) ?? (yield);
}

/** wait(&status): pid and exit status of a child; pid is -1 when there is none. */
export function* waitStatus(u: Context): Part<{ pid: number; status: number }> {
  const pid = u.ecall(abi.SYS_wait, POINTER) ?? (yield);
  const status = pid < 0 ? 0 : (u.load(POINTER) ?? (yield));
  return { pid, status };
}

/** Replaces the program. Returns, with -1, only when it fails. */
export function* exec(u: Context, name: string, argv: readonly string[]): Part<number> {
  let at = BUFFER;
  for (const [i, arg] of argv.entries()) {
    yield* putString(u, at, arg);
    u.store(ARGV + 8 * i, at) ?? (yield);
    u.store(ARGV + 8 * i + 4, 0) ?? (yield);
    at += arg.length + 1;
  }
  u.store(ARGV + 8 * argv.length, 0) ?? (yield);
  yield* putString(u, SCRATCH, name);
  return u.ecall(abi.SYS_exec, SCRATCH, ARGV) ?? (yield);
}
