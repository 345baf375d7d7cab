import { MAP_ANONYMOUS, MAP_FIXED, O_TRUNC, STATSIZE, T_DIR, T_FILE } from '../../kernel/abi.ts';
import { argint } from '../../kernel/argument.ts';
import { BSIZE, blockBytes } from '../../kernel/disk.ts';
import { FD_INODE, FD_PIPE, FD_SHM, type File, fileOf, type Stat } from '../../kernel/file.ts';
import { type Inode, MAXFILE } from '../../kernel/fs.ts';
import type { Kernel } from '../../kernel/kernel.ts';
import { MKFSINODES } from '../../kernel/mkfs.ts';
import { MAXPATH } from '../../kernel/param.ts';
import type { Pipe } from '../../kernel/pipe.ts';
import type { Proc } from '../../kernel/proc.ts';
import { kindOf, VMA_FILE } from '../../kernel/vma.ts';
import { isWritable, ownBytes, ownWord, readString } from '../xv6/user-memory.ts';
import { CallFamily, type Entry, type EventClock } from './call-family.ts';
import { FileBytes } from './file-bytes.ts';
import { type FileCall, FileModel, type FirstFile } from './file-model.ts';
import type { DirtyPage, Mappings } from './mappings.ts';

interface Asked {
  readonly pid: number;
  result: number;
  mayFail: boolean;
}

/**
 * The calls of files and pipes, those of mapped files among them that change a file. A call takes
 * effect when it has the lock of the inode, or of the directory that has the name, or of the pipe.
 */
export class FileFamily extends CallFamily<FileCall> {
  protected readonly first = new Set(['open', 'unlink', 'pipe']);
  private readonly mappings: Mappings;
  private readonly inodes: ReadonlyMap<number, Inode>;
  private readonly pipes: ReadonlyMap<number, Pipe>;
  /** What is there when the first call begins. */
  private there: readonly FirstFile[] | undefined;
  /** Pages that go back, as they were when the call began. */
  private readonly dirty = new Map<FileCall, { readonly page: DirtyPage; readonly was: number }>();
  /** Calls of unlink that have locked their file. */
  private readonly unlinked = new Set<FileCall>();
  /** Pipes that were in use when a call looked for one. */
  private readonly busy = new Map<FileCall, number>();

  constructor(k: Kernel, clock: EventClock, mappings: Mappings) {
    super(k, clock);
    this.mappings = mappings;
    this.inodes = new Map(k.itable.inodes.map((ip) => [ip.lock.lk.word, ip]));
    this.pipes = new Map(k.pipes.map((pi) => [pi.lock.word, pi]));
  }

  override begin(): void {
    super.begin();
    this.there = undefined;
    this.dirty.clear();
    this.unlinked.clear();
    this.busy.clear();
  }

  protected asks(p: Proc, pid: number, name: string): FileCall[] | undefined {
    this.there ??= firstFiles(this.k);
    const asked = { pid, result: 0, mayFail: false };
    switch (name) {
      case 'open':
        return this.opens(p, asked);
      case 'unlink':
        return [{ ...asked, what: 'unlink', path: this.path(p) }];
      case 'pipe': {
        const reads = lowestFree(this.k, p);
        const writes = reads < 0 ? -1 : lowestFree(this.k, p, reads + 1);
        const mayFail = !isWritable(this.k, p, argint(this.k, p, 0), 8);
        return [{ ...asked, what: 'pipe', reads, writes, mayFail }];
      }
      case 'fork':
        return this.descriptors(p).length > 0 ? [{ ...asked, what: 'fork' }] : undefined;
      case 'mmap':
      case 'munmap':
      case 'exec':
        return this.maps(p, asked, name);
      default:
        return this.uses(p, asked, name);
    }
  }

  private path(p: Proc): string | undefined {
    return readString(this.k, p, argint(this.k, p, 0), MAXPATH);
  }

  private opens(p: Proc, asked: Asked): FileCall[] {
    const mode = argint(this.k, p, 1);
    const lowest = lowestFree(this.k, p);
    const open = { ...asked, what: 'open', path: this.path(p), mode, lowest, inum: 0 } as const;
    return (mode & O_TRUNC) === 0 ? [open] : [open, { ...asked, what: 'cut', fd: -1 }];
  }

  /** Calls of a descriptor, also where that is not open, but not of the console or shared memory. */
  private uses(p: Proc, asked: Asked, name: string): FileCall[] | undefined {
    const { k } = this;
    const [fd, va, count] = [argint(k, p, 0), argint(k, p, 1), argint(k, p, 2)];
    const f = fileOf(k, p, fd);
    const held = fd < 0 || fd >= p.files.count ? 0 : (k.m.words[p.files.at(fd)] as number);
    if (held < 0 || (f !== undefined && k.m.words[f.type] === FD_SHM)) return undefined;
    switch (name) {
      case 'read': {
        const most = Math.min(count, MAXFILE);
        const mayFail = most > 0 && !isWritable(k, p, va, most);
        return [{ ...asked, what: 'read', fd, count, mayFail }];
      }
      case 'write': {
        if (count < 0 || count > 16 * MAXFILE) return undefined;
        const bytes = ownBytes(k, p, va, count);
        const mayFail = bytes === undefined;
        return [{ ...asked, what: 'write', fd, bytes: bytes ?? FileBytes.ofWords(count), mayFail }];
      }
      case 'close':
        return [{ ...asked, what: 'close', fd, foreign: false }];
      case 'dup':
        return [{ ...asked, what: 'dup', fd, lowest: lowestFree(k, p) }];
      case 'fstat': {
        const mayFail = !isWritable(k, p, va, STATSIZE);
        return [{ ...asked, what: 'stat', fd, mayFail }];
      }
      default:
        return undefined;
    }
  }

  /** What a call that maps or unmaps does to files. */
  private maps(p: Proc, asked: Asked, name: string): FileCall[] | undefined {
    const { k } = this;
    const [addr, length, flags] = [argint(k, p, 0), argint(k, p, 1), argint(k, p, 3)];
    const inums = new Set(this.mapped(p));
    const f =
      name === 'mmap' && (flags & MAP_ANONYMOUS) === 0 ? fileOf(k, p, argint(k, p, 4)) : undefined;
    if (f !== undefined && k.m.words[f.type] === FD_INODE) inums.add(k.m.words[f.object] as number);
    if (inums.size === 0) return undefined;
    const [from, pages] = [Math.floor(addr / BSIZE), Math.ceil(length / BSIZE)];
    const unmaps = name === 'munmap' || (name === 'mmap' && (flags & MAP_FIXED) !== 0);
    const range = name === 'exec' ? [] : unmaps ? [from, pages] : [0, 0];
    return this.unmapping(p, asked, inums, range);
  }

  /** Pages go back to files, and a process has fewer mappings of them. */
  private unmapping(
    p: Proc,
    asked: Asked,
    inums: ReadonlySet<number>,
    range: readonly number[],
  ): FileCall[] {
    const back = this.mappings.dirtyPages(p, asked.pid, ...range).map((page) => {
      const call: FileCall = {
        ...asked,
        what: 'back',
        inum: page.inum,
        page: page.page,
        bytes: NOTHING,
      };
      this.dirty.set(call, { page, was: page.words?.version ?? 0 });
      return call;
    });
    const maps = [...inums].map((inum): FileCall => ({ ...asked, what: 'map', inum, count: 0 }));
    return [...back, ...maps];
  }

  /** The files that a process has mapped, once for each area. */
  private mapped(p: Proc): number[] {
    const { k } = this;
    const { words } = k.m;
    const areas = p.vmas.filter((v) => kindOf(k, v) === VMA_FILE);
    return areas.map((v) => {
      const o = k.otable.objects[words[v.object] as number];
      return o === undefined ? 0 : (words[o.inum] as number);
    });
  }

  /** Descriptors of files of all kinds. */
  private descriptors(p: Proc): { readonly fd: number; readonly f: File }[] {
    const all = Array.from({ length: p.files.count }, (_, fd) => ({
      fd,
      f: fileOf(this.k, p, fd),
    }));
    return all.filter((each): each is { fd: number; f: File } => each.f !== undefined);
  }

  protected leaves(p: Proc, pid: number): FileCall[] {
    const asked = { pid, result: 0, mayFail: false };
    const closes = this.descriptors(p).map(({ fd, f }): FileCall => {
      const type = this.k.m.words[f.type];
      return { ...asked, what: 'close', fd, foreign: type !== FD_INODE && type !== FD_PIPE };
    });
    return [...closes, ...this.unmapping(p, asked, new Set(this.mapped(p)), [])];
  }

  protected answers(p: Proc, name: string, calls: FileCall[], result: number): FileCall[] {
    const { k } = this;
    const { words } = k.m;
    const aside = name === 'fork' || name === 'exec' || name === 'mmap' || name === 'munmap';
    if (result < 0 && aside) return [];
    const mapped = name === 'mmap' || name === 'munmap' ? this.mapped(p) : [];
    const killed = words[p.killed] !== 0;
    for (const call of calls) {
      call.result = result;
      call.mayFail ||= killed || this.clock.memoryWasOut;
      if (call.what === 'map') call.count = mapped.filter((inum) => inum === call.inum).length;
      if (call.what === 'cut') call.fd = result;
      if (call.what === 'open' && result >= 0) {
        if (call.path === undefined) this.giveUp('a path came with a page fault');
        const f = fileOf(k, p, result);
        if (f !== undefined) call.inum = words[f.object] as number;
      }
      if (call.what === 'read' && result >= 0) {
        const bytes = ownBytes(k, p, argint(k, p, 1), result);
        if (bytes !== undefined) call.bytes = bytes;
      }
      if (call.what === 'stat' && result === 0) {
        const stat = readStat(k, p, argint(k, p, 1));
        if (stat !== undefined) call.stat = stat;
      }
    }
    const puts = calls.some(({ what }) => what === 'put');
    if (killed && puts && result < 0) this.giveUp('a process was killed while it wrote to a pipe');
    if (result >= 0) return calls;
    return calls.filter(({ what }) => what !== 'cut');
  }

  protected override settled(entries: readonly Entry<FileCall>[]): void {
    for (const { call } of entries) {
      const dirty = call.what === 'back' ? this.dirty.get(call) : undefined;
      if (call.what === 'back' && dirty !== undefined) {
        const { words } = dirty.page;
        const sure = words !== undefined && words.version === dirty.was;
        call.bytes = sure ? FileBytes.ofWords(BSIZE, words.known()) : NOTHING;
        this.dirty.delete(call);
      }
    }
  }

  protected took(lock: number, entries: readonly Entry<FileCall>[]): FileCall | undefined {
    const { k } = this;
    const { words } = k.m;
    const first = entries[0];
    const call = first?.call;
    if (first === undefined || call === undefined) return undefined;
    const ip = this.inodes.get(lock);
    if (ip !== undefined) {
      if (words[ip.lock.locked] === 0) this.tookInode(ip, entries, first);
      return undefined;
    }
    const pi = this.pipes.get(lock);
    if (pi !== undefined) return this.tookPipe(pi, entries, first);
    if (lock === k.ftable.lock.word) {
      const full = k.ftable.files.every((f) => words[f.ref] !== 0);
      if (full && (call.what === 'open' || call.what === 'pipe')) call.mayFail = true;
      const closing = entries.find((each) => each.call.what === 'close' && each.hint < 0);
      if (closing !== undefined) closing.hint = this.clock.now++;
    } else if (lock === k.itable.lock.word && call.what === 'open') {
      const free = k.itable.inodes.some((each) => words[each.ref] === 0 && words[each.type] === 0);
      if (!free) call.mayFail = true;
      // It may take an inode that was not free when it locked the directory.
      if (this.hasDirectory(call.pid)) first.hint = this.clock.now++;
    } else if (lock === k.disk.lock.word && isFull(k)) {
      if (call.what === 'open' || call.what === 'write') call.mayFail = true;
    }
    return undefined;
  }

  /** An inode was locked. Names are looked for in a directory that is locked last. */
  private tookInode(ip: Inode, entries: readonly Entry<FileCall>[], first: Entry<FileCall>): void {
    const isDirectory = this.k.m.words[ip.type] === T_DIR;
    const { call } = first;
    const isIts = 'fd' in call && this.inumOf(call.fd) === ip.inum;
    let now: Entry<FileCall> | undefined;
    switch (call.what) {
      case 'open':
        now = isDirectory ? first : entries[1];
        break;
      case 'unlink':
        // The file is locked while its directory is, and once more if it goes with its name.
        now = this.unlinked.has(call) ? undefined : first;
        if (!isDirectory && first.hint >= 0) this.unlinked.add(call);
        break;
      case 'read':
      case 'write':
        now = isIts ? first : undefined;
        break;
      case 'stat':
        now = isIts && first.hint < 0 ? first : undefined;
        break;
      default: {
        const back = ({ call: c, hint }: Entry<FileCall>): boolean =>
          c.what === 'back' && c.inum === ip.inum && hint < 0;
        now = entries.find(back);
      }
    }
    if (now !== undefined) now.hint = this.clock.now++;
  }

  private hasDirectory(pid: number): boolean {
    const { words } = this.k.m;
    const { inodes } = this.k.itable;
    return inodes.some((ip) => words[ip.type] === T_DIR && words[ip.lock.pid] === pid);
  }

  /** The inode behind a descriptor of the current process. */
  private inumOf(fd: number): number | undefined {
    const p = this.k.ptable.procs[this.k.m.current.id - this.k.param.ncpu];
    const f = p === undefined ? undefined : fileOf(this.k, p, fd);
    return f === undefined ? undefined : this.k.m.words[f.object];
  }

  /** A pipe was locked. Answers the part of a write that goes into it now. */
  private tookPipe(
    pi: Pipe,
    entries: readonly Entry<FileCall>[],
    first: Entry<FileCall>,
  ): FileCall | undefined {
    const { words } = this.k.m;
    const { call } = first;
    switch (call.what) {
      case 'pipe': {
        const busy = (this.busy.get(call) ?? 0) + (words[pi.data] === 0 ? 0 : 1);
        this.busy.set(call, busy);
        if (busy === this.pipes.size) call.mayFail = true;
        return undefined;
      }
      case 'read':
        first.hint = this.clock.now++;
        return undefined;
      case 'write': {
        const room =
          this.k.param.pipesize - ((words[pi.nwrite] as number) - (words[pi.nread] as number));
        return this.putting(call, entries, words[pi.readopen] === 0 ? 0 : room);
      }
      default: {
        // The last reference of an end is gone, and now so is the end.
        const closed = entries
          .filter((each) => each.call.what === 'close' && each.hint >= 0)
          .at(-1);
        if (closed !== undefined) closed.hint = this.clock.now++;
        return undefined;
      }
    }
  }

  private putting(
    call: FileCall & { what: 'write' },
    entries: readonly Entry<FileCall>[],
    room: number,
  ): FileCall | undefined {
    const { pid, fd, bytes } = call;
    const { pipesize } = this.k.param;
    const puts = entries.map((each) => (each.call.what === 'put' ? each.call.bytes.length : 0));
    const done = puts.reduce((sum, length) => sum + length, 0);
    // A write is done in pieces of what a pipe holds.
    const left = Math.min(bytes.length, (Math.floor(done / pipesize) + 1) * pipesize) - done;
    const count = Math.min(room, left);
    // It is over, for all that is known now, right after this.
    (entries[0] as Entry<FileCall>).hint = this.clock.now + 0.5;
    if (count <= 0) return undefined;
    const part = bytes.slice(done, done + count);
    return { pid, result: 0, mayFail: false, what: 'put', fd, bytes: part };
  }

  protected fresh(): FileModel {
    return new FileModel(this.k.param.pipesize, this.there);
  }

  protected words(call: FileCall): string {
    const { pid, what, result } = call;
    switch (what) {
      case 'open':
        return `pid ${pid} open(${quoted(call.path)}, 0x${call.mode.toString(16)}) = ${result}`;
      case 'cut':
        return `pid ${pid} open empties the file behind descriptor ${call.fd}`;
      case 'unlink':
        return `pid ${pid} unlink(${quoted(call.path)}) = ${result}`;
      case 'read':
        return `pid ${pid} read(${call.fd}, ${call.count}) = ${result}${shown(call.bytes)}`;
      case 'write':
        return `pid ${pid} write(${call.fd}, ${call.bytes.length}) = ${result}${shown(call.bytes)}`;
      case 'put':
        return `pid ${pid} write puts ${call.bytes.length} bytes into pipe ${call.fd}`;
      case 'stat': {
        const { inum, nlink, size } = call.stat ?? { inum: '?', nlink: '?', size: '?' };
        const told = result < 0 ? '-1' : `inode ${inum}, ${nlink} names, ${size} bytes`;
        return `pid ${pid} fstat(${call.fd}) = ${told}`;
      }
      case 'pipe':
        return `pid ${pid} pipe() = ${result < 0 ? '-1' : `${call.reads}, ${call.writes}`}`;
      case 'fork':
        return `pid ${pid} fork() = ${result}`;
      case 'map':
        return `pid ${pid} has ${call.count} mappings of inode ${call.inum}`;
      case 'back':
        return `pid ${pid} writes page ${call.page} back to inode ${call.inum}`;
      default:
        return `pid ${pid} ${what}(${call.fd}) = ${result}`;
    }
  }

  protected about(): number[] {
    return this.k.itable.inodes.flatMap((ip) => [ip.ref, ip.type, ip.nlink, ip.size]);
  }
}

function quoted(path: string | undefined): string {
  return path === undefined ? 'a bad path' : `"${path}"`;
}

/** A page of which nothing is known. */
const NOTHING = FileBytes.ofWords(BSIZE);

/** The first bytes of a read or write. */
function shown(bytes: FileBytes | undefined): string {
  if (bytes === undefined || bytes.length === 0) return '';
  return ` "${bytes.slice(0, 16).text()}"${bytes.length > 16 ? '...' : ''}`;
}

/** The lowest descriptor that is not open. */
function lowestFree(k: Kernel, p: Proc, from = 0): number {
  for (let fd = from; fd < p.files.count; fd++) if (k.m.words[p.files.at(fd)] === 0) return fd;
  return -1;
}

function isFull(k: Kernel): boolean {
  for (let block = 0; block < k.param.fssize; block++) {
    const bits = k.m.words[k.disk.bitmap + (block >> 5)] as number;
    if (((bits >> (block & 31)) & 1) === 0) return false;
  }
  return true;
}

function readStat(k: Kernel, p: Proc, va: number): Stat | undefined {
  const [inum, type, size] = [4, 8, 16].map((offset) => ownWord(k, p, va + offset));
  if (inum === undefined || type === undefined || size === undefined) return undefined;
  return { inum, type: type & 0xffff, nlink: type >> 16, size };
}

/** The files that mkfs makes. */
function firstFiles(k: Kernel): FirstFile[] {
  const { words } = k.m;
  const ip = k.itable.inodes[MKFSINODES - 1];
  if (ip === undefined || words[ip.type] !== T_FILE) return [];
  const bytes = blockBytes(k, words[ip.addrs] as number).subarray(0, words[ip.size]);
  return [{ path: '/README', inum: ip.inum, bytes: new FileBytes(bytes.slice()) }];
}
