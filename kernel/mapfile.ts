/**
 * Mapped files. The pages of a file that processes have mapped are an object (pageobject.ts), which
 * has a reference to the inode, so a file stays while it is mapped, also when it is closed and has no
 * name. Pages come from the file when they are touched first, and go back to it when a shared area
 * loses them that has written to them (PTE_D).
 *
 * Between the two, read and write see the file, loads and stores see the page: as in the mmap lab of
 * xv6, and unlike a kernel whose files are their pages.
 */
import type { Code } from '../machine/index.ts';
import { MAP_SHARED, PROT_WRITE, T_FILE } from './abi.ts';
import { BSIZE } from './disk.ts';
import { FD_INODE, fileOf, inodeOf } from './file.ts';
import { type Inode, iget, ilock, iput, iunlock, readpage, writepage } from './fs.ts';
import { kalloc, kfree } from './kalloc.ts';
import type { Kernel } from './kernel.ts';
import type { Backing, Request } from './mmap.ts';
import {
  liveClose,
  liveOpen,
  liveUse,
  objectAdd,
  objectClose,
  objectCreate,
  objectFind,
  objectOpen,
  type PageObject,
} from './pageobject.ts';
import { NDIRECT } from './param.ts';
import type { Proc } from './proc.ts';
import { VMA_FILE, type VmOps } from './vma.ts';

/**
 * What is behind a mapping of an open file, from a byte on.
 *
 * @returns undefined when it is no file, or was not opened for what the mapping may do.
 */
export function* fileBacking(
  k: Kernel,
  p: Proc,
  fd: number,
  { prot, flags }: Request,
  offset: number,
): Code<Backing | undefined> {
  const { m } = k;
  const f = fileOf(k, p, fd);
  if (f === undefined) return undefined;
  const type = m.load(f.type) ?? (yield);
  const readable = m.load(f.readable) ?? (yield);
  const writable = m.load(f.writable) ?? (yield);
  // A private mapping reads the file and writes to copies.
  const writes = (flags & MAP_SHARED) !== 0 && (prot & PROT_WRITE) !== 0;
  if (type !== FD_INODE || readable === 0 || (writes && writable === 0)) return undefined;
  const inum = m.load(f.object) ?? (yield);
  const its = m.load(inodeOf(k, inum).type) ?? (yield);
  if (its !== T_FILE) return undefined;
  return function* (publish) {
    const ip = yield* iget(k, inum);
    let fresh = false;
    const hand = (made: PageObject): void => {
      fresh = m.words[made.refs] === 1;
      liveOpen(k, made, () => publish(VMA_FILE, made.index, offset / BSIZE));
    };
    const o = yield* objectCreate(k, NDIRECT, hand, inum);
    // The object has one reference, which it got when it was made.
    if (!fresh || k.mutant['mapfile-uncounted']) yield* iput(k, ip);
    return o !== undefined;
  };
}

function objectAt(k: Kernel, object: number): PageObject {
  return k.otable.objects[object] as PageObject;
}

/** The inode behind an object that somebody has mapped; that does not change meanwhile. */
function fileBehind(k: Kernel, o: PageObject): Inode {
  return inodeOf(k, k.m.words[o.inum] as number);
}

/** Whether a file reaches to a page. It may not any more when this returns. */
function* reaches(k: Kernel, ip: Inode, page: number): Code<boolean> {
  yield* ilock(k, ip);
  const size = k.m.load(ip.size) ?? (yield);
  yield* iunlock(k, ip);
  return page * BSIZE < size;
}

/** How mapped areas of files work. */
export const fileOps: VmOps = {
  sleeps: true,
  open(k, object, publish) {
    const o = objectAt(k, object);
    return objectOpen(k, o, () => liveOpen(k, o, publish));
  },
  *close(k, object, publish) {
    const o = objectAt(k, object);
    const inum = yield* objectClose(k, o, () => liveClose(k, o, publish));
    if (inum !== 0) yield* iput(k, inodeOf(k, inum));
  },
  *pageIn(k, object, page, use) {
    const o = objectAt(k, object);
    const used = liveUse(k, o, use);
    const found = yield* objectFind(k, o, page, used);
    if (found !== undefined) return found;
    const ip = fileBehind(k, o);
    const early = k.mutant['mapfile-checks-early'] && (yield* reaches(k, ip, page));
    const ppn = yield* kalloc(k);
    if (ppn === 0) return -1;
    // Held until the page is there: a file that is cut meanwhile would leave its page behind.
    yield* ilock(k, ip);
    const there = (page < NDIRECT && (yield* readpage(k, ip, page * BSIZE, ppn))) || early;
    const result = there ? yield* objectAdd(k, o, page, ppn, used) : -1;
    yield* iunlock(k, ip);
    if (!there) yield* kfree(k, ppn);
    return result;
  },
  writeBack: (k, object, page, ppn) =>
    writepage(k, fileBehind(k, objectAt(k, object)), page * BSIZE, ppn),
};
