import { O_CREATE, O_RDONLY, O_RDWR, O_TRUNC, O_WRONLY, T_FILE } from '../../kernel/abi.ts';
import { BSIZE } from '../../kernel/disk.ts';
import type { Stat } from '../../kernel/file.ts';
import { MAXFILE } from '../../kernel/fs.ts';
import { DIRSIZ } from '../../kernel/param.ts';
import { FileBytes } from './file-bytes.ts';
import type { Model } from './orders.ts';

interface Asked {
  readonly pid: number;
  /** Below 0 for a failure. */
  result: number;
  /** Whether it may fail for a reason that the model does not know: a table is full, a bad pointer. */
  mayFail: boolean;
}

/** What a process did to files: a call, or an effect of one that others can see by itself. */
export type FileCall =
  | (Asked & {
      readonly what: 'open';
      /** Undefined for one that cannot be. */
      readonly path: string | undefined;
      readonly mode: number;
      /** The lowest descriptor that is free, here and below; -1 for none. */
      readonly lowest: number;
      /** Of the inode behind the descriptor. */
      inum: number;
    })
  /** What O_TRUNC does, once the file is found. */
  | (Asked & { readonly what: 'cut'; fd: number })
  | (Asked & { readonly what: 'unlink'; readonly path: string | undefined })
  /** `bytes` are those read, undefined where nobody knows them. */
  | (Asked & {
      readonly what: 'read';
      readonly fd: number;
      readonly count: number;
      bytes?: FileBytes;
    })
  | (Asked & { readonly what: 'write'; readonly fd: number; readonly bytes: FileBytes })
  /** A part of what is written to a pipe. */
  | (Asked & { readonly what: 'put'; readonly fd: number; readonly bytes: FileBytes })
  /** `foreign` ones are of descriptors that are no files. */
  | (Asked & { readonly what: 'close'; readonly fd: number; readonly foreign: boolean })
  | (Asked & { readonly what: 'dup'; readonly fd: number; readonly lowest: number })
  | (Asked & { readonly what: 'stat'; readonly fd: number; stat?: Stat })
  | (Asked & { readonly what: 'pipe'; readonly reads: number; readonly writes: number })
  /** `result` is the child. */
  | (Asked & { readonly what: 'fork' })
  /** A process has so many mappings of a file now. */
  | (Asked & { readonly what: 'map'; readonly inum: number; count: number })
  /** A page that a mapping has written to goes back to its file. */
  | (Asked & {
      readonly what: 'back';
      readonly inum: number;
      readonly page: number;
      bytes: FileBytes;
    });

interface Inode {
  readonly bytes: FileBytes;
  /** Whether a directory has it. */
  readonly named: boolean;
}

/** What descriptors refer to, which dup and fork share. */
type OpenFile =
  | {
      readonly kind: 'file';
      readonly inum: number;
      readonly off: number;
      readonly readable: boolean;
      readonly writable: boolean;
    }
  | { readonly kind: 'directory' }
  /** `put` is how much of a write is in the pipe, by pid. */
  | { readonly kind: 'pipe'; readonly pipe: number; readonly writes: boolean };

type Descriptors = ReadonlyMap<number, number>;

/** A file that is there before anything runs. */
export interface FirstFile {
  readonly path: string;
  readonly inum: number;
  readonly bytes: FileBytes;
}

const NONE: Descriptors = new Map();

/** What files and pipes are when one call happens after the other. */
export class FileModel implements Model<FileCall> {
  private readonly pipesize: number;
  /** By path: the inode. */
  private readonly names = new Map<string, number>();
  private readonly inodes = new Map<number, Inode>();
  private readonly opened = new Map<number, OpenFile>();
  /** By pid, by descriptor: which of `opened`. */
  private readonly processes = new Map<number, Descriptors>();
  private readonly pipes = new Map<number, FileBytes>();
  /** By pid: bytes of its write to a pipe that are in it. */
  private readonly puts = new Map<number, number>();
  /** By pid and inode: mappings. */
  private readonly maps = new Map<string, number>();
  private serial = 0;

  constructor(pipesize: number, first: readonly FirstFile[] = []) {
    this.pipesize = pipesize;
    for (const { path, inum, bytes } of first) {
      this.names.set(path, inum);
      this.inodes.set(inum, { bytes, named: true });
    }
  }

  copy(): FileModel {
    const copy = new FileModel(this.pipesize);
    for (const [path, inum] of this.names) copy.names.set(path, inum);
    for (const [inum, inode] of this.inodes) copy.inodes.set(inum, inode);
    for (const [id, file] of this.opened) copy.opened.set(id, file);
    for (const [pid, descriptors] of this.processes) copy.processes.set(pid, descriptors);
    for (const [id, bytes] of this.pipes) copy.pipes.set(id, bytes);
    for (const [pid, count] of this.puts) copy.puts.set(pid, count);
    for (const [key, count] of this.maps) copy.maps.set(key, count);
    copy.serial = this.serial;
    return copy;
  }

  describe(): string {
    const { names, inodes, opened, pipes, puts, maps } = this;
    const processes = [...this.processes].map(([pid, open]) => [pid, [...open]]);
    const all = [names, inodes, opened, pipes, puts, maps].map((map) => [...map]);
    return JSON.stringify([all, processes, this.serial]);
  }

  apply(call: FileCall): boolean {
    switch (call.what) {
      case 'open':
        return this.open(call);
      case 'unlink':
        return this.unlink(call);
      case 'pipe':
        return this.pipe(call);
      case 'fork':
        this.processes.set(call.result, this.of(call.pid));
        return true;
      case 'map':
        this.maps.set(`${call.pid} ${call.inum}`, call.count);
        return true;
      case 'back':
        return this.back(call);
      case 'close':
        return call.foreign || this.close(call);
      default:
        return this.use(call);
    }
  }

  private of(pid: number): Descriptors {
    return this.processes.get(pid) ?? NONE;
  }

  /** Gives a process a descriptor of something fresh, or of what another refers to. */
  private give(pid: number, fd: number, file: OpenFile | number): true {
    const id = typeof file === 'number' ? file : this.serial++;
    if (typeof file !== 'number') this.opened.set(id, file);
    this.processes.set(pid, new Map(this.of(pid)).set(fd, id));
    return true;
  }

  private open(call: FileCall & { what: 'open' }): boolean {
    const { path, mode, lowest, result, mayFail, pid } = call;
    const access = mode & (O_WRONLY | O_RDWR);
    const known = (mode & ~(O_WRONLY | O_RDWR | O_CREATE | O_TRUNC)) === 0;
    const place = path === undefined ? undefined : resolve(path);
    if (!known || access === (O_WRONLY | O_RDWR) || lowest < 0) return result < 0;
    if (place === undefined) return result < 0;
    if (place === DIRECTORY) {
      if (mode !== O_RDONLY) return result < 0;
      return result < 0 ? mayFail : result === lowest && this.give(pid, result, A_DIRECTORY);
    }
    const found = this.names.get(place);
    if (found === undefined && (mode & O_CREATE) === 0) return result < 0;
    if (result < 0) return mayFail;
    if (result !== lowest || call.inum !== (found ?? call.inum)) return false;
    if (found === undefined) {
      if (this.isLive(call.inum)) return false;
      this.names.set(place, call.inum);
      this.inodes.set(call.inum, { bytes: FileBytes.EMPTY, named: true });
    }
    const rights = { readable: access !== O_WRONLY, writable: access !== O_RDONLY };
    return this.give(pid, result, { kind: 'file', inum: call.inum, off: 0, ...rights });
  }

  /** Whether a directory, a process or a mapping has the inode. */
  private isLive(inum: number): boolean {
    if (this.inodes.get(inum)?.named === true) return true;
    for (const [key, count] of this.maps) if (count > 0 && key.endsWith(` ${inum}`)) return true;
    return this.isOpen((file) => file.kind === 'file' && file.inum === inum);
  }

  private isOpen(wanted: (file: OpenFile) => boolean): boolean {
    for (const descriptors of this.processes.values()) {
      for (const id of descriptors.values())
        if (wanted(this.opened.get(id) as OpenFile)) return true;
    }
    return false;
  }

  private unlink({ path, result }: FileCall & { what: 'unlink' }): boolean {
    const place = path === undefined ? undefined : resolve(path);
    const inum = place === undefined ? undefined : this.names.get(place);
    if (place === undefined || inum === undefined) return result < 0;
    if (result !== 0) return false;
    this.names.delete(place);
    this.change(inum, { named: false });
    return true;
  }

  private change(inum: number, change: Partial<Inode>): void {
    this.inodes.set(inum, { ...(this.inodes.get(inum) as Inode), ...change });
  }

  private pipe({ pid, reads, writes, result, mayFail }: FileCall & { what: 'pipe' }): boolean {
    if (writes < 0) return result < 0;
    if (result !== 0) return mayFail;
    const pipe = this.serial++;
    this.pipes.set(pipe, FileBytes.EMPTY);
    this.give(pid, reads, { kind: 'pipe', pipe, writes: false });
    return this.give(pid, writes, { kind: 'pipe', pipe, writes: true });
  }

  private close({ pid, fd, result }: FileCall & { what: 'close' }): boolean {
    const left = new Map(this.of(pid));
    if (!left.delete(fd)) return result < 0;
    if (result !== 0) return false;
    this.processes.set(pid, left);
    return true;
  }

  private use(call: UseCall): boolean {
    const { pid, fd, result } = call;
    const id = this.of(pid).get(fd);
    const file = id === undefined ? undefined : this.opened.get(id);
    if (id === undefined || file === undefined) return call.what !== 'cut' && result < 0;
    if (call.what === 'dup') {
      if (result < 0) return call.lowest < 0;
      return result === call.lowest && this.give(pid, result, id);
    }
    if (file.kind === 'directory') return true;
    if (file.kind === 'pipe') return this.usePipe(call, file.pipe, file.writes);
    const inode = this.inodes.get(file.inum) as Inode;
    switch (call.what) {
      case 'cut':
        this.change(file.inum, { bytes: FileBytes.EMPTY });
        return true;
      case 'stat':
        if (result < 0) return call.mayFail;
        return call.stat === undefined || isStat(call.stat, file.inum, inode);
      case 'read': {
        const bytes = inode.bytes.slice(file.off, file.off + Math.min(call.count, MAXFILE));
        if (!file.readable || call.count < 0 || result < 0) {
          return result < 0 && (!file.readable || call.count < 0 || call.mayFail);
        }
        if (result !== bytes.length || call.bytes?.agrees(bytes) === false) return false;
        this.opened.set(id, { ...file, off: file.off + result });
        return true;
      }
      case 'write': {
        const end = file.off + call.bytes.length;
        const fits = file.off <= inode.bytes.length && end <= MAXFILE;
        if (!file.writable || !fits) return result < 0;
        if (result < 0) return call.mayFail;
        if (result !== call.bytes.length) return false;
        this.change(file.inum, { bytes: inode.bytes.with(file.off, call.bytes) });
        this.opened.set(id, { ...file, off: end });
        return true;
      }
      default:
        return false;
    }
  }

  private usePipe(call: UseCall, pipe: number, writes: boolean): boolean {
    const { pid, result, mayFail } = call;
    const content = this.pipes.get(pipe) as FileBytes;
    const has = (end: boolean): boolean =>
      this.isOpen((file) => file.kind === 'pipe' && file.pipe === pipe && file.writes === end);
    switch (call.what) {
      case 'put':
        if (!writes || !has(false) || content.length + call.bytes.length > this.pipesize) {
          return false;
        }
        this.pipes.set(pipe, content.with(content.length, call.bytes));
        this.puts.set(pid, (this.puts.get(pid) ?? 0) + call.bytes.length);
        return true;
      case 'write': {
        const put = this.puts.get(pid) ?? 0;
        const broken = !writes || !has(false);
        const right = result < 0 ? broken || mayFail : result === put && writes;
        if (!right || (result >= 0 && put < call.bytes.length && !mayFail)) return false;
        this.puts.delete(pid);
        return true;
      }
      case 'read': {
        if (writes || call.count < 0) return result < 0;
        if (result < 0) return mayFail;
        if (content.length === 0) return result === 0 && !has(true);
        const bytes = content.slice(0, Math.min(call.count, MAXFILE));
        if (result !== bytes.length || call.bytes?.agrees(bytes) === false) return false;
        this.pipes.set(pipe, content.slice(result));
        return true;
      }
      default:
        return call.what === 'stat' && result < 0;
    }
  }

  private back({ inum, page, bytes }: FileCall & { what: 'back' }): boolean {
    const inode = this.inodes.get(inum);
    if (inode === undefined) return false;
    const from = page * BSIZE;
    const written = bytes.slice(0, Math.max(inode.bytes.length - from, 0));
    if (written.length > 0) this.change(inum, { bytes: inode.bytes.with(from, written) });
    return true;
  }
}

/** Calls of a descriptor. */
type UseCall = FileCall & { what: 'cut' | 'read' | 'write' | 'put' | 'dup' | 'stat' };

const A_DIRECTORY: OpenFile = { kind: 'directory' };

/** What a path of a directory resolves to; no file has that name. */
const DIRECTORY = '/';

/**
 * A path's own name, which begins with a slash; DIRECTORY for one of those that mkfs made, since no
 * call makes or removes any; undefined for a path that leads nowhere.
 */
function resolve(path: string): string | undefined {
  const elements = path.split('/').filter((element) => element !== '');
  if (path === '' || elements.some(({ length }) => length > DIRSIZ)) return undefined;
  let at = '';
  for (const [i, element] of elements.entries()) {
    if (element === '.') continue;
    if (element === '..') at = '';
    else if (at === '' && element === 'tmp') at = '/tmp';
    else return i === elements.length - 1 ? `${at}/${element}` : undefined;
  }
  return DIRECTORY;
}

function isStat({ inum, type, nlink, size }: Stat, its: number, inode: Inode): boolean {
  const same = inum === its && type === T_FILE && size === inode.bytes.length;
  return same && nlink === (inode.named ? 1 : 0);
}
