/**
 * The kernel as a whole: its data, its start (xv6 main.c, userinit), and the ways in for the host.
 *
 * A Kernel is made once for a configuration. Its boot, with the initial processes ready to run, is
 * a snapshot, and every execution begins from it.
 */
import {
  type Address,
  ANSWER,
  type Code,
  type Ending,
  invariant,
  KERNPPN,
  Layout,
  Machine,
  type MemoryModel,
  PGSIZE,
  PTE_V,
  ppnOfPte,
  type Scheduler,
  Thread,
  WeakMachine,
} from '../machine/index.ts';
import type { Program } from './abi.ts';
import { Console } from './console.ts';
import { Disk } from './disk.ts';
import { type KernelEvents, type KernelWatch, SWITCH_REASONS } from './events.ts';
import { loadImage } from './exec.ts';
import { FileTable } from './file.ts';
import { InodeTable } from './fs.ts';
import { FutexTable } from './futex.ts';
import { Kmem, kinit } from './kalloc.ts';
import { fileOps } from './mapfile.ts';
import { mkfs } from './mkfs.ts';
import { type MutantName, type Mutants, switches } from './mutants.ts';
import { myproc } from './myproc.ts';
import { CONSIN, CONSOUT } from './ofile.ts';
import { ObjectTable, objectOps } from './pageobject.ts';
import { walk } from './pagetable.ts';
import { MAXPATH, type Param } from './param.ts';
import { Pipe } from './pipe.ts';
import { PosixTable, posixOps } from './posix.ts';
import { allocproc, type Image, type Proc, ProcTable, RUNNABLE } from './proc.ts';
import { scheduler } from './sched.ts';
import { ShmTable } from './shm-table.ts';
import { release } from './spinlock.ts';
import { SegmentTable, segmentOps } from './sysv.ts';
import { Clock, forkret, trapVector } from './trap.ts';
import { UserCode, UserContext } from './usercode.ts';
import { VMA_FILE, VMA_OBJECT, VMA_POSIX, VMA_SYSV, type VmOps } from './vma.ts';

/** A process that exists when an execution begins, as a child of init. */
export interface InitialProcess {
  readonly name: string;
  readonly argv: readonly string[];
}

/** Stores that wait in a CPU's buffer at most, where memory has them; some real CPUs have as many. */
const STORES_MAX = 16;

export class Kernel {
  readonly m: Machine;
  readonly param: Param;
  readonly programs: ReadonlyMap<string, Program>;
  /** Defects switched on; see mutants.ts. All off during set-up. */
  readonly mutant: Mutants;

  readonly kmem: Kmem;
  readonly ptable: ProcTable;
  readonly shm: ShmTable;
  readonly futex: FutexTable;
  readonly sysv: SegmentTable;
  readonly posix: PosixTable;
  readonly disk: Disk;
  readonly itable: InodeTable;
  readonly ftable: FileTable;
  readonly pipes: readonly Pipe[];
  readonly otable: ObjectTable;
  /** By kind of mapping, what finds its pages. */
  readonly vmops: readonly (VmOps | undefined)[];
  readonly console: Console;
  readonly clock: Clock;
  /** Physical page that every address space maps at TRAMPOLINE; the first, part of the kernel. */
  readonly trampoline = KERNPPN;

  /** Who records what happens; null for nobody. */
  events: KernelEvents | null = null;
  /** Who looks for bugs; null for nobody. */
  watch: KernelWatch | null = null;
  /** Who sees what is printed; null for nobody. */
  onPrint: ((text: string) => void) | null = null;
  /** Who hears that a process exits, with its pid and status; null for nobody. */
  onExit: ((pid: number, status: number) => void) | null = null;

  private readonly schedulers: readonly Thread[];
  private readonly initial: { p: Proc; image: InitialProcess }[] = [];
  /** Calls of the allocator since the end of set-up, which are not counted; see kallocFailsAt. */
  private allocations = Number.NEGATIVE_INFINITY;
  /** Frames on the free list when an execution begins. */
  readonly freeAtStart: ReadonlySet<number>;

  /**
   * Boots: memory, then init and the initial processes, RUNNABLE, with CPUs about to enter
   * scheduler().
   *
   * @param programs by name; must have `init`
   * @param mutants switched on when set-up is over
   * @param memory how it orders what CPUs store
   * @throws InternalError when the configuration has no room for the initial processes.
   */
  constructor(
    param: Param,
    programs: ReadonlyMap<string, Program>,
    initial: readonly InitialProcess[],
    mutants: readonly MutantName[] = [],
    memory: MemoryModel = 'sc',
  ) {
    const layout = new Layout();
    layout.word('null');
    this.param = param;
    this.programs = programs;
    this.mutant = switches([]);
    this.kmem = new Kmem(layout, param.frames);
    this.clock = new Clock(layout);
    this.console = new Console(layout);
    this.shm = new ShmTable(layout, param);
    this.otable = new ObjectTable(layout, param);
    this.vmops = vmops();
    this.ptable = new ProcTable(layout, param);
    this.ftable = new FileTable(layout, param);
    this.pipes = Array.from({ length: param.npipe }, (_, i) => new Pipe(layout, i));
    this.itable = new InodeTable(layout, param);
    this.disk = new Disk(layout, param);
    this.futex = new FutexTable(layout, param);
    this.sysv = new SegmentTable(layout, param);
    this.posix = new PosixTable(layout, param);
    const MachineKind = memory === 'sc' ? Machine : WeakMachine;
    this.m = new MachineKind(layout, {
      cpus: param.ncpu,
      frames: param.frames,
      diskBlocks: param.fssize,
      tickInterval: param.tickInterval,
      ticks: param.ticks,
      stepsMax: param.stepsMax,
      memory,
      storesMax: STORES_MAX,
    });
    this.schedulers = this.m.cpus.map((cpu) => new Thread(cpu.id, `scheduler ${cpu.id}`));
    this.m.threads.push(...this.schedulers, ...this.ptable.procs.map((p) => p.thread));
    this.m.trapVector = trapVector(this);
    this.m.reset();
    kinit(this);
    mkfs(this);
    this.m.words[this.ptable.nextpid] = 1;
    this.m.drain(
      new Thread(-1000, 'boot'),
      this.userinit([{ name: 'init', argv: ['init'] }, ...initial]),
    );
    this.mutant = switches(mutants);
    this.freeAtStart = this.freeFrames();
    this.m.memory.snapshot(this.framesInUse());
  }

  private *userinit(images: readonly InitialProcess[]): Code<void> {
    for (const image of images) {
      const p = yield* allocproc(this);
      invariant(p !== undefined, `no room for process ${image.name}`);
      const { words } = this.m;
      const { size } = yield* loadImage(this, words[p.pagetable] as number, image.argv);
      invariant(size >= 0, `no memory for process ${image.name}`);
      words[p.sz] = size;
      words[p.parent] = p.index === 0 ? 0 : 1;
      [CONSIN, CONSOUT, CONSOUT].forEach((console, fd) => {
        words[p.files.at(fd)] = console;
      });
      words[p.state] = RUNNABLE;
      this.m.changeRunLine(1, p.thread);
      release(this, p.lock) ?? (yield);
      this.initial.push({ p, image });
    }
  }

  /** Returns to the end of set-up. Must be called before every run but may be called at any time. */
  reset(): void {
    const { m } = this;
    m.reset();
    m.memory.restore();
    this.allocations = 0;
    for (const p of this.ptable.procs) {
      if (p.image === null) continue;
      p.image = null;
      p.thread.begin(null);
    }
    for (const { p, image } of this.initial) {
      p.thread.begin(null);
      p.thread.name = `pid ${m.words[p.pid]}`;
      this.execImage(p, image.name, this.programNamed(image.name), image.argv);
      p.thread.interrupt(forkret(this, p), ANSWER);
      m.changeRunLine(1, p.thread);
    }
    for (const [i, thread] of this.schedulers.entries()) {
      const cpu = m.cpus[i];
      invariant(cpu !== undefined, 'each CPU has a scheduler loop');
      thread.begin(scheduler(this, cpu));
      m.place(thread, cpu);
    }
  }

  /** One execution from the end of set-up, under a scheduler. @throws KernelPanic */
  run(strategy: Scheduler): Ending {
    this.reset();
    return this.m.run(strategy);
  }

  private programNamed(name: string): Program {
    const program = this.programs.get(name);
    invariant(program !== undefined, `no program ${name}`);
    return program;
  }

  /** Gives a process a program from its beginning. */
  execImage(p: Proc, name: string, program: Program, argv: readonly string[]): void {
    const context = new UserContext(this.m, p);
    const code = new UserCode(context, program, argv);
    p.image = { name, program, argv, context };
    if (p.thread.depth === 0) p.thread.begin(code);
    else p.thread.replaceOutermost(code);
  }

  /** Gives a fork's child its parent's program, where the parent is now. */
  forkImage(p: Proc, np: Proc): void {
    const image = p.image as Image;
    const context = new UserContext(this.m, np, image.context as UserContext);
    const code = new UserCode(context, image.program, image.argv);
    np.image = { ...image, context };
    code.catchUp();
    np.thread.begin(code);
    np.thread.interrupt(forkret(this, np), ANSWER);
  }

  /** Whether this allocation is the one that the configuration makes fail. */
  allocationFails(): boolean {
    return ++this.allocations === this.param.kallocFailsAt;
  }

  print(text: string): void {
    const { m } = this;
    this.events?.print(m.step, m.cpu.id, this.currentPid(), text);
    this.watch?.printed(text);
    this.onPrint?.(text);
  }

  /** The pid of the process on the current CPU, 0 for the scheduler loop. Not an operation. */
  currentPid(): number {
    const p = myproc(this);
    return p === undefined ? 0 : (this.m.words[p.pid] as number);
  }

  /**
   * Sets who hears of events (locks only if asked for) and who is called whenever a lock was
   * released. Null for nobody, which costs nothing.
   */
  listen(
    events: KernelEvents | null,
    locks: boolean,
    released: ((lock: Address) => void) | null,
  ): void {
    const { m } = this;
    this.events = events;
    m.onSwtch = null;
    m.onAcquire = null;
    m.onRelease = released;
    if (events === null) return;
    m.onSwtch = (from, to, reason) => {
      const name = SWITCH_REASONS[reason] ?? 'unknown';
      events.switched(m.step, m.cpu.id, this.pidOf(from), this.pidOf(to), name);
    };
    if (!locks) return;
    m.onAcquire = (lock) => events.lock(m.step, m.cpu.id, this.currentPid(), this.nameOf(lock));
    m.onRelease = (lock) => {
      events.unlock(m.step, m.cpu.id, this.currentPid(), this.nameOf(lock));
      released?.(lock);
    };
  }

  private pidOf(thread: Thread): number {
    const p = this.ptable.procs[thread.id - this.param.ncpu];
    return p === undefined ? 0 : (this.m.words[p.pid] as number);
  }

  private nameOf(address: Address): string {
    return this.m.layout.nameOf(address) ?? `word ${address}`;
  }

  /** What a sleep channel is called: the object whose address it is. */
  channelName(chan: Address): string {
    return this.nameOf(chan).replace(/\.lock$/, '');
  }

  /** A string in a process's memory, read as the host may: without an operation. */
  peekString(p: Proc, va: number): string | undefined {
    const { memory, words } = this.m;
    let text = '';
    let frame = -1;
    for (let at = va; text.length < MAXPATH; at++) {
      if (at < 0 || at > 0x7fff_ffff) return undefined;
      if (frame < 0 || (at & (PGSIZE - 1)) === 0) {
        const pte = walk(this, words[p.pagetable] as number, at >>> 12);
        if (pte === 0 || ((words[pte] as number) & PTE_V) === 0) return undefined;
        frame = memory.frame(ppnOfPte(words[pte] as number)) << 2;
      }
      const byte = memory.bytes[frame + (at & (PGSIZE - 1))];
      if (byte === 0 || byte === undefined) return text;
      text += String.fromCharCode(byte);
    }
    return text;
  }

  /** A word of a process's memory, read without an operation; undefined where there is none. */
  peekWord(p: Proc, va: number): number | undefined {
    const { memory, words } = this.m;
    if (va < 0 || va > 0x7fff_fffc || (va & 3) !== 0) return undefined;
    const at = walk(this, words[p.pagetable] as number, va >>> 12);
    const pte = at === 0 ? 0 : (words[at] as number);
    if ((pte & PTE_V) === 0) return undefined;
    return words[memory.frame(ppnOfPte(pte)) + ((va & (PGSIZE - 1)) >> 2)];
  }

  /** Frames on the free list, found by following it. Fails if it has a cycle or a stranger. */
  freeFrames(): Set<number> {
    const { memory, words } = this.m;
    const free = new Set<number>();
    let ppn = words[this.kmem.freelist] as number;
    while (ppn !== 0 && memory.isFrame(ppn) && !free.has(ppn)) {
      free.add(ppn);
      ppn = words[memory.frame(ppn)] as number;
    }
    return free;
  }

  private *framesInUse(): Generator<number> {
    const free = this.freeAtStart;
    const { firstPpn, endPpn } = this.m.memory;
    for (let ppn = firstPpn; ppn < endPpn; ppn++) if (!free.has(ppn)) yield ppn;
  }
}

function vmops(): readonly (VmOps | undefined)[] {
  const table: (VmOps | undefined)[] = [];
  table[VMA_OBJECT] = objectOps;
  table[VMA_SYSV] = segmentOps;
  table[VMA_FILE] = fileOps;
  table[VMA_POSIX] = posixOps;
  return table;
}
