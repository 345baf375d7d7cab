import { argint } from '../../kernel/argument.ts';
import type { Kernel } from '../../kernel/kernel.ts';
import { myproc } from '../../kernel/myproc.ts';
import type { Ending } from '../../machine/index.ts';
import { type Detector, type DetectorKind, empty } from '../detector.ts';
import type { Finding } from '../finding.ts';
import type { Watched } from '../watched.ts';
import { forKernel } from '../xv6/for-kernel.ts';
import { isWritable, readName } from '../xv6/user-memory.ts';
import type { CallFamily, EventClock } from './call-family.ts';
import { FileFamily } from './file-family.ts';
import { Mappings } from './mappings.ts';
import { judge, KEPT, type Timed, unexplained } from './orders.ts';
import { PosixFamily } from './posix-family.ts';
import { SegmentFamily } from './segment-family.ts';
import { type ShmCall, type ShmLimits, ShmModel } from './shm-model.ts';

const WHAT: ReadonlyMap<string, ShmCall['what']> = new Map(
  Object.entries({
    shm_open: 'open',
    shm_trunc: 'trunc',
    shm_map: 'map',
    shm_close: 'close',
    fork: 'fork',
  }),
);

/** A call on record; what an exit or exec closed is worked out at the end. */
class Entry {
  pid = 0;
  what: ShmCall['what'] | 'leave' = 'leave';
  id = 0;
  name: string | undefined = undefined;
  value = 0;
  result = 0;
  mayFail = false;
  start = 0;
  end = 0;
  /** When it took shm.lock, each time. */
  readonly hints: number[] = [];

  begin(pid: number, what: Entry['what'], start: number): void {
    this.pid = pid;
    this.what = what;
    this.id = 0;
    this.name = undefined;
    this.value = 0;
    this.result = 0;
    this.mayFail = false;
    this.start = start;
    this.end = Number.POSITIVE_INFINITY;
    empty(this.hints);
  }
}

/**
 * The shared-memory calls of all processes, fork, exec and exit among them, can be put into one order
 * that explains every result by the rules of a sequential model, and keeps calls in order of which
 * one ended before the other began. An exit ends when the parent's wait returns, and closes one
 * descriptor after another, each a step of its own. The calls of System V, of POSIX shared memory
 * and of files have histories and models of their own (CallFamily), since no state is common to them;
 * what a process maps, and what is in it, is judged as it happens (Mappings).
 *
 * Looks at whole executions of at most 4,096 calls, at their end. Never wrong where the model is
 * right; lets failures pass that memory, a full table or a bad pointer may explain. Costs a note a
 * call and one run of the model an execution; the search for another order, which only executions
 * need that are wrong or nearly, is bounded, and says so where it gives up.
 */
class Linearizability implements Detector {
  readonly name = 'linearizability';
  private readonly guest: Watched;
  private readonly k: Kernel;
  private readonly limits: ShmLimits;
  /** The first `count` are of this execution, in the order in which they began. */
  private readonly entries: Entry[] = [];
  private count = 0;
  /** Calls in the order in which they took shm.lock, or ended without it: probably the answer. */
  private readonly order: Entry[] = [];
  private readonly model: ShmModel;
  /** By thread: the call that it is in. */
  private readonly current: (Entry | undefined)[] = [];
  private events = 0;
  /** Frames on the free list. */
  private free = 0;
  /** By thread: whether it is about to put one there. */
  private readonly freeing: boolean[] = [];
  private readonly clock: EventClock = { now: 0, memoryWasOut: false };
  private gaveUp: string | undefined;
  private readonly families: readonly CallFamily<unknown>[];
  private readonly mappings: Mappings;
  /** By thread: whether it is in a call of one of them. */
  private readonly inFamily: Uint8Array;

  constructor(guest: Watched, k: Kernel) {
    this.guest = guest;
    this.k = k;
    const { nshm, noshm, nshmpg } = k.param;
    this.limits = { objects: nshm, descriptors: noshm, pages: nshmpg };
    this.model = new ShmModel(this.limits);
    this.inFamily = new Uint8Array(guest.m.threads.length);
    const { clock } = this;
    this.mappings = new Mappings(guest, k, clock);
    this.families = [
      new SegmentFamily(k, clock),
      new PosixFamily(k, clock),
      new FileFamily(k, clock, this.mappings),
    ];
  }

  begin(): void {
    this.count = 0;
    empty(this.order);
    empty(this.current);
    this.events = 0;
    this.free = this.k.freeAtStart.size;
    empty(this.freeing);
    this.clock.now = 0;
    this.clock.memoryWasOut = this.k.param.kallocFailsAt > 0;
    this.gaveUp = undefined;
    this.inFamily.fill(0);
    for (const family of this.families) family.begin();
    this.mappings.begin();
  }

  allocated(): void {
    if (--this.free === 0) this.clock.memoryWasOut = true;
  }

  freed(): void {
    this.freeing[this.guest.m.current.id] = true;
  }

  entered(pid: number, call: string): void {
    const what = call === 'exec' ? 'leave' : WHAT.get(call);
    const p = myproc(this.k);
    if (p === undefined) return;
    let wanted = false;
    for (const family of this.families) wanted = family.entered(p, pid, call) || wanted;
    wanted = this.mappings.entered(p, pid, call) || wanted;
    this.inFamily[p.thread.id] = wanted ? 1 : 0;
    if (what === undefined) return;
    const entry = this.record(pid, what);
    if (entry === undefined) return;
    if (what === 'open') entry.name = readName(this.k, p, argint(this.k, p, 0));
    else entry.id = argint(this.k, p, 0);
    if (what === 'trunc') entry.value = argint(this.k, p, 1);
    if (what === 'map') {
      entry.value = argint(this.k, p, 2);
      entry.mayFail = !isWritable(this.k, p, argint(this.k, p, 1), 8);
    }
  }

  private record(pid: number, what: Entry['what']): Entry | undefined {
    if (this.count === KEPT) {
      this.gaveUp = `linearizability not judged: the run has more than ${KEPT} calls`;
      this.current.length = 0;
      return undefined;
    }
    let entry = this.entries[this.count];
    if (entry === undefined) {
      entry = new Entry();
      this.entries.push(entry);
    }
    this.count++;
    entry.begin(pid, what, this.events++);
    this.current[this.k.m.current.id] = entry;
    return entry;
  }

  /** A process goes, by exit or by kill. */
  exiting(pid: number): void {
    const p = myproc(this.k);
    let wanted = false;
    for (const family of this.families) {
      if (p !== undefined) wanted = family.exiting(p, pid) || wanted;
    }
    if (p !== undefined) this.mappings.exiting(p, pid);
    if (wanted) this.inFamily[this.k.m.current.id] = 1;
    this.record(pid, 'leave');
  }

  exited(pid: number, call: string, result: number): void {
    const tid = this.k.m.current.id;
    if (this.inFamily[tid] === 1) this.exitedFamily(tid, pid, call, result);
    if (call === 'wait') {
      this.reaped(result);
      return;
    }
    const entry = this.current[tid];
    if (entry === undefined || (WHAT.get(call) === undefined && call !== 'exec')) return;
    this.current[tid] = undefined;
    entry.result = result;
    entry.end = this.events++;
    if (entry.what === 'fork') entry.id = result;
    entry.mayFail ||= this.clock.memoryWasOut;
    if (entry.hints.length === 0 && entry.what !== 'leave') this.order.push(entry);
  }

  private exitedFamily(tid: number, pid: number, call: string, result: number): void {
    this.inFamily[tid] = 0;
    const p = myproc(this.k);
    if (p === undefined) return;
    for (const family of this.families) family.exited(p, call, result);
    this.mappings.exited(p, pid, call, result);
  }

  /** The parent knows that a process is gone: its exit is over. */
  private reaped(pid: number): void {
    for (const family of this.families) family.reaped(pid);
    this.mappings.reaped(pid);
    for (let i = this.count - 1; i >= 0; i--) {
      const entry = this.entries[i] as Entry;
      if (entry.pid !== pid || entry.what !== 'leave') continue;
      entry.end = this.events++;
      return;
    }
  }

  acquired(lock: number): void {
    const tid = this.k.m.current.id;
    if (this.freeing[tid] === true && lock === this.k.kmem.lock.word) {
      // On the list before anybody else can take the lock and look.
      this.freeing[tid] = false;
      this.free++;
    }
    if (this.inFamily[tid] === 1) {
      for (const family of this.families) family.acquired(tid, lock);
      this.mappings.acquired(lock);
    }
    if (lock !== this.k.shm.lock.word) return;
    const entry = this.current[tid];
    if (entry === undefined) return;
    if (entry.hints.length === 0 || entry.what === 'leave') this.order.push(entry);
    entry.hints.push(this.events++);
  }

  accessed(address: number, va: number, writes: boolean, atomic: boolean, answer: number): void {
    this.mappings.accessed(address, va, writes, atomic, answer);
  }

  copied(_ppn: number, va: number, writes: boolean): void {
    const p = writes ? myproc(this.k) : undefined;
    if (p !== undefined) this.mappings.copied(p, va);
  }

  /** Whether the calls, one after the other as they took the lock, explain what they answered. */
  private isExplained(): boolean {
    const { model, order } = this;
    model.clear();
    for (let i = 0; i < order.length; i++) {
      const entry = order[i] as Entry;
      const { what } = entry;
      if (what === 'leave' ? !model.closeLowest(entry.pid) : !model.apply(entry as ShmCall)) {
        return false;
      }
    }
    // Whoever left has closed all.
    for (let i = 0; i < this.count; i++) {
      const entry = this.entries[i] as Entry;
      if (entry.what === 'leave' && entry.result >= 0 && !model.isGone(entry.pid)) return false;
    }
    return true;
  }

  ended(ending: Ending): Finding | undefined {
    if (ending !== 'halted') return undefined;
    for (const family of this.families) {
      const finding = family.judge();
      if (finding !== undefined) {
        return { detector: this.name, ...finding, step: this.guest.m.step };
      }
    }
    if (this.gaveUp !== undefined || this.isExplained()) return undefined;
    const calls = timed(this.entries.slice(0, this.count));
    const verdict = judge<ShmCall>(calls, () => new ShmModel(this.limits));
    if (verdict.kind === 'capped') this.gaveUp = `linearizability not decided: ${verdict.why}`;
    if (verdict.kind !== 'unexplained') return undefined;
    return {
      detector: this.name,
      ...unexplained(verdict, calls, words),
      step: this.guest.m.step,
      about: {
        words: this.k.shm.objects.map((o) => o.refs),
        related: [this.k.shm.top, ...this.k.shm.objects.flatMap((o) => [o.pages, o.name])],
      },
    };
  }

  note(): string | undefined {
    return this.gaveUp ?? this.families.map((family) => family.note()).find((note) => note);
  }
}

/**
 * The entries as calls. What an exit or exec closed is what its process had open by then, which the
 * process's own calls tell: a process does one thing at a time.
 */
function timed(entries: readonly Entry[]): Timed<ShmCall>[] {
  const open = new Map<number, Set<number>>();
  const calls: Timed<ShmCall>[] = [];
  const openOf = (pid: number): Set<number> => {
    let its = open.get(pid);
    if (its === undefined) {
      its = new Set();
      open.set(pid, its);
    }
    return its;
  };
  for (const entry of entries) {
    const { pid, what, id, result, start, end, hints } = entry;
    const its = openOf(pid);
    // A fork or an exec that failed has done nothing.
    if (result < 0 && (what === 'fork' || what === 'leave')) continue;
    if (what === 'leave') {
      for (const [i, od] of [...its].sort((a, b) => a - b).entries()) {
        const hint = hints[i] ?? start;
        calls.push({ call: { ...entry, what: 'close', id: od, result: 0 }, start, end, hint });
      }
      its.clear();
      continue;
    }
    // The child's calls come later in the list than the fork that made it.
    if (what === 'fork') open.set(id, new Set(its));
    if (what === 'open' && result >= 0) its.add(result);
    if (what === 'close' && result === 0) its.delete(id);
    calls.push({ call: { ...entry, what }, start, end, hint: hints[0] ?? start });
  }
  return calls;
}

function words({ pid, what, id, name, value, result }: ShmCall): string {
  const args = {
    open: name === undefined ? 'a bad name' : `"${name}"`,
    trunc: `${id}, ${value}`,
    map: `${id}, flags ${value}`,
    close: `${id}`,
    fork: '',
  }[what];
  return `pid ${pid} ${what === 'fork' ? 'fork' : `shm_${what}`}(${args}) = ${result}`;
}

export const linearizability: DetectorKind = {
  name: 'linearizability',
  summary: 'no order of the calls explains their results, or what is in mapped memory',
  make: forKernel((guest, k) => new Linearizability(guest, k)),
};
