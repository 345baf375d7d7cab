import { O_TRUNC, PROT_READ, PROT_WRITE } from '../../kernel/abi.ts';
import { argint } from '../../kernel/argument.ts';
import type { Kernel } from '../../kernel/kernel.ts';
import { SHMBASE, SHMVPN } from '../../kernel/memlayout.ts';
import { myproc } from '../../kernel/myproc.ts';
import type { Proc } from '../../kernel/proc.ts';
import { VMA_ANON, VMA_FILE, VMA_OBJECT } from '../../kernel/vma.ts';
import { PGSIZE } from '../../machine/index.ts';
import { found } from '../detector.ts';
import type { Watched } from '../watched.ts';
import { AddressSpace, type Area } from '../xv6/address-space.ts';
import type { EventClock } from './call-family.ts';
import { areaOf, heapPages, type MappingCall, mappingCall } from './mapping-calls.ts';
import { PageWords } from './page-words.ts';

/** What one process has mapped, and what is known of it. */
interface Memory {
  readonly pid: number;
  space: AddressSpace;
  /** By page: those that no other process has. */
  own: Map<number, PageWords>;
  /** Pages of files that it has written to; whether they will be written back is `true` if known. */
  readonly dirty: Map<number, boolean>;
  /** The call that it is in. */
  call: MappingCall | undefined;
  /** What a child gets while it is in fork; `pid` is the least that the child may have. */
  forking: Memory | undefined;
  /** Files that it may be unmapping. */
  leaving: ReadonlySet<number>;
}

/** A page that goes back to its file. */
export interface DirtyPage {
  readonly inum: number;
  readonly page: number;
  /** What is in it; undefined where that is not known. */
  readonly words: PageWords | undefined;
}

const NO_FILES: ReadonlySet<number> = new Set();
const IDLE = { call: undefined, forking: undefined, leaving: NO_FILES };

/**
 * mmap, munmap and sbrk answer by the rules, and loads and stores through mappings find what was
 * stored there last, where something is mapped that allows them.
 *
 * What a process has mapped is its own business, and so its calls have but one order; and an access
 * is one step. So both are judged when they happen. Known are the words that user programs stored or
 * loaded, in memory that is private, anonymous, or of a file; not what the kernel copies to, nor a
 * file that is cut or mapped anew just then. Begins with the first mmap or sbrk of an execution.
 */
export class Mappings {
  private readonly guest: Watched;
  private readonly k: Kernel;
  private readonly clock: EventClock;
  private active = false;
  /** By slot of the process table. */
  private memories: (Memory | undefined)[] = [];
  /** Of shared memory by object, of mapped files by inode; by page. */
  private readonly objects = new Map<number, Map<number, PageWords>>();
  private readonly files = new Map<number, Map<number, PageWords>>();
  /** Calls that may be cutting a file now. */
  private cutting = 0;

  constructor(guest: Watched, k: Kernel, clock: EventClock) {
    this.guest = guest;
    this.k = k;
    this.clock = clock;
  }

  begin(): void {
    this.cutting = 0;
    if (!this.active) return;
    this.active = false;
    this.memories = [];
    this.objects.clear();
    this.files.clear();
  }

  /** A system call begins. Answers whether this wants to hear more of it. */
  entered(p: Proc, pid: number, name: string): boolean {
    const begins = name === 'mmap' || name === 'sbrk';
    if (begins) this.active = true;
    // One that began before the first mmap may cut what that maps.
    if (name === 'open' && (argint(this.k, p, 1) & O_TRUNC) !== 0) {
      this.cutting++;
      this.cut();
      return true;
    }
    if (!this.active) return false;
    const memory = this.memoryOf(p, pid) ?? (begins ? this.imported(p, pid) : undefined);
    if (memory === undefined) return false;
    if (name === 'fork') {
      memory.forking = copyOf(memory, this.k.m.words[this.k.ptable.nextpid] as number);
      return true;
    }
    memory.call = mappingCall(this.k, p, memory.space, name);
    if (name === 'exec') memory.leaving = filesOf(memory.space.areas);
    else if (memory.call?.removed !== undefined) {
      const [vpn, pages] = memory.call.removed;
      memory.leaving = filesOf(memory.space.areas.filter((area) => meets(area, vpn, pages)));
    }
    return memory.call !== undefined || name === 'exec';
  }

  /** The memory of a process, if it is known: its parent's, for a child that did nothing yet. */
  private memoryOf(p: Proc, pid: number): Memory | undefined {
    const memory = this.memories[p.index];
    if (memory?.pid === pid) return memory;
    const parent = this.memories[(this.k.m.words[p.parent] as number) - 1];
    if (parent?.forking === undefined || pid < parent.forking.pid) return undefined;
    const own = { ...parent.forking, pid };
    this.memories[p.index] = own;
    return own;
  }

  /** That of a process which has called neither mmap nor sbrk so far. */
  private imported(p: Proc, pid: number): Memory {
    const { k } = this;
    const areas = p.vmas.filter((v) => k.m.words[v.mode] !== 0).map((v) => areaOf(k, v));
    const space = areas.reduce((all, area) => all.with(area), new AddressSpace(p.vmas.length));
    const memory: Memory = { pid, space, own: new Map(), dirty: new Map(), ...IDLE };
    this.memories[p.index] = memory;
    return memory;
  }

  exited(p: Proc, pid: number, name: string, result: number): void {
    if (name === 'open' && (argint(this.k, p, 1) & O_TRUNC) !== 0) {
      this.cutting--;
      this.cut();
    }
    const memory = this.active ? this.memoryOf(p, pid) : undefined;
    if (memory === undefined) return;
    if (name === 'fork') this.forked(memory, result);
    if (name === 'exec' && result >= 0) {
      memory.space = new AddressSpace(p.vmas.length);
      memory.own.clear();
      memory.dirty.clear();
    }
    const { call } = memory;
    if (call !== undefined) this.answered(p, memory, call, name, result);
    memory.call = undefined;
    if (memory.leaving !== NO_FILES) {
      memory.leaving = NO_FILES;
      this.dropFiles();
    }
  }

  private forked(memory: Memory, result: number): void {
    const { forking } = memory;
    const child = this.k.ptable.procs.find((p) => this.k.m.words[p.pid] === result);
    if (forking !== undefined && result > 0 && child !== undefined) this.memoryOf(child, result);
    memory.forking = undefined;
  }

  private answered(p: Proc, memory: Memory, call: MappingCall, name: string, result: number): void {
    const { answer, removed } = call;
    const mayFail = call.mayFail && (name !== 'sbrk' || this.clock.memoryWasOut);
    if (answer !== undefined && result !== answer && !(result < 0 && mayFail)) {
      this.report(p, `${name} answers ${hex(result)}, and not ${hex(answer)}`, memory);
    }
    if (result < 0) return;
    if (removed !== undefined) {
      const [vpn, pages] = removed;
      for (const at of memory.own.keys()) if (at >= vpn && at < vpn + pages) memory.own.delete(at);
      for (const at of memory.dirty.keys()) {
        if (at >= vpn && at < vpn + pages) memory.dirty.delete(at);
      }
    }
    memory.space = call.after(result);
    const area = name === 'mmap' ? memory.space.at(result / PGSIZE) : undefined;
    if (area?.kind !== VMA_FILE) return;
    // Another process may have let the last mapping go, and with it the pages that this one joined.
    const others = this.memories.filter((other) => other !== memory);
    if (others.some((other) => other?.leaving.has(area.object))) {
      for (const page of this.pagesOf(this.files, area.object).values()) page.giveUp();
    }
  }

  /** A process exits: by then it has closed what `dirtyPages` told. */
  exiting(p: Proc, pid: number): void {
    const memory = this.active ? this.memoryOf(p, pid) : undefined;
    if (memory !== undefined) memory.leaving = filesOf(memory.space.areas);
  }

  reaped(pid: number): void {
    if (!this.active) return;
    const slot = this.memories.findIndex((memory) => memory?.pid === pid);
    if (slot < 0) return;
    this.memories[slot] = undefined;
    this.dropFiles();
  }

  /** A lock is taken by a thread that is in a call of these. */
  acquired(lock: number): void {
    const { k } = this;
    const p = myproc(k);
    const call = p === undefined ? undefined : this.memories[p.index]?.call;
    if (!this.active || call === undefined || lock !== k.otable.lock.word) return;
    if (k.otable.objects.every((o) => k.m.words[o.refs] !== 0)) call.mayFail = true;
  }

  /** Pages of files that nobody has mapped are gone. */
  private dropFiles(): void {
    const mapped = new Set<number>();
    for (const memory of this.memories) {
      for (const inum of filesOf(memory?.space.areas ?? [])) mapped.add(inum);
    }
    for (const inum of this.files.keys()) if (!mapped.has(inum)) this.files.delete(inum);
  }

  /** Any page of a file may be another now, and what was stored to it lost. */
  private cut(): void {
    for (const pages of this.files.values()) for (const page of pages.values()) page.forget();
    for (const memory of this.memories) {
      for (const vpn of memory?.dirty.keys() ?? []) memory?.dirty.set(vpn, false);
    }
  }

  private pagesOf(
    all: Map<number, Map<number, PageWords>>,
    object: number,
  ): Map<number, PageWords> {
    let pages = all.get(object);
    if (pages === undefined) {
      pages = new Map();
      all.set(object, pages);
    }
    return pages;
  }

  /** Pages that a process will write back, of those in a range; in the order of their addresses. */
  dirtyPages(p: Proc, pid: number, from = 0, pages = SHMVPN): DirtyPage[] {
    const memory = this.active ? this.memoryOf(p, pid) : undefined;
    if (memory === undefined) return [];
    const vpns = [...memory.dirty.keys()].filter((vpn) => vpn >= from && vpn < from + pages);
    return vpns
      .sort((a, b) => a - b)
      .map((vpn) => {
        const area = memory.space.at(vpn) as Area;
        const page = vpn - area.start + area.offset;
        const sure = memory.dirty.get(vpn) === true && this.cutting === 0;
        const words = sure ? this.files.get(area.object)?.get(page) : undefined;
        return { inum: area.object, page, words };
      });
  }

  /** A process loads or stores; `answer` is what it got. */
  accessed(address: number, va: number, writes: boolean, atomic: boolean, answer: number): void {
    if (!this.active) return;
    const { k } = this;
    const p = myproc(k);
    const memory = p === undefined ? undefined : this.memoryOf(p, k.currentPid());
    if (p === undefined || memory === undefined || va < 0 || va >= SHMBASE) return;
    const page = this.pageAt(p, memory, va, writes);
    if (page === undefined) return;
    const now = k.m.words[address] as number;
    const word = (va >>> 2) & 1023;
    const known = page.at(word);
    const got = atomic ? answer : now;
    if ((!writes || atomic) && known !== undefined && known !== got) {
      this.report(p, `finds ${got} at ${hex(va)}, and not ${known}`, memory, address);
    }
    page.set(word, now, writes);
  }

  /** The kernel copies to memory of the process. */
  copied(p: Proc, va: number): void {
    if (!this.active || va < 0 || va >= SHMBASE) return;
    const memory = this.memoryOf(p, this.k.currentPid());
    if (memory === undefined) return;
    const vpn = va >>> 12;
    const area = memory.space.at(vpn);
    if (area?.shared !== true) {
      // As private memory of any kind, of which nothing is known from now on.
      memory.own.set(vpn, new PageWords());
      return;
    }
    this.sharedPage(area, vpn)?.giveUp();
    if (area.kind === VMA_FILE) memory.dirty.set(vpn, false);
  }

  /** What is known of the page that a process accesses, which must allow it. */
  private pageAt(p: Proc, memory: Memory, va: number, writes: boolean): PageWords | undefined {
    const vpn = va >>> 12;
    if (vpn < heapPages(this.k, p)) return ownPage(memory, vpn, undefined);
    const area = memory.space.at(vpn);
    const what = `${writes ? 'stores to' : 'loads from'} ${hex(va)}`;
    if (area === undefined) this.report(p, `${what}, where nothing is mapped`, memory);
    const rights = writes ? PROT_WRITE : PROT_READ | PROT_WRITE;
    if ((area.prot & rights) === 0) this.report(p, `${what}, which it may not`, memory);
    if (area.shared) {
      if (writes && area.kind === VMA_FILE) memory.dirty.set(vpn, this.cutting === 0);
      return area.kind === VMA_FILE && this.cutting > 0 ? undefined : this.sharedPage(area, vpn);
    }
    if (area.kind === VMA_ANON) return ownPage(memory, vpn, 0);
    // A private page of a file may change as long as its process has not written to it.
    if (area.kind !== VMA_FILE || (!writes && !memory.own.has(vpn))) return undefined;
    return ownPage(memory, vpn, undefined);
  }

  private sharedPage(area: Area, vpn: number): PageWords | undefined {
    const isFile = area.kind === VMA_FILE;
    if (!isFile && area.kind !== VMA_OBJECT) return undefined;
    const pages = this.pagesOf(isFile ? this.files : this.objects, area.object);
    const number = vpn - area.start + area.offset;
    let page = pages.get(number);
    if (page === undefined) {
      page = new PageWords(isFile ? undefined : 0);
      pages.set(number, page);
    }
    return page;
  }

  private report(p: Proc, what: string, memory: Memory, ...words: number[]): never {
    const mapped = memory.space.areas.map(
      ({ start, pages, shared }) =>
        `  ${pages} pages at ${hex(start * PGSIZE)}, ${shared ? 'shared' : 'private'}`,
    );
    const about = p.vmas.flatMap((v) => [v.start, v.pages]);
    found(
      this.guest,
      'linearizability',
      `not linearizable: pid ${memory.pid} ${what}`,
      [mapped.length === 0 ? 'it has nothing mapped' : 'it has mapped:', ...mapped],
      { words: [...words, ...about] },
    );
  }
}

function copyOf(memory: Memory, pid: number): Memory {
  const own = new Map([...memory.own].map(([vpn, page]) => [vpn, page.copy()] as const));
  const { space } = memory;
  return { pid, space, own, dirty: new Map(), ...IDLE };
}

function ownPage(memory: Memory, vpn: number, rest: number | undefined): PageWords {
  let page = memory.own.get(vpn);
  if (page === undefined) {
    page = new PageWords(rest);
    memory.own.set(vpn, page);
  }
  return page;
}

function meets({ start, pages }: Area, vpn: number, count: number): boolean {
  return start < vpn + count && start + pages > vpn;
}

/** The files whose pages may be written to through these areas or are shown by them. */
function filesOf(areas: readonly Area[]): ReadonlySet<number> {
  return new Set(areas.filter(({ kind }) => kind === VMA_FILE).map(({ object }) => object));
}

function hex(value: number): string {
  return value < 0 ? `${value}` : `0x${value.toString(16)}`;
}
