import type { Kernel } from '../../kernel/kernel.ts';
import type { Proc } from '../../kernel/proc.ts';
import { empty } from '../detector.ts';
import type { Finding } from '../finding.ts';
import { judge, KEPT, type Model, type Timed, unexplained } from './orders.ts';

/** Numbers of events, which are the same time for all families. */
export interface EventClock {
  now: number;
  /** Whether a call of this execution may have found no memory. */
  memoryWasOut: boolean;
}

/** A call on record. */
export interface Entry<Call> {
  readonly call: Call;
  readonly pid: number;
  /** Whether it is part of an exit, which is over when the parent hears of it. */
  readonly leaving: boolean;
  readonly start: number;
  end: number;
  /** When its thread took the family's lock for it; -1 for not yet. */
  hint: number;
}

/**
 * The calls of one family of shared memory in one execution, recorded for the detector linearizability.
 * Families share no state, so each has an order of its own.
 *
 * A system call stands for as many calls of the family as it has effects that others can see apart
 * from each other: an exit detaches one segment after the other. What only the process itself can see
 * or cause is read from its tables when the system call begins, and is no part of the model.
 */
export abstract class CallFamily<Call> {
  protected readonly k: Kernel;
  protected readonly clock: EventClock;
  private entries: Entry<Call>[] = [];
  /** By thread: what the system call that it is in, or its exit, stands for. */
  private readonly inside: (Entry<Call>[] | undefined)[] = [];
  private gaveUp: string | undefined;

  constructor(k: Kernel, clock: EventClock) {
    this.k = k;
    this.clock = clock;
  }

  /** System calls that come before all others of the family: until one did there is nothing to record. */
  protected abstract readonly first: ReadonlySet<string>;
  /** What a system call that begins stands for, with its results to come; undefined for nothing. */
  protected abstract asks(p: Proc, pid: number, name: string): Call[] | undefined;
  /** Fills in results. Answers those calls that had an effect. */
  protected abstract answers(p: Proc, name: string, calls: Call[], result: number): Call[];
  /** What the exit of a process stands for. */
  protected abstract leaves(p: Proc, pid: number): Call[];
  protected abstract fresh(): Model<Call>;
  protected abstract words(call: Call): string;
  /** Words that a finding is about. */
  protected abstract about(): number[];
  /** Words that name what the calls are about. */
  protected names(): number[] {
    return [];
  }
  /**
   * A lock was taken by a thread that is in these calls. Notes when they take effect, as far as this
   * tells, and answers an effect that was not foreseen, which comes now.
   */
  protected abstract took(lock: number, entries: readonly Entry<Call>[]): Call | undefined;
  /** Nobody but who made them can be in these calls any more. */
  protected settled?(entries: readonly Entry<Call>[]): void;

  begin(): void {
    if (this.entries.length > 0) this.entries = [];
    empty(this.inside);
    this.gaveUp = undefined;
  }

  /** The rest of the execution cannot be judged. */
  protected giveUp(why: string): void {
    this.gaveUp ??= `linearizability not decided: ${why}`;
  }

  /** A system call begins. Answers whether the family wants to hear more of it. */
  entered(p: Proc, pid: number, name: string): boolean {
    if (this.entries.length === 0 && !this.first.has(name)) return false;
    // The exit of the process that had the thread before never returned.
    this.inside[p.thread.id] = undefined;
    const calls = this.asks(p, pid, name);
    if (calls !== undefined) this.record(p, pid, calls, false);
    return calls !== undefined;
  }

  private record(p: Proc, pid: number, calls: readonly Call[], leaving: boolean): void {
    if (this.entries.length + calls.length > KEPT) this.giveUp(`more than ${KEPT} calls`);
    if (this.gaveUp !== undefined) return;
    const start = this.clock.now++;
    const end = Number.POSITIVE_INFINITY;
    const entries = calls.map((call) => ({ call, pid, leaving, start, end, hint: -1 }));
    this.entries.push(...entries);
    this.inside[p.thread.id] = entries;
  }

  exited(p: Proc, name: string, result: number): void {
    const entries = this.inside[p.thread.id];
    if (entries === undefined) return;
    this.inside[p.thread.id] = undefined;
    const calls = entries.map(({ call }) => call);
    const effective = this.answers(p, name, calls, result);
    if (effective.length < calls.length) {
      const kept = new Set(effective);
      this.entries = this.entries.filter((e) => !entries.includes(e) || kept.has(e.call));
    }
    this.settled?.(entries);
    const now = this.clock.now++;
    for (const entry of entries) entry.end = now;
  }

  /** A process exits. Answers whether the family wants to hear more of it. */
  exiting(p: Proc, pid: number): boolean {
    if (this.entries.length === 0) return false;
    this.record(p, pid, this.leaves(p, pid), true);
    return true;
  }

  /** A parent knows that a process is gone. */
  reaped(pid: number): void {
    if (this.entries.length === 0) return;
    const gone = this.entries.filter((entry) => entry.leaving && entry.pid === pid);
    this.settled?.(gone);
    const now = this.clock.now++;
    for (const entry of gone) entry.end = now;
  }

  acquired(tid: number, lock: number): void {
    const entries = this.inside[tid];
    if (entries === undefined) return;
    const effect = this.took(lock, entries);
    if (effect === undefined) return;
    const { pid, leaving, start, end } = entries[0] as Entry<Call>;
    const entry = { call: effect, pid, leaving, start, end, hint: this.clock.now++ };
    entries.push(entry);
    this.entries.push(entry);
  }

  /** The first of these calls that has not taken effect does so now. */
  protected next(entries: readonly Entry<Call>[]): void {
    const next = entries.find(({ hint }) => hint < 0);
    if (next !== undefined) next.hint = this.clock.now++;
  }

  /** What no order explains, in an execution that has halted. */
  judge(): Omit<Finding, 'detector' | 'step'> | undefined {
    if (this.entries.length === 0 || this.gaveUp !== undefined) return undefined;
    const calls = this.entries.map(
      ({ call, start, end, hint }): Timed<Call> => ({
        call,
        start,
        end,
        hint: hint < 0 ? start : hint,
      }),
    );
    const verdict = judge(calls, () => this.fresh());
    if (verdict.kind === 'capped') this.giveUp(verdict.why);
    if (verdict.kind !== 'unexplained') return undefined;
    const text = unexplained(verdict, calls, (call) => this.words(call));
    return { ...text, about: { words: this.about(), related: this.names() } };
  }

  note(): string | undefined {
    return this.gaveUp;
  }
}
