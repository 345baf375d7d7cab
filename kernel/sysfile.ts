/**
 * File-system system calls: mostly argument checking, since user code is not trusted (xv6
 * sysfile.c); file.ts, namei.ts and pipe.ts do the work.
 */
import type { Code } from '../machine/index.ts';
import {
  O_CREATE,
  O_RDONLY,
  O_RDWR,
  O_TRUNC,
  O_WRONLY,
  STATSIZE,
  T_DEVICE,
  T_DIR,
  T_FILE,
} from './abi.ts';
import { argint } from './argument.ts';
import { consolewrite } from './console.ts';
import {
  FD_INODE,
  FD_PIPE,
  type File,
  filealloc,
  fileclose,
  filedup,
  fileinit,
  fileOf,
  fileread,
  filestat,
  filewrite,
  type Stat,
} from './file.ts';
import { type Inode, ilock, itrunc, iunlock, iunlockput } from './fs.ts';
import type { Kernel } from './kernel.ts';
import { create, dirclear, dirlookup, namei, nameiparent } from './namei.ts';
import { CONSIN, CONSOUT } from './ofile.ts';
import { objectTruncate } from './pageobject.ts';
import { panic } from './panic.ts';
import { MAXPATH } from './param.ts';
import { pipemake } from './pipe.ts';
import type { Proc } from './proc.ts';
import { copyinstr, copyout } from './vm.ts';

/** What a descriptor holds; 0 for one that is not open. */
function heldBy(k: Kernel, p: Proc, fd: number): number {
  return fd < 0 || fd >= p.files.count ? 0 : (k.m.words[p.files.at(fd)] as number);
}

/** The lowest descriptor that is not open, from `from`; -1 when all are. */
function lowestFree(k: Kernel, p: Proc, from = 0): number {
  for (let fd = from; fd < p.files.count; fd++) if (heldBy(k, p, fd) === 0) return fd;
  return -1;
}

function* argpath(k: Kernel, p: Proc): Code<string | undefined> {
  return yield* copyinstr(k, k.m.words[p.pagetable] as number, argint(k, p, 0), MAXPATH);
}

/** read(int fd, void *buf, int n): the bytes read, 0 at the end, or -1. The console has no input. */
export function* sysRead(k: Kernel, p: Proc): Code<number> {
  const fd = argint(k, p, 0);
  const n = argint(k, p, 2);
  if (heldBy(k, p, fd) === CONSIN) return n < 0 ? -1 : 0;
  const f = fileOf(k, p, fd);
  return f === undefined || n < 0 ? -1 : yield* fileread(k, p, f, argint(k, p, 1), n);
}

/** write(int fd, void *buf, int n): the bytes written, or -1. */
export function* sysWrite(k: Kernel, p: Proc): Code<number> {
  const fd = argint(k, p, 0);
  const n = argint(k, p, 2);
  if (n < 0) return -1;
  if (heldBy(k, p, fd) === CONSOUT) return yield* consolewrite(k, p, argint(k, p, 1), n);
  const f = fileOf(k, p, fd);
  return f === undefined ? -1 : yield* filewrite(k, p, f, argint(k, p, 1), n);
}

/** close(int fd): 0, or -1 for a descriptor that is not open. */
export function* sysClose(k: Kernel, p: Proc): Code<number> {
  const { words } = k.m;
  const fd = argint(k, p, 0);
  if (heldBy(k, p, fd) === 0) return -1;
  const f = fileOf(k, p, fd);
  const late = k.mutant['close-descriptor-late'];
  if (!late) words[p.files.at(fd)] = 0;
  if (f !== undefined) yield* fileclose(k, f);
  if (late) words[p.files.at(fd)] = 0;
  return 0;
}

/** dup(int fd): the lowest free descriptor, which shares the file and its offset, or -1. */
export function* sysDup(k: Kernel, p: Proc): Code<number> {
  const fd = argint(k, p, 0);
  const held = heldBy(k, p, fd);
  const copy = lowestFree(k, p);
  if (held === 0 || copy < 0) return -1;
  const f = fileOf(k, p, fd);
  if (f !== undefined) yield* filedup(k, f);
  k.m.words[p.files.at(copy)] = held;
  return copy;
}

/** fstat(int fd, struct stat *st): 0, or -1 for a pipe, a bad descriptor or address. */
export function* sysFstat(k: Kernel, p: Proc): Code<number> {
  const fd = argint(k, p, 0);
  const held = heldBy(k, p, fd);
  if (held === 0) return -1;
  const console: Stat = { inum: 0, type: T_DEVICE, nlink: 0, size: 0 };
  const f = fileOf(k, p, fd);
  const stat = f === undefined ? console : yield* filestat(k, f);
  if (stat === undefined) return -1;
  // struct stat: int dev; uint ino; short type; short nlink; uint64 size.
  const words = Int32Array.of(1, stat.inum, stat.type | (stat.nlink << 16), 0, stat.size, 0);
  const bytes = new Uint8Array(words.buffer, 0, STATSIZE);
  return yield* copyout(k, k.m.words[p.pagetable] as number, argint(k, p, 1), bytes);
}

/** The inode to open, locked, with a reference. */
function* openInode(k: Kernel, path: string, mode: number): Code<Inode | undefined> {
  if ((mode & O_CREATE) !== 0) return yield* create(k, path);
  const ip = yield* namei(k, path);
  if (ip === undefined) return undefined;
  yield* ilock(k, ip);
  const type = k.m.load(ip.type) ?? (yield);
  if (type !== T_DIR || mode === O_RDONLY) return ip;
  yield* iunlockput(k, ip);
  return undefined;
}

/**
 * open(char *path, int mode): the lowest free descriptor, or -1.
 *
 * Departure from xv6: the file is allocated before the inode, so that an open that fails has not
 * created anything.
 */
export function* sysOpen(k: Kernel, p: Proc): Code<number> {
  const { m, mutant } = k;
  const mode = argint(k, p, 1);
  const access = mode & (O_WRONLY | O_RDWR);
  if ((mode & ~(O_WRONLY | O_RDWR | O_CREATE | O_TRUNC)) !== 0) return -1;
  if (access === (O_WRONLY | O_RDWR)) return -1;
  const path = yield* argpath(k, p);
  const fd = lowestFree(k, p);
  if (path === undefined || fd < 0) return -1;
  const f = yield* filealloc(k);
  if (f === undefined) return -1;
  const ip = yield* openInode(k, path, mode);
  if (ip === undefined) {
    if (!mutant['open-missing-keeps-file']) yield* fileclose(k, f);
    return -1;
  }
  const type = m.load(ip.type) ?? (yield);
  if ((mode & O_TRUNC) !== 0 && type === T_FILE) {
    yield* itrunc(k, ip);
    yield* objectTruncate(k, ip.inum);
  }
  const rights = { readable: access !== O_WRONLY, writable: access !== O_RDONLY };
  yield* fileinit(k, f, FD_INODE, ip.inum, rights);
  m.words[p.files.at(fd)] = f.index + 1;
  yield* iunlock(k, ip);
  return fd;
}

/** unlink(char *path): removes the name; the file goes with its last reference. 0, or -1. */
export function* sysUnlink(k: Kernel, p: Proc): Code<number> {
  const { m, mutant } = k;
  const path = yield* argpath(k, p);
  const parent = path === undefined ? undefined : yield* nameiparent(k, path);
  if (parent === undefined) return -1;
  const { dp, name } = parent;
  // Not the directory itself, which is locked already, nor its parent, whose lock comes first.
  const found = /^\.\.?$/.test(name) ? undefined : yield* dirlookup(k, dp, name);
  if (found === undefined) {
    yield* iunlockput(k, dp);
    return -1;
  }
  const { ip, off } = found;
  yield* ilock(k, ip);
  const type = m.load(ip.type) ?? (yield);
  if (type === T_DIR) {
    yield* iunlockput(k, ip);
    yield* iunlockput(k, dp);
    return -1;
  }
  const nlink = m.load(ip.nlink) ?? (yield);
  if (nlink < 1) panic(k, 'unlink: nlink < 1');
  yield* dirclear(k, dp, off);
  yield* iunlockput(k, dp);
  m.store(ip.nlink, nlink - 1) ?? (yield);
  if (mutant['unlink-frees-open']) {
    yield* itrunc(k, ip);
    m.store(ip.type, 0) ?? (yield);
  }
  yield* iunlockput(k, ip);
  return 0;
}

/** The files of a fresh pipe's two ends (xv6 pipealloc); undefined when anything has run out. */
function* pipealloc(k: Kernel): Code<{ reads: File; writes: File } | undefined> {
  const reads = yield* filealloc(k);
  if (reads === undefined) return undefined;
  const writes = yield* filealloc(k);
  const pi = writes === undefined ? undefined : yield* pipemake(k);
  if (writes === undefined || pi === undefined) {
    if (!k.mutant['pipe-oom-keeps-file']) yield* fileclose(k, reads);
    if (writes !== undefined) yield* fileclose(k, writes);
    return undefined;
  }
  yield* fileinit(k, reads, FD_PIPE, pi.index + 1, { readable: true, writable: false });
  yield* fileinit(k, writes, FD_PIPE, pi.index + 1, { readable: false, writable: true });
  return { reads, writes };
}

/** pipe(int fd[2]): 0, with the read end in fd[0] and the write end in fd[1], or -1. */
export function* sysPipe(k: Kernel, p: Proc): Code<number> {
  const { words } = k.m;
  const first = lowestFree(k, p);
  const second = first < 0 ? -1 : lowestFree(k, p, first + 1);
  if (second < 0) return -1;
  const ends = yield* pipealloc(k);
  if (ends === undefined) return -1;
  words[p.files.at(first)] = ends.reads.index + 1;
  words[p.files.at(second)] = ends.writes.index + 1;
  const fds = new Uint8Array(Int32Array.of(first, second).buffer);
  const pagetable = words[p.pagetable] as number;
  if ((yield* copyout(k, pagetable, argint(k, p, 0), fds)) === 0) return 0;
  words[p.files.at(first)] = 0;
  words[p.files.at(second)] = 0;
  yield* fileclose(k, ends.reads);
  yield* fileclose(k, ends.writes);
  return -1;
}
