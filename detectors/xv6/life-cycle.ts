import type { Kernel } from '../../kernel/kernel.ts';
import { SEGMENT_ALIVE, SEGMENT_FREE, SEGMENT_MARKED, type Segment } from '../../kernel/sysv.ts';
import { VMA_SYSV } from '../../kernel/vma.ts';
import type { Ending } from '../../machine/index.ts';
import { type Detector, type DetectorKind, found } from '../detector.ts';
import type { Finding } from '../finding.ts';
import type { Watched } from '../watched.ts';
import { areasOf, attachmentsOf } from './areas.ts';
import { forKernel } from './for-kernel.ts';
import { PosixLives } from './posix-lives.ts';

/** What was last seen of a slot. */
interface Seen {
  state: number;
  seq: number;
  nattch: number;
}

/**
 * The life of shared memory that outlives its processes is what it must be: created, attached and in
 * use, detached, perhaps again, marked once it was removed, destroyed when that has happened and the
 * last attachment is gone, never before and at once then.
 *
 * A state machine for each System V segment and each POSIX object (PosixLives), looked at whenever
 * sysv.lock or posix.lock is let go: it reads state, key or name, and counts from the table, and the
 * attachments themselves from the areas of all processes. Assumes that the kernel changes them under
 * that lock only, which is its stated rule; never wrong while that holds. Costs a look at every area
 * of every process each time such a lock is released, and nothing to an execution that has no such
 * memory.
 */
class LifeCycle implements Detector {
  readonly name = 'life-cycle';
  readonly audits: readonly number[];
  private readonly guest: Watched;
  private readonly k: Kernel;
  private readonly lock: number;
  private readonly seen: readonly Seen[];
  /** By segment: areas of processes, counted anew at each look. */
  private readonly areas: Int32Array;
  private readonly posix: PosixLives;

  constructor(guest: Watched, k: Kernel) {
    this.guest = guest;
    this.k = k;
    this.audits = [k.sysv.lock.word, k.posix.lock.word];
    this.lock = k.sysv.lock.word;
    this.seen = k.sysv.segments.map(() => ({ state: SEGMENT_FREE, seq: -1, nattch: 0 }));
    this.areas = new Int32Array(k.sysv.segments.length);
    this.posix = new PosixLives(k);
  }

  begin(): void {
    for (const seen of this.seen) {
      seen.state = SEGMENT_FREE;
      seen.seq = -1;
      seen.nattch = 0;
    }
    this.posix.begin();
  }

  released(lock: number): void {
    const { k } = this;
    if (lock === k.posix.lock.word) this.checkPosix();
    if (lock !== this.lock) return;
    areasOf(k, VMA_SYSV, this.areas);
    for (const s of k.sysv.segments) this.check(s);
  }

  private checkPosix(): void {
    const wrong = this.posix.check();
    if (wrong === undefined) return;
    const { title, words, related } = wrong;
    const detail = [`seen when ${this.guest.here()} let posix.lock go`];
    found(this.guest, this.name, title, detail, { words, related });
  }

  private check(s: Segment): void {
    const { words } = this.k.m;
    const seen = this.seen[s.index] as Seen;
    const state = words[s.state] as number;
    const nattch = words[s.nattch] as number;
    const seq = words[s.seq] as number;
    const areas = this.areas[s.index] as number;
    if (state === SEGMENT_FREE && areas > 0) {
      this.report(s, `was destroyed, and is attached ${areas === 1 ? 'once' : `${areas} times`}`);
    }
    if (nattch !== areas)
      this.report(
        s,
        `has nattch = ${nattch}, and is attached ${areas === 1 ? 'once' : `${areas} times`}`,
      );
    if (state === SEGMENT_FREE && words[s.object] !== 0) {
      this.report(s, 'was destroyed, and has its pages still');
    }
    if (state === SEGMENT_MARKED) this.checkMarked(s, seen, nattch);
    if (state === SEGMENT_ALIVE) this.checkAlive(s, seen, seq);
    seen.state = state;
    seen.nattch = nattch;
    if (state !== SEGMENT_FREE) seen.seq = seq;
  }

  private checkMarked(s: Segment, seen: Seen, nattch: number): void {
    if (seen.state === SEGMENT_FREE) this.report(s, 'is marked, and was never created');
    if (this.k.m.words[s.key] !== 0) this.report(s, 'is marked, and its key still finds it');
    if (nattch === 0) this.report(s, 'is marked, and not destroyed, though nothing is attached');
    if (nattch > seen.nattch && this.inCall('shmat') && seen.state === SEGMENT_MARKED) {
      this.report(s, 'is marked, and was attached to');
    }
  }

  private checkAlive(s: Segment, seen: Seen, seq: number): void {
    const { words } = this.k.m;
    if (seen.state === SEGMENT_MARKED) this.report(s, 'was marked, and is as if it were not');
    if (seen.state === SEGMENT_ALIVE) return;
    if (seq === seen.seq) this.report(s, 'was created with the identifier of one that is gone');
    const key = words[s.key];
    const twin = this.k.sysv.segments.find(
      (other) => other !== s && words[other.state] === SEGMENT_ALIVE && words[other.key] === key,
    );
    if (key !== 0 && twin !== undefined) {
      this.report(s, `and segment[${twin.index}] both have the key ${key}`);
    }
  }

  private inCall(call: string): boolean {
    return this.guest.calls[this.guest.m.current.id] === call;
  }

  ended(ending: Ending): Finding | undefined {
    const { k } = this;
    if (ending !== 'halted') return undefined;
    const left = k.sysv.segments.find((s) => k.m.words[s.state] === SEGMENT_MARKED);
    const title = left && `segment[${left.index}] was removed, and outlives all processes`;
    const wrong =
      left && title ? { title, words: [left.state, left.nattch], related: [] } : this.posix.left();
    if (wrong === undefined) return undefined;
    const detail = ['no process can reach it, and nothing will destroy it'];
    const { title: shown, ...about } = wrong;
    return { detector: this.name, title: shown, detail, step: k.m.step, about };
  }

  private report(s: Segment, what: string): never {
    const detail = [
      `seen when ${this.guest.here()} let sysv.lock go`,
      ...attachmentsOf(this.k, VMA_SYSV, s.index),
    ];
    const words = [s.state, s.nattch, s.key];
    found(this.guest, this.name, `segment[${s.index}] ${what}`, detail, { words });
  }
}

export const lifeCycle: DetectorKind = {
  name: 'life-cycle',
  summary:
    'shared memory is destroyed too early, too late or never, or attached to when it is gone',
  make: forKernel((guest, k) => new LifeCycle(guest, k)),
};
