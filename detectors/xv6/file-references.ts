import { FD_INODE, type File } from '../../kernel/file.ts';
import type { Inode } from '../../kernel/fs.ts';
import type { Kernel } from '../../kernel/kernel.ts';
import type { Finding } from '../finding.ts';

/** Tells of each reference to a file that lasts: who has it, and the word where it is. */
function forEachHolder(k: Kernel, visit: (file: number, word: number, who: () => string) => void) {
  const { words } = k.m;
  const top = words[k.ptable.top] as number;
  const { procs } = k.ptable;
  for (let i = 0; i < top; i++) {
    const p = procs[i] as (typeof procs)[number];
    const { files } = p;
    for (let fd = 0; fd < files.count; fd++) {
      const word = files.at(fd);
      const held = words[word] as number;
      if (held > 0) visit(held - 1, word, () => `pid ${words[p.pid]} fd ${fd}`);
    }
  }
}

/**
 * References to files and inodes, counted anew. A system call may have one for itself, between
 * filealloc and the descriptor, or between iget and iput; so while any is under way a count may be
 * above its holders, never below.
 */
export class FileReferences {
  private readonly k: Kernel;
  private readonly files: Int32Array;
  private readonly inodes: Int32Array;

  constructor(k: Kernel) {
    this.k = k;
    this.files = new Int32Array(k.ftable.files.length);
    this.inodes = new Int32Array(k.itable.inodes.length + 1);
  }

  /** @param exact whether no system call is under way */
  checkFiles(exact: boolean): Finding | undefined {
    const { k, files } = this;
    files.fill(0);
    forEachHolder(k, (file) => {
      files[file] = (files[file] as number) + 1;
    });
    for (const f of k.ftable.files) {
      const held = files[f.index] as number;
      const refs = k.m.words[f.ref] as number;
      if (refs < held || (exact && refs !== held)) return reportFile(k, f, refs);
    }
    return undefined;
  }

  /** @param exact whether no system call is under way */
  checkInodes(exact: boolean): Finding | undefined {
    const { k, inodes } = this;
    const { words } = k.m;
    inodes.fill(0);
    for (const f of k.ftable.files) {
      if (words[f.ref] === 0 || words[f.type] !== FD_INODE) continue;
      const inum = words[f.object] as number;
      inodes[inum] = (inodes[inum] as number) + 1;
    }
    for (const o of k.otable.objects) {
      const inum = words[o.inum] as number;
      if (inum !== 0) inodes[inum] = (inodes[inum] as number) + 1;
    }
    for (const ip of k.itable.inodes) {
      const held = inodes[ip.inum] as number;
      const refs = words[ip.ref] as number;
      if (refs < held || (exact && refs !== held)) return reportInode(k, ip, refs);
    }
    return undefined;
  }
}

function reportFile(k: Kernel, f: File, refs: number): Finding {
  const holders: string[] = [];
  const descriptors: number[] = [];
  forEachHolder(k, (file, word, who) => {
    if (file !== f.index) return;
    holders.push(who());
    descriptors.push(word);
  });
  return report(k, `file[${f.index}]`, refs, holders, [f.ref, ...descriptors]);
}

function reportInode(k: Kernel, ip: Inode, refs: number): Finding {
  const { words } = k.m;
  const open = k.ftable.files.filter(
    (f) => words[f.ref] !== 0 && words[f.type] === FD_INODE && words[f.object] === ip.inum,
  );
  const mapped = k.otable.objects.filter((o) => words[o.inum] === ip.inum);
  const holders = [
    ...open.map((f) => `file[${f.index}]`),
    ...mapped.map((o) => `object[${o.index}]`),
  ];
  return report(k, `inode[${ip.inum}]`, refs, holders, [ip.ref, ...open.map((f) => f.ref)]);
}

function report(
  k: Kernel,
  object: string,
  refs: number,
  holders: readonly string[],
  words: readonly number[],
): Finding {
  const consequence = refs > holders.length ? 'it will never be freed' : 'it is freed too early';
  return {
    detector: 'refcount',
    title: `wrong reference count: ${object}.ref = ${refs}, held by ${holders.length}`,
    detail: [`held by: ${holders.join(', ') || 'nobody'}`, `so ${consequence}`],
    step: k.m.step,
    about: { words },
  };
}
