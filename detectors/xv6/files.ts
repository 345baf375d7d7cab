import { T_DIR } from '../../kernel/abi.ts';
import { BSIZE } from '../../kernel/disk.ts';
import { FD_INODE, FD_PIPE } from '../../kernel/file.ts';
import type { Inode } from '../../kernel/fs.ts';
import type { Kernel } from '../../kernel/kernel.ts';
import { NDIRECT } from '../../kernel/param.ts';
import { type Detector, type DetectorKind, found } from '../detector.ts';
import type { Watched } from '../watched.ts';
import { forKernel } from './for-kernel.ts';

/** Words of a directory entry: inode number in the low half of the first, the name in the rest. */
const ENTRYWORDS = 4;

/**
 * Open files, inodes, directories and the disk agree: what is open exists, a block that a file lists
 * is in use and nobody else's, one that nobody has locked has as many as its size needs, and a
 * directory has no name twice and none of a file that is gone.
 *
 * The kernel keeps these true at every step, not only under locks; they are looked at whenever a table
 * of files or an inode is let go. Never wrong while that holds. Costs a look at the file table each
 * time, and at all inodes' blocks when one is let go; nothing to an execution that uses no files.
 */
class Files implements Detector {
  readonly name = 'files';
  readonly audits: readonly number[];
  private readonly guest: Watched;
  private readonly k: Kernel;
  /** By lock: the inode that it is of; it is a table's otherwise. */
  private readonly inodeOf = new Map<number, Inode>();
  /** By block: number of the inode that lists it. */
  private readonly owners: Int32Array;

  constructor(guest: Watched, k: Kernel) {
    this.guest = guest;
    this.k = k;
    for (const ip of k.itable.inodes) this.inodeOf.set(ip.lock.lk.word, ip);
    this.audits = [k.ftable.lock.word, k.itable.lock.word, ...this.inodeOf.keys()];
    this.owners = new Int32Array(k.param.fssize);
  }

  released(lock: number): void {
    this.checkOpen();
    const ip = this.inodeOf.get(lock);
    if (ip === undefined) return;
    const { words } = this.k.m;
    if (words[ip.lock.locked] !== 0) return;
    this.checkEnd(ip);
    this.checkBlocks();
    if (words[ip.type] === T_DIR) this.checkDirectory(ip);
  }

  private checkOpen(): void {
    const { k } = this;
    const { words } = k.m;
    for (const f of k.ftable.files) {
      if (words[f.ref] === 0) continue;
      const type = words[f.type];
      const object = words[f.object] as number;
      if (type === FD_INODE) {
        const its = k.itable.inodes[object - 1]?.type ?? f.object;
        if (words[its] === 0) {
          this.report(`file[${f.index}] is open, and inode[${object}] is free`, [f.ref, its]);
        }
      } else if (type === FD_PIPE) {
        const data = k.pipes[object - 1]?.data ?? f.object;
        if (words[data] === 0) {
          this.report(`file[${f.index}] is open, and pipe[${object - 1}] is gone`, [f.ref, data]);
        }
      }
    }
  }

  /** A file has the blocks that its size needs. Not so while it is locked. */
  private checkEnd(ip: Inode): void {
    const { words } = this.k.m;
    const size = words[ip.size] as number;
    for (let bn = 0; bn < NDIRECT; bn++) {
      const block = words[ip.addrs + bn];
      if ((block !== 0) === bn * BSIZE < size) continue;
      const what = block === 0 ? 'lacks' : 'keeps';
      const title = `inode[${ip.inum}] of ${size} bytes ${what} a block ${bn}`;
      this.report(title, [ip.size, ip.addrs + bn]);
    }
  }

  private checkBlocks(): void {
    const { k, owners } = this;
    const { words } = k.m;
    owners.fill(0);
    for (const ip of k.itable.inodes) {
      for (let bn = 0; bn < NDIRECT; bn++) {
        const block = words[ip.addrs + bn] as number;
        if (block === 0) continue;
        const who = `inode[${ip.inum}] has block ${block}`;
        const about = [ip.addrs + bn, k.disk.bitmap + (block >> 5)];
        const other = owners[block];
        if (other !== 0) this.report(`${who}, and so has inode[${other}]`, about);
        owners[block] = ip.inum;
        const used = ((words[k.disk.bitmap + (block >> 5)] as number) >> (block & 31)) & 1;
        if (used === 0) this.report(`${who}, which is free`, about);
      }
    }
  }

  private checkDirectory(dp: Inode): void {
    const { k } = this;
    const { words, memory } = k.m;
    const entries = (words[dp.size] as number) >> 4;
    const perBlock = BSIZE / (4 * ENTRYWORDS);
    const at = (entry: number): number => {
      const block = words[dp.addrs + Math.floor(entry / perBlock)] as number;
      return memory.frame(memory.block(block)) + ENTRYWORDS * (entry % perBlock);
    };
    for (let i = 0; i < entries; i++) {
      const first = at(i);
      const inum = (words[first] as number) & 0xffff;
      if (inum === 0) continue;
      const ip = k.itable.inodes[inum - 1];
      const about = [dp.size, ...(ip === undefined ? [] : [ip.type, ip.nlink])];
      if (ip === undefined || words[ip.type] === 0) {
        const name = nameAt(memory.bytes, first * 4);
        this.report(`inode[${dp.inum}] names "${name}", and inode[${inum}] is free`, about);
      }
      for (let j = 0; j < i; j++) {
        if (!sameName(words, first, at(j))) continue;
        const name = nameAt(memory.bytes, first * 4);
        this.report(`inode[${dp.inum}] has the name "${name}" twice`, about);
      }
    }
  }

  private report(title: string, words: readonly number[]): never {
    const detail = [`seen when ${this.guest.here()} let a lock go`];
    found(this.guest, this.name, title, detail, { words });
  }
}

/** Whether two entries are both in use and have one name. */
function sameName(words: Int32Array, a: number, b: number): boolean {
  if (((words[b] as number) & 0xffff) === 0) return false;
  if ((words[a] as number) >>> 16 !== (words[b] as number) >>> 16) return false;
  for (let i = 1; i < ENTRYWORDS; i++) if (words[a + i] !== words[b + i]) return false;
  return true;
}

function nameAt(bytes: Uint8Array, entry: number): string {
  let name = '';
  for (let i = 2; i < 4 * ENTRYWORDS && bytes[entry + i] !== 0; i++) {
    name += String.fromCharCode(bytes[entry + i] as number);
  }
  return name;
}

/** What is left of files when nobody has any open: lines, and the words that they are about. */
export function fileSurvivors(k: Kernel): { lines: string[]; words: number[] } {
  const { words } = k.m;
  const lines: string[] = [];
  const about: number[] = [];
  const left = (line: string, word: number): void => {
    lines.push(line);
    about.push(word);
  };
  for (const f of k.ftable.files) {
    if (words[f.ref] !== 0) left(`file[${f.index}] is still open, ref = ${words[f.ref]}`, f.ref);
  }
  for (const pi of k.pipes) {
    if (words[pi.data] !== 0) left(`pipe[${pi.index}] still exists`, pi.data);
  }
  let listed = 1;
  for (const ip of k.itable.inodes) {
    const refs = words[ip.ref];
    if (refs !== 0) left(`inode[${ip.inum}] is still in use, ref = ${refs}`, ip.ref);
    if (words[ip.type] !== 0 && words[ip.nlink] === 0) {
      left(`inode[${ip.inum}] has no name and was not freed`, ip.nlink);
    }
    listed += Math.ceil((words[ip.size] as number) / BSIZE);
  }
  if (listed !== blocksInUse(k))
    for (const block of lostBlocks(k)) {
      left(`block ${block} is neither free nor used`, k.disk.bitmap + (block >> 5));
    }
  return { lines, words: about };
}

function blocksInUse(k: Kernel): number {
  let count = 0;
  for (let base = 0; base < k.param.fssize; base += 32) {
    for (
      let bits = k.m.words[k.disk.bitmap + (base >> 5)] as number;
      bits !== 0;
      bits &= bits - 1
    ) {
      count++;
    }
  }
  return count;
}

/** Blocks in use that no inode lists. */
function lostBlocks(k: Kernel): number[] {
  const { words } = k.m;
  const listed = new Set<number>([0]);
  for (const ip of k.itable.inodes) {
    for (let bn = 0; bn < NDIRECT; bn++) listed.add(words[ip.addrs + bn] as number);
  }
  return Array.from({ length: k.param.fssize }, (_, block) => block).filter(
    (block) =>
      !listed.has(block) && ((words[k.disk.bitmap + (block >> 5)] as number) >> (block & 31)) & 1,
  );
}

export const files: DetectorKind = {
  name: 'files',
  summary: 'open files, inodes, directories and blocks contradict each other',
  make: forKernel((guest, k) => new Files(guest, k)),
};
