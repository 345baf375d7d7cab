import { objectOf, type TouchCode, writes } from '../machine/footprint.ts';
import type { ChoicePoint } from '../machine/seam.ts';
import type { Thread } from '../machine/thread.ts';
import { Prng } from './prng.ts';
import type { Strategy } from './strategy.ts';

/** What lanes did in one execution: the estimate that `urw`, `surw` and `pct` are made with. */
export interface Profile {
  /** Operations by lane. */
  readonly counts: readonly number[];
  /** Objects that two lanes touched, one of them writing, most touched first. */
  readonly shared: readonly SharedObject[];
}

interface SharedObject {
  /** As `objectOf` has it. */
  readonly object: number;
  /** Operations that touched it, by lane. */
  readonly counts: readonly number[];
}

interface Touches {
  readonly counts: number[];
  written: boolean;
}

/**
 * Counts what is done while it schedules an execution by a random walk: an execution's profile, as
 * the profiling run of Zhao et al. (ASPLOS 2025). Seeds are its own: a profile is no schedule of
 * `random`.
 */
export class Profiler implements Strategy {
  readonly name = 'profile';
  readonly asksAlways = true;
  private readonly prng = new Prng();
  private counts: number[] = [];
  private readonly touches = new Map<number, Touches>();
  private readonly touched: TouchCode[] = [];

  begin(seed: number, lanes: number): void {
    this.prng.seed(seed);
    this.counts = Array.from({ length: lanes }, () => 0);
    this.touches.clear();
  }

  choose(point: ChoicePoint): Thread {
    const thread = point.enabled[this.prng.below(point.enabledCount)] as Thread;
    const lane = point.laneOf(thread);
    this.counts[lane] = (this.counts[lane] as number) + 1;
    const count = point.footprint(thread, this.touched);
    for (let i = 0; i < count; i++) this.touch(lane, this.touched[i] as TouchCode);
    return thread;
  }

  private touch(lane: number, code: TouchCode): void {
    const object = objectOf(code);
    let touches = this.touches.get(object);
    if (touches === undefined) {
      touches = { counts: this.counts.map(() => 0), written: false };
      this.touches.set(object, touches);
    }
    touches.counts[lane] = (touches.counts[lane] as number) + 1;
    if (writes(code)) touches.written = true;
  }

  /** What it counted since `begin`. */
  profile(): Profile {
    const total = ({ counts }: { counts: readonly number[] }): number =>
      counts.reduce((sum, count) => sum + count, 0);
    const shared = [...this.touches]
      .filter(([, { counts, written }]) => written && counts.filter((n) => n > 0).length > 1)
      .map(([object, { counts }]) => ({ object, counts }))
      .sort((a, b) => total(b) - total(a) || a.object - b.object);
    return { counts: this.counts, shared };
  }
}
