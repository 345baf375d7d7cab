/**
 * Directories and paths (the upper half of xv6 fs.c, and create of its sysfile.c).
 *
 * A directory is a file of entries: a 16-bit inode number, 0 for none, and a name of at most DIRSIZ
 * bytes, NUL-padded. Departures from xv6: a path always begins at the root, since processes have no
 * current directory; a name that is too long is refused, where xv6 cuts it; directories come from
 * mkfs only.
 */
import type { Code } from '../machine/index.ts';
import { T_DIR, T_FILE } from './abi.ts';
import {
  type Inode,
  ialloc,
  iget,
  ilock,
  iput,
  iunlock,
  iunlockput,
  ROOTINO,
  readi,
  writei,
} from './fs.ts';
import type { Kernel } from './kernel.ts';
import { panic } from './panic.ts';
import { DIRSIZ } from './param.ts';

/** Bytes of a directory entry. */
export const DIRENT = 2 + DIRSIZ;

/** An entry's bytes. */
export function dirent(inum: number, name: string): Uint8Array {
  const bytes = new Uint8Array(DIRENT);
  bytes[0] = inum & 0xff;
  bytes[1] = inum >> 8;
  for (let i = 0; i < name.length; i++) bytes[2 + i] = name.charCodeAt(i);
  return bytes;
}

/** Inode number of the entry at `off` in a directory's bytes. */
function inumAt(bytes: Uint8Array, off: number): number {
  return (bytes[off] as number) | ((bytes[off + 1] as number) << 8);
}

function nameAt(bytes: Uint8Array, off: number): string {
  let name = '';
  for (let i = 2; i < DIRENT && bytes[off + i] !== 0; i++) {
    name += String.fromCharCode(bytes[off + i] as number);
  }
  return name;
}

/** All bytes of a directory. dp->lock must be held. */
function* entries(k: Kernel, dp: Inode): Code<Uint8Array> {
  const type = k.m.load(dp.type) ?? (yield);
  if (type !== T_DIR) panic(k, 'dirlookup not DIR');
  const size = k.m.load(dp.size) ?? (yield);
  const bytes = new Uint8Array(size);
  yield* readi(k, dp, bytes, 0);
  return bytes;
}

/** An entry of a directory, with a reference to its inode for the caller. */
interface Found {
  readonly ip: Inode;
  /** Where the entry is. */
  readonly off: number;
}

/** Looks for a name in a directory. dp->lock must be held, so that the entry cannot go meanwhile. */
export function* dirlookup(k: Kernel, dp: Inode, name: string): Code<Found | undefined> {
  const bytes = yield* entries(k, dp);
  for (let off = 0; off < bytes.length; off += DIRENT) {
    const inum = inumAt(bytes, off);
    if (inum !== 0 && nameAt(bytes, off) === name) return { ip: yield* iget(k, inum), off };
  }
  return undefined;
}

/**
 * Writes an entry in the first free place. dp->lock must be held; the name is not there yet.
 *
 * @returns 0, or -1 when the directory cannot grow.
 */
function* dirlink(k: Kernel, dp: Inode, name: string, inum: number): Code<number> {
  const bytes = yield* entries(k, dp);
  let off = 0;
  while (off < bytes.length && inumAt(bytes, off) !== 0) off += DIRENT;
  return (yield* writei(k, dp, dirent(inum, name), off)) < 0 ? -1 : 0;
}

/** Overwrites an entry with nothing. dp->lock must be held. */
export function* dirclear(k: Kernel, dp: Inode, off: number): Code<void> {
  const written = yield* writei(k, dp, new Uint8Array(DIRENT), off);
  if (written !== DIRENT) panic(k, 'unlink: writei');
}

/** Path elements; undefined when one is too long. */
function split(path: string): string[] | undefined {
  const elements = path.split('/').filter((element) => element !== '');
  return elements.every((element) => element.length <= DIRSIZ) ? elements : undefined;
}

/** Follows the elements from the root. Answers an inode with a reference, not locked. */
function* namex(k: Kernel, elements: readonly string[]): Code<Inode | undefined> {
  let ip = yield* iget(k, ROOTINO);
  for (const element of elements) {
    yield* ilock(k, ip);
    const type = k.m.load(ip.type) ?? (yield);
    const next = type === T_DIR ? yield* dirlookup(k, ip, element) : undefined;
    yield* iunlockput(k, ip);
    if (next === undefined) return undefined;
    ip = next.ip;
  }
  return ip;
}

/** The inode that a path names, with a reference, not locked; undefined when there is none. */
export function* namei(k: Kernel, path: string): Code<Inode | undefined> {
  const elements = split(path);
  return elements === undefined || path === '' ? undefined : yield* namex(k, elements);
}

/** The directory that holds a path's last element, locked, with a reference. */
interface Parent {
  readonly dp: Inode;
  readonly name: string;
}

/** Undefined when there is no such directory, or when the path names nothing in one. */
export function* nameiparent(k: Kernel, path: string): Code<Parent | undefined> {
  const elements = split(path);
  const name = elements?.pop();
  if (elements === undefined || name === undefined) return undefined;
  const dp = yield* namex(k, elements);
  if (dp === undefined) return undefined;
  yield* ilock(k, dp);
  const type = k.m.load(dp.type) ?? (yield);
  if (type === T_DIR) return { dp, name };
  yield* iunlockput(k, dp);
  return undefined;
}

/**
 * The file of that path, made empty if there is none. Locked, with a reference.
 *
 * @returns undefined for a bad path or a directory, or when inodes or blocks have run out; then
 *   nothing is kept.
 */
export function* create(k: Kernel, path: string): Code<Inode | undefined> {
  const { m, mutant } = k;
  const parent = yield* nameiparent(k, path);
  if (parent === undefined) return undefined;
  const { dp, name } = parent;
  const old = yield* dirlookup(k, dp, name);
  if (old !== undefined) {
    yield* iunlockput(k, dp);
    yield* ilock(k, old.ip);
    const type = m.load(old.ip.type) ?? (yield);
    if (type === T_FILE) return old.ip;
    yield* iunlockput(k, old.ip);
    return undefined;
  }
  if (mutant['create-apart']) {
    yield* iunlock(k, dp);
    yield* ilock(k, dp);
  }
  const ip = yield* ialloc(k, T_FILE);
  if (ip === undefined) {
    if (mutant['create-full-keeps-lock']) yield* iput(k, dp);
    else yield* iunlockput(k, dp);
    return undefined;
  }
  yield* ilock(k, ip);
  m.store(ip.nlink, 1) ?? (yield);
  const linked = yield* dirlink(k, dp, name, ip.inum);
  yield* iunlockput(k, dp);
  if (linked === 0) return ip;
  m.store(ip.nlink, 0) ?? (yield);
  yield* iunlockput(k, ip);
  return undefined;
}
