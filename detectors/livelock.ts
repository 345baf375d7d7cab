import { type Ending, stores, type Thread } from '../machine/index.ts';
import type { Detector, DetectorKind } from './detector.ts';
import type { Finding } from './finding.ts';
import type { Watched } from './watched.ts';

/** Operations before the step limit that are looked at. */
export const LATE = 4096;

/**
 * At the step limit: the same threads do the same things over and over. Of the last operations, the
 * second half stores no value anywhere that the first did not store there, the same threads step,
 * and every thread that could step does (fairness). Loads of a spin count, too: then nothing is
 * stored at all. Can report what is no bug, a long computation that happens to store few values
 * where it stands (`--steps-max` tells); can miss one whose period is longer than half of what is
 * looked at, which `endless` then reports, as it does below a limit of `LATE`. Costs a comparison an operation.
 */
class Livelock implements Detector {
  readonly name = 'livelock';
  private readonly guest: Watched;
  private seen = 0;
  private readonly stores = new Set<string>();
  private fresh = 0;
  /** By thread: how often it stepped in the first half, and in the second. */
  private readonly before = new Map<number, number>();
  private readonly after = new Map<number, number>();
  /** Threads that could step at some time in the second half. */
  private readonly able = new Set<number>();
  /** By word: how often it was touched. */
  private readonly words = new Map<number, number>();

  constructor(guest: Watched) {
    this.guest = guest;
  }

  begin(): void {
    if (this.seen === 0) return;
    this.seen = 0;
    this.fresh = 0;
    this.stores.clear();
    this.before.clear();
    this.after.clear();
    this.able.clear();
    this.words.clear();
  }

  late(kind: number, address: number, value: number): void {
    const first = this.seen++ < LATE / 2;
    const { current, enabled, enabledCount } = this.guest.m;
    count(first ? this.before : this.after, current.id);
    for (let i = 0; !first && i < enabledCount; i++) this.able.add((enabled[i] as Thread).id);
    if (address < 0) return;
    count(this.words, address);
    if (!stores(kind)) return;
    const store = `${address}=${value}`;
    if (this.stores.has(store)) return;
    this.stores.add(store);
    if (!first) this.fresh++;
  }

  ended(ending: Ending): Finding | undefined {
    // In less than that, the first step of a thread and its only other one would look like fairness.
    if (ending !== 'steps' || this.seen < LATE || this.fresh > 0) return undefined;
    const { m } = this.guest;
    const threads = [...this.after.keys()];
    if (threads.some((id) => !this.before.has(id))) return undefined;
    // A choice left them behind, or a timer that is due: that proves nothing.
    if ([...this.able].some((id) => id >= 0 && !this.after.has(id))) return undefined;
    if (m.cpus.some((cpu) => m.step - cpu.timerAt >= LATE / 2)) return undefined;
    const names = threads.map((id) => this.guest.who(m.threads[id] as never));
    const hot = [...this.words].sort((a, b) => b[1] - a[1]).slice(0, 3);
    const where = hot.map(([word]) => this.guest.nameOf(word)).join(', ');
    return {
      detector: this.name,
      title: `livelock: ${names.join(', ')} repeat without progress`,
      detail: [
        `the last ${LATE / 2} operations stored nothing that those before had not stored`,
        `touched most: ${where}`,
        `the limit is ${m.config.stepsMax.toLocaleString('en')} steps`,
      ],
      step: m.step,
      about: { words: hot.map(([word]) => word) },
    };
  }
}

function count(map: Map<number, number>, key: number): void {
  map.set(key, (map.get(key) ?? 0) + 1);
}

export const livelock: DetectorKind = {
  name: 'livelock',
  summary: 'threads repeat the same steps without progress until the step limit',
  make: (guest) => new Livelock(guest),
};
