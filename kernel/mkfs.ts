/**
 * Makes the file system (xv6 mkfs/mkfs.c): the root with a README and an empty directory `tmp`. Part
 * of set-up, before anything runs: writes memory plainly, with no operations.
 */
import { invariant } from '../machine/index.ts';
import { T_DIR, T_FILE } from './abi.ts';
import { BSIZE, storeBlock } from './disk.ts';
import { ROOTINO } from './fs.ts';
import type { Kernel } from './kernel.ts';
import { DIRENT, dirent } from './namei.ts';

/** Inodes and blocks that the file system takes; block 0 is nobody's, as the boot block is. */
export const MKFSINODES = 3;
export const MKFSBLOCKS = 4;

const README = 'xv6 is a re-implementation of Dennis Ritchie and Ken Thompson\nUnix Version 6.\n';

export function mkfs(k: Kernel): void {
  invariant(
    k.param.ninode >= MKFSINODES && k.param.fssize >= MKFSBLOCKS,
    'the disk has room for what mkfs puts there',
  );
  const tmp = ROOTINO + 1;
  const readme = ROOTINO + 2;
  const { words } = k.m;
  words[k.disk.bitmap] = (1 << MKFSBLOCKS) - 1;
  put(k, ROOTINO, T_DIR, directory({ '.': ROOTINO, '..': ROOTINO, tmp, README: readme }));
  put(k, tmp, T_DIR, directory({ '.': tmp, '..': ROOTINO }));
  put(k, readme, T_FILE, new Uint8Array(Array.from(README, (c) => c.charCodeAt(0))));
}

function directory(inums: Readonly<Record<string, number>>): Uint8Array {
  const entries = Object.entries(inums);
  const bytes = new Uint8Array(entries.length * DIRENT);
  for (const [i, [name, inum]] of entries.entries()) bytes.set(dirent(inum, name), i * DIRENT);
  return bytes;
}

/** Gives an inode its contents, in the block of its own number. */
function put(k: Kernel, inum: number, type: number, bytes: Uint8Array): void {
  const { words } = k.m;
  const ip = k.itable.inodes[inum - 1];
  invariant(ip !== undefined && bytes.length <= BSIZE, 'a file of mkfs is a block');
  words[ip.type] = type;
  words[ip.nlink] = 1;
  words[ip.size] = bytes.length;
  words[ip.addrs] = inum;
  storeBlock(k, inum, 0, bytes);
}
