import type { KernelWatch } from '../kernel/events.ts';
import {
  ACQUIRE,
  ATOMIC,
  type Ending,
  InternalError,
  isLoad,
  type Listener,
  LOAD,
  MARKED,
  type Machine,
  modifies,
  NEVER,
  type Observer,
  ProgramError,
  RELEASE,
  STORE,
  type Thread,
  tell,
  wordNamed,
} from '../machine/index.ts';
import type { Detector, DetectorKind, Withdrawn } from './detector.ts';
import { type Finding, Found } from './finding.ts';
import type { HeldLocks } from './held-locks.ts';
import { LATE } from './livelock.ts';
import { ownPlace } from './own-code.ts';
import type { Watched } from './watched.ts';

type Having<Hook extends keyof Detector> = Detector & Required<Pick<Detector, Hook>>;

/** The detectors that have a hook, so that nobody is asked in vain. */
function having<Hook extends keyof Detector>(
  detectors: readonly Detector[],
  hook: Hook,
): Having<Hook>[] {
  return detectors.filter((d) => d[hook] !== undefined) as Having<Hook>[];
}

/**
 * The same for the hooks of every access. Each of the first few has a place of its own, and so a
 * call of its own in the code below: a call that always meets the same class is inlined, which one in
 * a loop over all is not. That is half of what watching costs.
 */
class Few<Hook extends keyof Detector> {
  readonly first: Having<Hook> | null;
  readonly second: Having<Hook> | null;
  readonly third: Having<Hook> | null;
  readonly fourth: Having<Hook> | null;
  readonly more: readonly Having<Hook>[];

  constructor(detectors: readonly Detector[], hook: Hook) {
    const all = having(detectors, hook);
    this.first = all[0] ?? null;
    this.second = all[1] ?? null;
    this.third = all[2] ?? null;
    this.fourth = all[3] ?? null;
    this.more = all.slice(4);
  }
}

/** Tells a set of detectors what a guest does, operation by operation. */
export class Watcher implements Observer, Listener, KernelWatch {
  readonly guest: Watched;
  private readonly detectors: readonly Detector[];
  private readonly beginning;
  private readonly judging;
  private readonly noting;
  private readonly withdrawing;
  private readonly loading;
  private readonly storing;
  /** Those that are told of accesses with the guard held, too. */
  private readonly loadingInside;
  private readonly storingInside;
  private readonly modifying;
  private readonly ordering;
  private readonly adding;
  private readonly taking;
  private readonly taken;
  private readonly dropped;
  private readonly signalling;
  private readonly awaiting;
  private readonly beginningToWait;
  private readonly switched;
  private readonly accessing;
  private readonly copying;
  private readonly refusing;
  private readonly allocating;
  private readonly revokers;
  private readonly counting;
  private readonly freeing;
  private readonly entering_;
  private readonly leaving;
  private readonly ending;
  private readonly fallingAsleep;
  private readonly killers;
  private readonly wakingUp;
  private readonly printing;
  private readonly lateComers;
  /** By lock: detectors that want to be told of its release and not of every one. */
  private readonly audits: readonly (Having<'released'>[] | undefined)[];
  private readonly atomics: ReadonlySet<number>;
  private readonly m: Machine;
  private readonly held: HeldLocks;
  /** As a detector has it; empty if none does. */
  private readonly guards: Int32Array;
  /** The step from which on `late` is told. */
  private readonly lateFrom: number;

  constructor(guest: Watched, kinds: readonly DetectorKind[]) {
    this.guest = guest;
    this.m = guest.m;
    this.held = guest.held;
    this.atomics = guest.m.layout.atomics;
    const all = kinds.map((kind) => kind.make(guest)).filter((made) => made !== undefined);
    this.detectors = all;
    this.beginning = having(all, 'begin');
    this.judging = having(all, 'ended');
    this.noting = having(all, 'note');
    this.withdrawing = having(all, 'withdrawn');
    this.loading = new Few(all, 'loaded');
    this.storing = new Few(all, 'stored');
    const inside = all.filter((d) => d.looksInside === true);
    this.loadingInside = having(inside, 'loaded');
    this.storingInside = having(inside, 'stored');
    this.modifying = having(all, 'modified');
    this.ordering = having(all, 'ordered');
    this.adding = having(all, 'added');
    this.taking = new Few(all, 'acquiring');
    this.taken = new Few(all, 'acquired');
    const everywhere = all.filter((d) => d.audits === undefined);
    this.dropped = new Few(everywhere, 'released');
    this.audits = Array.from({ length: guest.m.layout.size }, (_, lock) => {
      const its = having(all, 'released').filter((d) => d.audits?.includes(lock));
      return its.length === 0 ? undefined : its;
    });
    this.guards = all.find((d) => d.guards !== undefined)?.guards ?? new Int32Array(0);
    this.signalling = having(all, 'signalled');
    this.awaiting = having(all, 'awaited');
    this.beginningToWait = having(all, 'waiting');
    this.switched = having(all, 'switching');
    this.accessing = new Few(all, 'accessed');
    this.copying = having(all, 'copied');
    this.refusing = having(all, 'refused');
    this.allocating = having(all, 'allocated');
    this.revokers = having(all, 'revoking');
    this.counting = having(all, 'counted');
    this.freeing = having(all, 'freed');
    this.entering_ = having(all, 'entered');
    this.leaving = having(all, 'exited');
    this.ending = having(all, 'exiting');
    this.fallingAsleep = having(all, 'sleeping');
    this.killers = having(all, 'killing');
    this.wakingUp = having(all, 'waking');
    this.printing = having(all, 'printed');
    this.lateComers = having(all, 'late');
    this.lateFrom = this.lateComers.length > 0 ? guest.m.config.stepsMax - LATE : NEVER;
  }

  begin(): void {
    this.guest.begin();
    for (const d of this.beginning) d.begin();
  }

  locking(lock: number): void {
    if (this.m.words[lock] === 0 && this.held.of(this.m.cpu.id).length === 0) return;
    const { buffers, cpu, words } = this.m;
    // A lock whose release is on its way is not held.
    buffers?.settle(words);
    const { first, second, third, fourth, more } = this.taking;
    if (first !== null) first.acquiring(lock);
    if (second !== null) second.acquiring(lock);
    if (third !== null) third.acquiring(lock);
    if (fourth !== null) fourth.acquiring(lock);
    for (const d of more) d.acquiring(lock);
    buffers?.enter(words, cpu.id);
  }

  performed(kind: number, a: number, b: number, _c: number, answer: number): void {
    tell(this, this.m.words, kind, a, b, answer);
    if (this.m.step >= this.lateFrom) this.late(kind, wordNamed(kind, a), b);
  }

  load(a: number, how: number): void {
    if (how === ATOMIC) this.order(a, true, false);
    else this.read(a, how === MARKED);
  }

  store(a: number): void {
    if (!this.isInOrder(a)) this.storeByte(a);
    else for (const d of this.storingInside) d.stored(a);
  }

  storeAtomic(a: number): void {
    this.order(a, false, true);
  }

  modify(a: number, stores: boolean): void {
    if (this.atomics.has(a)) this.order(a, true, stores);
    else for (const d of this.modifying) d.modified(a);
  }

  add(a: number): void {
    for (const d of this.adding) d.added(a);
  }

  order(a: number, learns: boolean, tells: boolean): void {
    for (const d of this.ordering) d.ordered(a, learns, tells);
  }

  down(a: number): void {
    for (const d of this.awaiting) d.awaited(a);
  }

  post(a: number): void {
    for (const d of this.signalling) d.signalled(a);
  }

  wait(a: number): void {
    for (const d of this.beginningToWait) d.waiting(a);
  }

  woken(a: number): void {
    this.down(a);
  }

  signal(a: number): void {
    this.post(a);
  }

  rouse(): void {}

  flush(): void {}

  loaded(a: number, marked: boolean): void {
    this.read(a, marked);
    if (this.m.step >= this.lateFrom) this.late(LOAD, a, 0);
  }

  private read(a: number, marked: boolean): void {
    if (!this.isInOrder(a)) {
      const { first, second, third, fourth, more } = this.loading;
      if (first !== null) first.loaded(a, marked);
      if (second !== null) second.loaded(a, marked);
      if (third !== null) third.loaded(a, marked);
      if (fourth !== null) {
        fourth.loaded(a, marked);
        for (const d of more) d.loaded(a, marked);
      }
    } else {
      for (const d of this.loadingInside) d.loaded(a, marked);
    }
  }

  stored(a: number, value: number): void {
    this.store(a);
    if (this.m.step >= this.lateFrom) this.late(STORE, a, value);
  }

  storeByte(a: number): void {
    const { first, second, third, fourth, more } = this.storing;
    if (first !== null) first.stored(a);
    if (second !== null) second.stored(a);
    if (third !== null) third.stored(a);
    if (fourth === null) return;
    fourth.stored(a);
    for (const d of more) d.stored(a);
  }

  /** Whether a detector checks who has the guard of a word, and the current CPU has it. */
  private isInOrder(a: number): boolean {
    const { guards, m } = this;
    if (a >= guards.length) return false;
    const guard = guards[a] as number;
    return guard >= 0 && m.words[guard] === m.cpu.id + 1;
  }

  acquired(lock: number): void {
    this.take(lock);
    if (this.m.step >= this.lateFrom) this.late(ACQUIRE, lock, 0);
  }

  take(lock: number): void {
    const { first, second, third, fourth, more } = this.taken;
    if (first !== null) first.acquired(lock);
    if (second !== null) second.acquired(lock);
    if (third !== null) third.acquired(lock);
    if (fourth !== null) {
      fourth.acquired(lock);
      for (const d of more) d.acquired(lock);
    }
    this.held.take(this.m.cpu.id, lock);
  }

  released(lock: number): void {
    this.drop(lock);
    if (this.m.step >= this.lateFrom) this.late(RELEASE, lock, 0);
  }

  drop(lock: number): void {
    this.held.drop(this.m.cpu.id, lock);
    const { first, second, third, fourth, more } = this.dropped;
    if (first !== null) first.released(lock);
    if (second !== null) second.released(lock);
    if (third !== null) third.released(lock);
    if (fourth !== null) {
      fourth.released(lock);
      for (const d of more) d.released(lock);
    }
    const audits = this.audits[lock];
    if (audits === undefined) return;
    const { buffers, cpu, words } = this.m;
    // Rules between words hold for what CPUs did, not for how much of it has reached memory.
    buffers?.settle(words);
    for (const d of audits) d.released(lock);
    buffers?.enter(words, cpu.id);
  }

  accessed(kind: number, address: number, va: number, value: number, answer: number): void {
    const plain = isLoad(kind);
    const atomic = modifies(kind);
    const { first, second, third, fourth, more } = this.accessing;
    if (first !== null) first.accessed(address, va, !plain, atomic, answer);
    if (second !== null) second.accessed(address, va, !plain, atomic, answer);
    if (third !== null) third.accessed(address, va, !plain, atomic, answer);
    if (fourth !== null) fourth.accessed(address, va, !plain, atomic, answer);
    for (const d of more) d.accessed(address, va, !plain, atomic, answer);
    if (this.m.step >= this.lateFrom) this.late(kind, address, value);
  }

  private late(kind: number, address: number, value: number): void {
    for (const d of this.lateComers) d.late(kind, address, value);
  }

  switching(from: Thread, to: Thread): void {
    for (const d of this.switched) d.switching(from, to);
  }

  copied(ppn: number, va: number, writes: boolean, pagetable: number): void {
    for (const d of this.copying) d.copied(ppn, va, writes, pagetable);
  }

  refused(va: number, writes: boolean, pagetable: number): void {
    for (const d of this.refusing) d.refused(va, writes, pagetable);
  }

  allocated(ppn: number): void {
    for (const d of this.allocating) d.allocated(ppn);
  }

  counted(ppn: number): void {
    for (const d of this.counting) d.counted(ppn);
  }

  freed(ppn: number): void {
    for (const d of this.freeing) d.freed(ppn);
  }

  revoking(asid: number): void {
    for (const d of this.revokers) d.revoking(asid);
  }

  entered(pid: number, call: string): void {
    this.guest.calls[this.m.current.id] = call;
    for (const d of this.entering_) d.entered(pid, call);
  }

  exited(pid: number, call: string, result: number): void {
    for (const d of this.leaving) d.exited(pid, call, result);
    this.guest.calls[this.m.current.id] = '';
  }

  exiting(status: number, wasKilled: boolean): void {
    const pid = this.guest.kernel?.currentPid() ?? 0;
    for (const d of this.ending) d.exiting(pid, status, wasKilled);
  }

  sleeping(chan: number, lock: number): void {
    for (const d of this.fallingAsleep) d.sleeping(chan, lock);
  }

  killing(slot: number): void {
    for (const d of this.killers) d.killing(slot);
  }

  waking(chan: number): void {
    for (const d of this.wakingUp) d.waking(chan);
  }

  printed(text: string): void {
    for (const d of this.printing) d.printed(text);
  }

  /** What is found in an execution that ended by itself. */
  ended(ending: Ending): Finding | undefined {
    for (const d of this.judging) {
      const finding = d.ended(ending);
      if (finding !== undefined) return finding;
    }
    return undefined;
  }

  /** What detectors say of the execution that has ended besides what they found, if anything. */
  remarks(): { notes?: readonly string[]; withdrawn?: readonly Withdrawn[] } {
    const notes = this.noting.map((d) => d.note()).filter((note) => note !== undefined);
    const withdrawn = this.withdrawing.map((d) => d.withdrawn()).filter((w) => w !== undefined);
    return {
      ...(notes.length === 0 ? {} : { notes }),
      ...(withdrawn.length === 0 ? {} : { withdrawn }),
    };
  }

  /**
   * What guest code threw, as a finding.
   *
   * @throws InternalError that names the detector which failed; the error itself when it is a
   *   ProgramError, or nobody knows it.
   */
  explain(error: unknown): Finding {
    if (error instanceof Found) return error.finding;
    const name = failedDetector(error);
    if (name !== undefined) {
      // A mistake in code of the user's that a detector called.
      if (error instanceof ProgramError) throw error;
      const { message } = error as Error;
      throw new InternalError(`the detector ${name} failed: ${message}`, { cause: error });
    }
    for (const detector of this.detectors) {
      const finding = detector.threw?.(error);
      if (finding !== undefined) return finding;
    }
    throw error;
  }
}

/**
 * The detector whose code is on an error's stack, by its file: so that calling a detector costs no
 * bookkeeping. Guest code is never called by a detector, so its errors have none.
 */
function failedDetector(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  for (const line of (error.stack ?? '').split('\n')) {
    const name = /^detectors[\\/](?:.*[\\/])?([a-z-]+)\.[jt]s/.exec(ownPlace(line) ?? '')?.[1];
    if (name !== undefined) return name;
  }
  return undefined;
}
