import type { Event } from './dependency.ts';

/**
 * The Foata normal form of an execution, built event by event: the executions of a program with one
 * normal form are one Mazurkiewicz trace.
 *
 * An event's level is one more than the highest level of the events before it that it depends on. A
 * level holds pairwise independent events, at most one of a lane. Since threads are deterministic,
 * what the levels below contain determines what each lane does next, so the sets of lanes by level
 * say everything (Cartier and Foata 1969; Diekert and Rozenberg, The Book of Traces, 1995).
 */
export class NormalForm {
  /** Set of lanes by level. */
  private readonly levels: number[] = [];
  private readonly laneAt: number[] = [];
  private readonly writtenAt = new Map<number, number>();
  private readonly readAt = new Map<number, number>();

  /** @param e its lane is below 31. */
  push(e: Event): void {
    const level = this.levelOf(e);
    this.levels[level] = (this.levels[level] ?? 0) | (1 << e.lane);
    this.laneAt[e.lane] = level;
    for (const { what, writes } of e.accesses) {
      const at = writes ? this.writtenAt : this.readAt;
      at.set(what, Math.max(at.get(what) ?? -1, level));
    }
  }

  private levelOf({ lane, accesses }: Event): number {
    let below = this.laneAt[lane] ?? -1;
    for (const { what, writes } of accesses) {
      below = Math.max(below, this.writtenAt.get(what) ?? -1);
      if (writes) below = Math.max(below, this.readAt.get(what) ?? -1);
    }
    return below + 1;
  }

  /** Equal for equivalent executions, and for no others. */
  key(): string {
    return keyOf(this.levels);
  }

  /** What `key` would answer after `push(e)`. */
  keyWith(e: Event): string {
    const level = this.levelOf(e);
    const levels = this.levels.slice();
    levels[level] = (levels[level] ?? 0) | (1 << e.lane);
    return keyOf(levels);
  }
}

const keyOf = (levels: readonly number[]) => levels.map((lanes) => lanes.toString(36)).join(' ');
