import type { DetectorKind } from '../../detectors/detector.ts';
import type { About } from '../../detectors/finding.ts';
import { HeldLocks } from '../../detectors/held-locks.ts';
import type { KernelEvents } from '../../kernel/events.ts';
import type { Kernel } from '../../kernel/kernel.ts';
import {
  type Cpu,
  isDormantAt,
  isLoad,
  type Listener,
  type Machine,
  modifies,
  NO_GUARD,
  type Observer,
  OPERATION_NAMES,
  PTE_V,
  ppnOfPte,
  STORE,
  type Thread,
  tell,
  waitsForWord,
  wordNamed,
} from '../../machine/index.ts';
import type { Stage } from '../stage/stage.ts';
import { callText, resultText } from './call-text.ts';
import type { Moment, MomentKind } from './moment.ts';
import { orderName, wordName } from './value.ts';

/** Steps before the finding from which on stacks are kept: what bounds the cost of long runs. */
const STACK_STEPS = 200_000;
/** Steps before the finding of which each thread's last operations are kept, whatever they are. */
const RECENT_STEPS = 2_000;
const RECENT = 8;
/** System calls of each process that are kept. */
const CALLS = 8;
/** Moments kept; of more, the older half goes. */
const MOMENTS_MAX = 4_096;

/** Operations that can be waited at for ever. */
const waits = (kind: number): boolean => waitsForWord(kind) && !isDormantAt(kind);

const ignore = (): void => undefined;
const SILENT: KernelEvents = {
  switched: ignore,
  enter: ignore,
  exit: ignore,
  fault: ignore,
  page: ignore,
  irq: ignore,
  print: ignore,
  lock: ignore,
  unlock: ignore,
  sleep: ignore,
  wakeup: ignore,
  life: ignore,
};

interface Pending {
  readonly kind: number;
  readonly address: number;
  readonly step: number;
  /** For a store, the value that was there. */
  readonly before: number;
  readonly error: Error | undefined;
}

/**
 * Watches an execution that is known to end with a finding, and keeps what concerns it: every access
 * to the words, frames and locks in question, and the last operations of each thread.
 */
export class Capture implements Observer, Listener {
  readonly moments: Moment[] = [];
  /** Moments that were dropped for want of room. */
  dropped = 0;
  /** By pid: its last system calls with what they answered; the latest may not have returned. */
  readonly called = new Map<number, Moment[]>();
  /** By thread: its last operations of any kind. */
  readonly recent = new Map<number, Moment[]>();
  /** By lock: when it was taken by who holds it now. */
  readonly heldSince = new Map<number, Moment>();
  /** By names of two classes, `a → b`: who first took b with a held. */
  readonly orders = new Map<string, readonly [Moment, Moment]>();
  /** What guest code threw in the end. */
  thrown: Error | undefined;

  readonly m: Machine;
  /** Undefined for threads without one. */
  readonly kernel: Kernel | undefined;
  private readonly until: number;
  private readonly values = new Map<number, number>();
  private readonly plainWords: readonly number[];
  private readonly frames: ReadonlySet<number>;
  private readonly locks: ReadonlySet<number>;
  private readonly held: HeldLocks;
  private readonly pending = new Map<number, Pending>();
  /** By pid: the system call it is in, and its number among all calls. */
  private readonly calls = new Map<number, { readonly call: string; readonly turn: number }>();
  private turns = 0;

  /** @param until the step of the finding */
  constructor({ machine, kernel }: Stage, about: About, until: number) {
    const { guards } = machine.layout;
    this.m = machine;
    this.kernel = kernel;
    this.until = until;
    const words = about.words ?? [];
    this.frames = new Set(about.frames);
    this.locks = new Set([
      ...(about.locks ?? []),
      ...words.map((word) => guards[word] ?? NO_GUARD).filter((lock) => lock !== NO_GUARD),
    ]);
    for (const word of words) this.values.set(word, machine.words[word] as number);
    // Only what no lock guards is written plainly, without an operation, and only by a kernel.
    const plain = (word: number): boolean => kernel !== undefined && guards[word] === NO_GUARD;
    this.plainWords = words.filter(plain);
    this.held = new HeldLocks(machine.cpus.length);
  }

  /** The hooks of detectors that an observer does not have. It finds nothing. */
  readonly detector: DetectorKind = {
    name: 'capture',
    summary: 'keeps what a finding is about',
    make: () => ({
      name: 'capture',
      allocated: (ppn) => this.frame('allocate', ppn),
      freed: (ppn) => this.frame('free', ppn),
      entered: (pid, call) => this.calls.set(pid, { call, turn: ++this.turns }),
      exited: (pid) => this.calls.delete(pid),
      threw: (error) => {
        if (error instanceof Error) this.thrown = error;
        return undefined;
      },
    }),
  };

  /** What the kernel tells a recorder, as far as it is wanted. */
  readonly events: KernelEvents = {
    ...SILENT,
    enter: (_step, _cpu, pid, call, args) => {
      const calls = this.called.get(pid) ?? [];
      this.called.set(pid, calls);
      if (calls.length === CALLS) calls.shift();
      calls.push({
        ...this.make('other', 0, 0, 0, this.m.step, undefined),
        name: callText(call, args),
      });
    },
    exit: (_step, _cpu, pid, _call, result, out) => {
      const latest = this.called.get(pid)?.pop();
      if (latest === undefined) return;
      const name = `${latest.name} → ${resultText(result, out)}`;
      this.called.get(pid)?.push({ ...latest, name });
    },
    sleep: () => this.told('sleep', this.channel()),
    wakeup: (_step, _cpu, _pid, channel) => {
      const { layout } = this.m;
      this.told('wakeup', layout.find(channel) ?? layout.find(`${channel}.lock`) ?? 0);
    },
  };

  private channel(): number {
    const p = this.kernel?.ptable.procs[this.m.current.id - this.m.cpus.length];
    return p === undefined ? 0 : (this.m.words[p.chan] as number);
  }

  private get keepsStacks(): boolean {
    return this.m.step >= this.until - STACK_STEPS;
  }

  entering(kind: number, address: number): void {
    const { m } = this;
    const error = this.keepsStacks ? new Error() : undefined;
    for (const word of this.plainWords) this.comparePlain(word, error);
    const before = kind === STORE ? (m.words[address] as number) : 0;
    this.pending.set(this.place(m.current), { kind, address, step: m.step, before, error });
  }

  /** An operation belongs to the activation that asked for it: handlers run on top of it. */
  private place(thread: Thread): number {
    return thread.id * 64 + thread.depth;
  }

  /** A private field that changed was written by whoever runs, just before. */
  private comparePlain(word: number, error: Error | undefined): void {
    const now = this.m.words[word] as number;
    const before = this.values.get(word) as number;
    if (now === before) return;
    this.values.set(word, now);
    this.push('plain', word, before, now, this.m.step, error);
  }

  performed(kind: number, a: number, b: number, _c: number, answer: number): void {
    tell(this, this.m.words, kind, a, b, answer);
    this.remember(kind, wordNamed(kind, a));
    this.pending.delete(this.place(this.m.current));
  }

  load(word: number, _how: number, value: number): void {
    this.access('load', word, -1, value);
  }

  storeAtomic(word: number): void {
    this.access('store', word);
  }

  storeByte(word: number): void {
    this.access('store', word);
  }

  modify(word: number): void {
    this.access('modify', word);
  }

  down(word: number): void {
    this.note('down', word);
  }

  post(word: number): void {
    this.note('up', word);
  }

  wait(condition: number): void {
    this.note('wait', condition);
  }

  signal(condition: number, all: boolean): void {
    this.note(all ? 'broadcast' : 'signal', condition);
  }

  rouse(condition: number): void {
    this.note('rouse', condition);
  }

  flush(asid: number): void {
    if (this.frames.size > 0) this.note('flush', asid);
  }

  woken(): void {}
  order(): void {}
  add(): void {}

  accessed(kind: number, address: number, va: number): void {
    this.access(isLoad(kind) ? 'load' : modifies(kind) ? 'modify' : 'store', address, va);
    this.remember(kind, address);
    this.pending.delete(this.place(this.m.current));
  }

  switching(_from: Thread, to: Thread): void {
    this.remember(0, to.id);
    if (this.locks.size > 0) this.note('switch', to.id, 0, 0, this.m.step + 1);
  }

  take(lock: number): void {
    const { m } = this;
    const before = this.held.of(m.cpu.id).map((other) => this.heldSince.get(other));
    this.held.take(m.cpu.id, lock);
    const moment = this.make('acquire', lock, 0, 0, m.step, this.stack());
    this.heldSince.set(lock, moment);
    for (const other of before) if (other !== undefined) this.learn(other, moment);
    if (this.locks.has(lock)) this.keep(moment);
  }

  private learn(held: Moment, taken: Moment): void {
    const order = orderName(held.name, taken.name);
    if (!this.orders.has(order)) this.orders.set(order, [held, taken]);
  }

  drop(lock: number): void {
    if (this.locks.has(lock)) this.note('release', lock);
    this.held.drop(this.m.cpu.id, lock);
    this.heldSince.delete(lock);
  }

  /** A store to a page table or to the kernel's data may make a frame reachable, or unreachable. */
  store(a: number, value: number): void {
    const { memory } = this.m;
    const before = this.pending.get(this.place(this.m.current))?.before ?? 0;
    const guarding = this.m.layout.sleeplocks.has(a) && this.locks.has(a);
    if (guarding) this.note(value === 0 ? 'release' : 'acquire', a);
    if (this.frames.has(value) && !this.values.has(a)) {
      // From now on, whoever stores another number there is seen, too.
      this.values.set(a, value);
      this.push('store', a, before, value, this.m.step, this.stack());
      return;
    }
    if (this.frames.size > 0 && memory.ppnOf(a) >= memory.firstPpn && !this.values.has(a)) {
      const entry = (value & PTE_V) !== 0 ? value : before;
      const ppn = (entry & PTE_V) === 0 ? 0 : ppnOfPte(entry);
      if (this.frames.has(ppn)) this.note(entry === value ? 'map' : 'unmap', ppn, before, value);
    }
    this.access('store', a, -1, value);
  }

  /** A store that was performed before reaches memory: nobody's code runs. */
  drained(cpu: number, address: number, value: number): void {
    const { m } = this;
    if (!this.values.has(address)) return;
    this.values.set(address, value);
    const { cpu: before, current } = m;
    m.cpu = m.cpus[cpu] as Cpu;
    // Without a kernel each thread has a CPU, and its number.
    m.current = m.cpu.thread ?? m.threads[cpu] ?? current;
    this.push('drain', address, value, value, m.step, undefined);
    m.cpu = before;
    m.current = current;
  }

  /**
   * @param va where a user program sees it; -1 for the kernel's own
   * @param now what was seen or stored: with a store buffer, not what is in memory
   */
  private access(
    kind: MomentKind,
    address: number,
    va = -1,
    now = this.m.words[address] as number,
  ): void {
    const { m } = this;
    const before = this.values.get(address);
    if (before !== undefined) {
      if (m.buffers === null || kind === 'modify') this.values.set(address, now);
      this.push(kind, address, before, now, m.step, this.stack(), va);
    } else if (this.frames.has(m.memory.ppnOf(address))) {
      this.push(kind, address, undefined, now, m.step, this.stack(), va);
    }
  }

  private frame(kind: 'allocate' | 'free', ppn: number): void {
    if (this.frames.has(ppn)) this.told(kind, ppn);
  }

  /** The stack of the operation that the current thread asked for last. */
  private stack(): Error | undefined {
    return this.pending.get(this.place(this.m.current))?.error;
  }

  /** What the kernel says itself, with its code on the host's stack now. */
  private told(kind: MomentKind, address: number): void {
    const error = this.keepsStacks ? new Error() : undefined;
    this.push(kind, address, 0, 0, this.m.step, error);
  }

  private note(kind: MomentKind, address: number, before = 0, after = 0, step?: number): void {
    this.push(kind, address, before, after, step ?? this.m.step, this.stack());
  }

  private push(
    kind: MomentKind,
    address: number,
    before: number | undefined,
    after: number,
    step: number,
    error: Error | undefined,
    va = -1,
  ): void {
    this.keep(this.make(kind, address, before, after, step, error, va));
  }

  private keep(moment: Moment): void {
    if (this.moments.length === MOMENTS_MAX) {
      this.dropped += MOMENTS_MAX / 2;
      this.moments.splice(0, MOMENTS_MAX / 2);
    }
    this.moments.push(moment);
  }

  private make(
    kind: MomentKind,
    address: number,
    before: number | undefined,
    after: number,
    step: number,
    error: Error | undefined,
    va = -1,
  ): Moment {
    const { kernel } = this;
    const { cpu, current } = this.m;
    const pid = kernel?.currentPid() ?? 0;
    const outside = pid === 0 ? 'scheduler' : va >= 0 ? 'user' : 'trap';
    const { call, turn } = this.calls.get(pid) ?? {
      call: kernel === undefined ? '' : outside,
      turn: 0,
    };
    const name = kernel === undefined ? this.nameOf(address) : wordName(kernel, kind, address, va);
    const by = kernel === undefined ? current.name : '';
    const locks = [...this.held.of(cpu.id), ...this.sleeplocksOf(pid)];
    const where = { step, cpu: cpu.id, thread: current.id, by, pid, call, turn };
    return { kind, ...where, address, name, before, after, locks, error, user: va >= 0 };
  }

  /** The words that say who has a sleeplock, of those that a process has. */
  private sleeplocksOf(pid: number): number[] {
    const { layout, words } = this.m;
    if (pid === 0) return [];
    return [...layout.sleeplocks.keys()].filter((word) => words[word] === pid);
  }

  private nameOf(address: number): string {
    return this.m.layout.nameOf(address) ?? '';
  }

  /** @param address of a word, or -1; of a switch, which is kind 0, the thread's number */
  private remember(kind: number, address: number): void {
    const { m } = this;
    if (m.step < this.until - RECENT_STEPS) return;
    let list = this.recent.get(m.current.id);
    if (list === undefined) {
      list = [];
      this.recent.set(m.current.id, list);
    } else if (list.length === RECENT) {
      list.shift();
    }
    const moment = this.make('other', Math.max(address, 0), 0, 0, m.step, this.stack());
    const word = kind === 0 || address < 0 ? '' : moment.name;
    const name = kind === 0 ? `swtch to ${m.threads[address]?.name}` : OPERATION_NAMES[kind];
    list.push({ ...moment, name: `${name} ${word}`.trim() });
  }

  /** Who waits for a lock in the end, or was about to take one, as moments that never came. */
  waiting(): Moment[] {
    const { m } = this;
    const { current, cpu } = m;
    const moments: Moment[] = [];
    for (const each of m.cpus) {
      const { thread } = each;
      if (thread === null) continue;
      const asked = this.pending.get(this.place(thread));
      if (asked === undefined || !waits(asked.kind)) continue;
      // What is made tells of the current thread.
      m.current = thread;
      m.cpu = each;
      moments.push(this.make('spin', asked.address, 0, 0, asked.step, asked.error));
    }
    m.current = current;
    m.cpu = cpu;
    return moments;
  }
}
