import { O_CREATE, O_RDONLY, O_RDWR, O_TRUNC, O_WRONLY } from '../../kernel/abi.ts';
import type { Param } from '../../kernel/param.ts';
import { type Answer, type FileCommand, PGSIZE, TOP } from './file-commands.ts';
import { Killed } from './sequential.ts';

/** Thrown where the process would wait for ever, or for what is not modelled: directories, printing. */
export class Skipped extends Error {}

/** A file, or a directory; what it holds, and what mappings have of it. */
interface Inode {
  readonly isDirectory: boolean;
  named: boolean;
  bytes: Uint8Array;
  /** By page: as mappings see it, since one touched it first. */
  readonly pages: Map<number, Int32Array>;
}

type Open =
  | { readonly inode: Inode; off: number; readonly mode: number }
  | { readonly pipe: number[]; readonly writes: boolean };

/** A page of the process. */
interface Page {
  readonly writes: boolean;
  readonly shared: boolean;
  /** What is behind it, if others could have that, too. */
  readonly object: Inode | Map<number, Int32Array> | undefined;
  readonly offset: number;
  /** What the process has for itself. */
  own: Int32Array | undefined;
  dirty: boolean;
}

type Limits = Pick<
  Param,
  'nofile' | 'nfile' | 'ninode' | 'npipe' | 'fssize' | 'pipesize' | 'nvma' | 'nobject'
>;

const README = 'xv6 is a re-implementation of Dennis Ritchie and Ken Thompson\nUnix Version 6.\n';
const MAXPAGES = 12;
const CONSOLE = 'console';

/** What files and mappings mean to a process that is alone: page by page, and no mechanism. */
export class SequentialFiles {
  private readonly limits: Limits;
  /** By path from the root, without a slash before it. */
  private readonly names = new Map<string, Inode>();
  private readonly descriptors: (Open | typeof CONSOLE | undefined)[];
  private readonly pages = new Map<number, Page>();

  constructor(limits: Limits) {
    this.limits = limits;
    const directory = (): Inode => inode(true, '');
    for (const name of ['', 'tmp']) this.names.set(name, directory());
    this.names.set('README', inode(false, README));
    const closed = Array(limits.nofile - 3).fill(undefined);
    this.descriptors = [CONSOLE, CONSOLE, CONSOLE, ...closed];
  }

  /** What the command answers. @throws Killed @throws Skipped */
  answer(command: FileCommand): Answer {
    switch (command.do) {
      case 'open':
        return this.open(command.path, command.mode);
      case 'unlink':
        return this.unlink(command.path);
      case 'close': {
        if (this.descriptors[command.fd] === undefined) return -1;
        this.descriptors[command.fd] = undefined;
        return 0;
      }
      case 'dup': {
        const held = this.descriptors[command.fd];
        return held === undefined ? -1 : this.give(held);
      }
      case 'stat': {
        const held = this.descriptors[command.fd];
        if (held === CONSOLE) return 0;
        return held !== undefined && 'inode' in held ? contents(held.inode).length : -1;
      }
      case 'read':
        return this.read(command.fd, command.count);
      case 'write':
        return this.write(command.fd, new TextEncoder().encode(command.text));
      case 'fill':
        return this.write(command.fd, new Uint8Array(command.count));
      case 'pipe':
        return this.pipe();
      case 'mmap':
        return this.mmap(command);
      case 'munmap':
        return this.munmap(TOP - command.page - 1, command.pages);
      case 'load':
        return this.wordsAt(command.page, false)[command.word] as number;
      case 'store': {
        this.wordsAt(command.page, true)[command.word] = command.value;
        return 0;
      }
    }
  }

  /** Opens a descriptor, the lowest; -1 when all are. */
  private give(held: Open | typeof CONSOLE): number {
    const fd = this.descriptors.indexOf(undefined);
    if (fd >= 0) this.descriptors[fd] = held;
    return fd;
  }

  private files(): Set<Open> {
    return new Set(this.descriptors.filter((held) => held !== undefined && held !== CONSOLE));
  }

  private objects(): Set<unknown> {
    return new Set([...this.pages.values()].map(({ object }) => object).filter(Boolean));
  }

  /** Inodes that exist: named, open or mapped. */
  private inodes(): Set<Inode> {
    const open = [...this.files()].flatMap((file) => ('inode' in file ? [file.inode] : []));
    const mapped = [...this.objects()].filter((object) => !(object instanceof Map)) as Inode[];
    return new Set([...this.names.values(), ...open, ...mapped]);
  }

  /** A path in its shortest form; undefined where no directory leads there. */
  private resolve(path: string): string | undefined {
    if (path === '') return undefined;
    const at: string[] = [];
    for (const element of path.split('/').filter((each) => each !== '' && each !== '.')) {
      if (this.names.get(at.join('/'))?.isDirectory !== true) return undefined;
      if (element === '..') at.pop();
      else at.push(element);
    }
    return at.join('/');
  }

  private open(path: string, mode: number): number {
    const access = mode & (O_WRONLY | O_RDWR);
    const name = this.resolve(path);
    const fd = this.descriptors.indexOf(undefined);
    const full = fd < 0 || this.files().size >= this.limits.nfile;
    if (access === (O_WRONLY | O_RDWR) || name === undefined || full) return -1;
    let file = this.names.get(name);
    if (file?.isDirectory === true && mode !== O_RDONLY) return -1;
    if (file === undefined) {
      if ((mode & O_CREATE) === 0 || this.inodes().size >= this.limits.ninode) return -1;
      file = inode(false, '');
      this.names.set(name, file);
    }
    if ((mode & O_TRUNC) !== 0) this.truncate(file);
    return this.give({ inode: file, off: 0, mode: access });
  }

  private truncate(file: Inode): void {
    file.bytes = new Uint8Array(0);
    file.pages.clear();
    for (const page of this.pages.values()) if (page.object === file) page.dirty = false;
  }

  private unlink(path: string): number {
    const name = this.resolve(path);
    const file = name === undefined ? undefined : this.names.get(name);
    if (name === undefined || file === undefined || file.isDirectory) return -1;
    this.names.delete(name);
    file.named = false;
    return 0;
  }

  private read(fd: number, count: number): Answer {
    const held = this.descriptors[fd];
    // The only console that it reads from is the one that it prints to.
    if (held === CONSOLE || held === undefined) return -1;
    if ('pipe' in held) {
      if (held.writes) return -1;
      const isOpen = [...this.files()].some((f) => 'pipe' in f && f.writes && f.pipe === held.pipe);
      if (held.pipe.length === 0 && isOpen) throw new Skipped();
      return String.fromCharCode(...held.pipe.splice(0, count));
    }
    if (held.mode === O_WRONLY) return -1;
    const bytes = contents(held.inode).slice(held.off, held.off + count);
    held.off += bytes.length;
    return String.fromCharCode(...bytes);
  }

  private write(fd: number, bytes: Uint8Array): number {
    const held = this.descriptors[fd];
    if (held === CONSOLE) throw new Skipped();
    if (held === undefined) return -1;
    if ('pipe' in held) {
      const isOpen = [...this.files()].some(
        (f) => 'pipe' in f && !f.writes && f.pipe === held.pipe,
      );
      if (!held.writes || !isOpen) return -1;
      if (held.pipe.length + bytes.length > this.limits.pipesize) throw new Skipped();
      held.pipe.push(...bytes);
      return bytes.length;
    }
    const { inode: file, off } = held;
    const end = off + bytes.length;
    if (held.mode === O_RDONLY || off > file.bytes.length || end > MAXPAGES * PGSIZE) return -1;
    const size = Math.max(end, file.bytes.length);
    if (this.blocks() - blocksOf(file.bytes.length) + blocksOf(size) > this.limits.fssize)
      return -1;
    const all = new Uint8Array(size);
    all.set(file.bytes);
    all.set(bytes, off);
    file.bytes = all;
    held.off = end;
    return bytes.length;
  }

  /** Blocks in use, the first and those of the directories among them. */
  private blocks(): number {
    return [...this.inodes()].reduce((sum, { bytes }) => sum + blocksOf(bytes.length), 3);
  }

  private pipe(): number {
    const pipes = new Set([...this.files()].flatMap((f) => ('pipe' in f ? [f.pipe] : [])));
    const free = this.descriptors.filter((held) => held === undefined).length;
    const full = pipes.size >= this.limits.npipe || this.files().size + 2 > this.limits.nfile;
    if (free < 2 || full) return -1;
    const pipe: number[] = [];
    this.give({ pipe, writes: false });
    return this.give({ pipe, writes: true });
  }

  /** Entries that pages need: neighbours of one kind are one area. */
  private entries(pages: ReadonlyMap<number, Page>): number {
    let count = 0;
    for (const [vpn, page] of pages) {
      const before = pages.get(vpn - 1);
      const goesOn =
        before?.object === page.object &&
        before?.shared === page.shared &&
        before.writes === page.writes &&
        (page.object === undefined || before.offset + 1 === page.offset);
      if (!goesOn) count++;
    }
    return count;
  }

  private mmap(command: FileCommand & { do: 'mmap' }): number {
    const { pages, shared, writes } = command;
    const held = command.fd < 0 ? undefined : this.descriptors[command.fd];
    let object: Page['object'];
    if (command.fd < 0) {
      object = shared ? new Map() : undefined;
    } else {
      const isFile = typeof held === 'object' && 'inode' in held && !held.inode.isDirectory;
      if (!isFile || held.mode === O_WRONLY) return -1;
      if (shared && writes && held.mode === O_RDONLY) return -1;
      object = held.inode;
    }
    const fixed = command.page >= 0;
    const start = fixed ? TOP - command.page - 1 : this.room(pages);
    if (start + pages > TOP) return -1;
    const rest = new Map(this.pages);
    for (let i = 0; fixed && i < pages; i++) rest.delete(start + i);
    const { nvma, nobject } = this.limits;
    if (this.entries(this.pages) >= nvma || this.entries(rest) >= nvma) return -1;
    const objects = this.objects();
    if (object !== undefined && !objects.has(object) && objects.size >= nobject) return -1;
    // What is mapped anew does not go in between.
    if (fixed) this.drop(start, pages, object);
    for (let i = 0; i < pages; i++) {
      const offset = i + (command.fd < 0 ? 0 : command.offset);
      this.pages.set(start + i, { writes, shared, object, offset, own: undefined, dirty: false });
    }
    return start * PGSIZE;
  }

  /** The highest pages that are free. */
  private room(pages: number): number {
    let start = TOP - pages;
    for (let i = 0; i < pages; i++) {
      if (!this.pages.has(start + i)) continue;
      start--;
      i = -1;
    }
    return start;
  }

  private munmap(start: number, pages: number): number {
    const rest = new Map(this.pages);
    for (let i = 0; i < pages; i++) rest.delete(start + i);
    if (this.entries(rest) > this.limits.nvma) return -1;
    this.drop(start, pages);
    return 0;
  }

  private drop(start: number, pages: number, kept?: Page['object']): void {
    for (let vpn = start; vpn < start + pages; vpn++) {
      const page = this.pages.get(vpn);
      if (page === undefined) continue;
      this.pages.delete(vpn);
      const file = page.object;
      if (file === undefined || file instanceof Map) continue;
      const words = file.pages.get(page.offset);
      if (page.dirty && words !== undefined) {
        const from = page.offset * PGSIZE;
        const room = Math.max(file.bytes.length - from, 0);
        file.bytes.set(new Uint8Array(words.buffer).subarray(0, room), from);
      }
      if (file !== kept && !this.objects().has(file)) file.pages.clear();
    }
  }

  /** The words of a page, to be loaded from or stored to. */
  private wordsAt(number: number, stores: boolean): Int32Array {
    const page = this.pages.get(TOP - number - 1);
    if (page === undefined || (stores && !page.writes)) throw new Killed();
    if (page.own !== undefined) return page.own;
    const words = behind(page);
    if (page.shared) {
      page.dirty ||= stores;
      return words;
    }
    if (stores) page.own = words.slice();
    return page.own ?? words;
  }
}

/** What is behind a page, made when it is touched first. */
function behind({ object, offset }: Page): Int32Array {
  if (object === undefined) return new Int32Array(PGSIZE / 4);
  const pages = object instanceof Map ? object : object.pages;
  let words = pages.get(offset);
  if (words === undefined) {
    words = new Int32Array(PGSIZE / 4);
    if (!(object instanceof Map)) {
      const from = offset * PGSIZE;
      if (from >= object.bytes.length) throw new Killed();
      new Uint8Array(words.buffer).set(object.bytes.subarray(from, from + PGSIZE));
    }
    pages.set(offset, words);
  }
  return words;
}

function inode(isDirectory: boolean, text: string): Inode {
  return { isDirectory, named: true, bytes: new TextEncoder().encode(text), pages: new Map() };
}

function contents({ isDirectory, bytes }: Inode): Uint8Array {
  if (isDirectory) throw new Skipped();
  return bytes;
}

function blocksOf(bytes: number): number {
  return Math.ceil(bytes / PGSIZE);
}
