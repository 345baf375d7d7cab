import { type TouchCode, writes } from '../../machine/index.ts';

/** As much of a choice point as matters here. */
export interface Preemptible {
  /** The lane that preempting costs; -1 for none. */
  current: number;
  /** Lanes that may go next, the current one first; `at` is the one being explored. */
  readonly lanes: number[];
  at: number;
  /** What the current lane did when it went on, until the next point. */
  readonly own: TouchCode[];
  /** The stretches that were running when it was reached. */
  running: readonly Running[];
  /** By lane that preempted: what was touched before the preempted lane went on. */
  touched: Touched;
  /** The same of the next point, if the current lane was still running there. */
  later: Touched | undefined;
}

/** Null for what is not known. */
type Touched = Map<number, Set<TouchCode> | null>;

interface Running {
  readonly point: Preemptible;
  readonly by: number;
}

/**
 * Tells which preemptions need not be tried, since the same ones an operation later show the same.
 *
 * A stretch is what other lanes do from a preemption until the preempted lane goes on. When nothing in
 * it depends on the operation before which the lane was preempted, that may as well come first: the
 * same traces, with no more preemptions. A search in depth has tried the later preemption already and
 * knows what its stretches touch. What those wait for who cannot step counts as touched, too: with
 * the operation undone they might be able to.
 *
 * As in bounded partial-order reduction (Coons, Musuvathi and McKinley, Bounded Partial-Order
 * Reduction, OOPSLA 2013), which instead adds preemptions where a conflict shows that they are needed.
 */
export class Stretches {
  private running: readonly Running[] = [];

  /** A new point was reached; the one before it, if any, and what those wait for who cannot step. */
  reach(point: Preemptible, before: Preemptible | undefined): void {
    point.own.length = 0;
    point.running = this.running;
    point.touched = new Map();
    point.later = undefined;
    if (before !== undefined && goesOn(before, point.current)) before.later = point.touched;
  }

  /** From a point, its branch is taken that is due. */
  take(point: Preemptible): void {
    this.running = point.running;
    const by = point.lanes[point.at] as number;
    if (point.current < 0 || by === point.current) return;
    point.touched.set(by, new Set());
    this.running = [...this.running, { point, by }];
  }

  /** A lane did something, last at that point. */
  perform(lane: number, codes: readonly TouchCode[], count: number, last?: Preemptible): void {
    if (this.running.length > 0) {
      this.running = this.running.filter(({ point }) => point.current !== lane);
      this.touch(codes, count);
    }
    if (last === undefined || !goesOn(last, lane)) return;
    for (let i = 0; i < count; i++) last.own.push(codes[i] as TouchCode);
  }

  get areRunning(): boolean {
    return this.running.length > 0;
  }

  /** Something is touched, or waited for, in all stretches that are running. */
  touch(codes: readonly TouchCode[], count: number): void {
    for (const { point, by } of this.running) {
      const touched = point.touched.get(by);
      for (let i = 0; i < count; i++) touched?.add(codes[i] as TouchCode);
    }
  }

  /** Nobody will see the rest of the stretches that are running. */
  lose(): void {
    loseAll(this.running);
  }

  /** The branch of a point that is due is known for other reasons, and will not be seen. */
  pass(point: Preemptible): void {
    point.touched.set(point.lanes[point.at] as number, null);
    loseAll(point.running);
  }

  /**
   * What is explored beneath a point stays with another search, which is at the point behind it, if
   * any: here nobody will see it.
   */
  leave(point: Preemptible, behind: Preemptible | undefined): void {
    if (goesOn(point, point.current)) point.later = undefined;
    if (behind !== undefined) loseAll(behind.running);
  }

  /** Whether the branch that is due needs not be tried. */
  isSame({ lanes, at, own, later, touched }: Preemptible): boolean {
    const by = lanes[at] as number;
    const its = later?.get(by);
    if (its === undefined || its === null) return false;
    for (const code of own) {
      if (its.has(code | 1) || (writes(code) && its.has(code & ~1))) return false;
    }
    touched.set(by, its);
    return true;
  }
}

/** Whether the branch of a point that is being explored is that this lane, the current one, goes on. */
function goesOn({ current, lanes, at }: Preemptible, lane: number): boolean {
  return current >= 0 && current === lane && lanes[at] === current;
}

function loseAll(running: readonly Running[]): void {
  for (const { point, by } of running) point.touched.set(by, null);
}
