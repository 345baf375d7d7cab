import { T_DIR } from '../kernel/abi.ts';
import { FD_INODE, FD_NONE } from '../kernel/file.ts';
import type { Inode } from '../kernel/fs.ts';
import type { Kernel } from '../kernel/kernel.ts';

/** A plain account of files, inodes and blocks, kept apart from the kernel's own book-keeping. */

/** Blocks that an inode lists. */
function blocksOf(k: Kernel, ip: Inode): number[] {
  return [...k.m.words.subarray(ip.addrs, ip.addrs + 12)].filter((block) => block !== 0);
}

/** A directory's entries: inode number and name. */
function entriesOf(k: Kernel, ip: Inode): (readonly [inum: number, name: string])[] {
  const { memory, words } = k.m;
  const bytes = blocksOf(k, ip).flatMap((block) => {
    const first = memory.frame(memory.block(block)) * 4;
    return [...memory.bytes.subarray(first, first + 4096)];
  });
  const entries: [number, string][] = [];
  for (let off = 0; off < (words[ip.size] as number); off += 16) {
    const inum = (bytes[off] ?? 0) + 256 * (bytes[off + 1] ?? 0);
    const name = String.fromCharCode(...bytes.slice(off + 2, off + 16)).replace(/\0.*/, '');
    if (inum !== 0) entries.push([inum, name]);
  }
  return entries;
}

/** What is wrong with open files; may be asked when no system call is under way. */
function auditOpen(k: Kernel): string[] {
  const { words } = k.m;
  const wrong: string[] = [];
  const descriptors = k.ptable.procs.flatMap(({ files }) =>
    Array.from({ length: files.count }, (_, fd) => words[files.at(fd)] as number),
  );
  const opened: number[] = [];
  for (const f of k.ftable.files) {
    const held = descriptors.filter((value) => value === f.index + 1).length;
    if (words[f.ref] !== held) wrong.push(`file[${f.index}]: ref=${words[f.ref]}, held by ${held}`);
    if (words[f.ref] === 0 && words[f.type] !== FD_NONE)
      wrong.push(`file[${f.index}]: free, typed`);
    if (words[f.ref] !== 0 && words[f.type] === FD_INODE) opened.push(words[f.object] as number);
  }
  for (const ip of k.itable.inodes) {
    const mapped = k.otable.objects.filter((o) => words[o.inum] === ip.inum).length;
    const held = mapped + opened.filter((inum) => inum === ip.inum).length;
    if (words[ip.ref] !== held)
      wrong.push(`inode[${ip.inum}]: ref=${words[ip.ref]}, held by ${held}`);
    if (words[ip.lock.locked] !== 0) wrong.push(`inode[${ip.inum}]: locked`);
  }
  return wrong;
}

/** What is wrong with the disk when nothing is open. */
function auditDisk(k: Kernel): string[] {
  const { words } = k.m;
  const wrong: string[] = [];
  const used = new Map<number, string>([[0, 'nobody']]);
  const links = new Map<number, number>();
  for (const ip of k.itable.inodes) {
    const who = `inode[${ip.inum}]`;
    const blocks = blocksOf(k, ip);
    if (words[ip.type] === 0) {
      if (words[ip.size] !== 0 || blocks.length > 0) wrong.push(`${who}: free, but not empty`);
      continue;
    }
    if (blocks.length !== Math.ceil((words[ip.size] as number) / 4096)) {
      wrong.push(`${who}: ${words[ip.size]} bytes in ${blocks.length} blocks`);
    }
    for (const block of blocks) {
      const other = used.get(block);
      if (other !== undefined) wrong.push(`block ${block}: of ${other} and of ${who}`);
      used.set(block, who);
    }
    if (words[ip.type] !== T_DIR) continue;
    const names = new Set<string>();
    for (const [inum, name] of entriesOf(k, ip)) {
      if (names.has(name)) wrong.push(`${who}: two entries "${name}"`);
      names.add(name);
      if (name !== '.' && name !== '..') links.set(inum, (links.get(inum) ?? 0) + 1);
    }
  }
  links.set(1, 1);
  for (const ip of k.itable.inodes) {
    const nlink = words[ip.type] === 0 ? 0 : words[ip.nlink];
    const named = links.get(ip.inum) ?? 0;
    const lost = words[ip.type] !== 0 && named === 0;
    if (nlink !== named || lost) wrong.push(`inode[${ip.inum}]: nlink=${nlink}, names=${named}`);
  }
  for (let block = 0; block < k.param.fssize; block++) {
    const bit = ((words[k.disk.bitmap + (block >> 5)] as number) >> (block & 31)) & 1;
    if (bit !== (used.has(block) ? 1 : 0)) wrong.push(`block ${block}: bitmap says ${bit}`);
  }
  return wrong;
}

/** What is wrong, after init has halted, with files, pipes and the disk. */
export function auditFiles(k: Kernel): string[] {
  const pipes = k.pipes.filter((pi) => k.m.words[pi.data] !== 0);
  return [...auditOpen(k), ...auditDisk(k), ...pipes.map((pi) => `pipe[${pi.index}] is left`)];
}
