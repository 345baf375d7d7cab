import { type Detector, type DetectorKind, found } from './detector.ts';
import { lockClass } from './held-locks.ts';
import type { Watched } from './watched.ts';

/** One order in which two classes of lock were taken, and who did so first. */
interface Edge {
  readonly to: number;
  readonly who: string;
  /** Who took them: a thread of a bare program; 0 in a kernel, where each process runs the same code. */
  readonly by: number;
  /** The other locks that were held: two that share one cannot happen at once. */
  readonly gates: readonly number[];
}

/** Whether two orders can be taken at the same time. */
function overlap(a: Edge, b: Edge): boolean {
  if (a.by !== 0 && a.by === b.by) return false;
  return !a.gates.some((gate) => b.gates.includes(gate));
}

/**
 * Lock classes are taken in one order (Linux lockdep). The order is learnt over all executions of a
 * campaign: a cycle is a deadlock that some schedule has, though this one may not have had it.
 *
 * A class is all locks of one name with its numbers left out (`proc.lock`), and in a bare program each
 * lock. Two locks of one class at once count as a cycle of one: nothing in this kernel orders them.
 *
 * A cycle counts only if all of it can happen at once (Goodlock: Havelund, "Using Runtime Analysis to
 * Guide Model Checking of Java Programs", SPIN 2000, section 3): no two of its orders were taken with
 * a third lock held in common (a gate), or, in a bare program, by one thread. Can report what is no bug where the
 * orders are apart in time, as with one thread that starts when the other has ended, and in a kernel
 * where only one process ever takes both or one class is always taken in one order: the report names
 * both places, to be judged. Costs a few comparisons for an acquire with other locks held.
 */
class LockOrder implements Detector {
  readonly name = 'lock-order';
  private readonly guest: Watched;
  /** By lock: its class + 1; 0 while that is not known. */
  private readonly classes: Int32Array;
  private readonly names: string[] = [];
  /** By class, kept over executions. */
  private readonly edges: Edge[][] = [];
  /** By class, and by class: whether the order of the two is among the edges with no gate, for everybody. */
  private readonly known: boolean[][] = [];

  constructor(guest: Watched) {
    this.guest = guest;
    this.classes = new Int32Array(guest.m.layout.size);
  }

  acquiring(lock: number): void {
    const { guest } = this;
    const held = guest.held.of(guest.m.cpu.id);
    if (held.length === 0) return;
    const to = this.classOf(lock);
    for (let i = 0; i < held.length; i++) {
      const from = this.classOf(held[i] as number);
      if ((this.known[from] as boolean[])[to] !== true) this.learn(from, to, held, i);
    }
  }

  private classOf(lock: number): number {
    const known = this.classes[lock] as number;
    if (known !== 0) return known - 1;
    const full = this.guest.nameOf(lock);
    const name = this.guest.kernel === undefined ? full : lockClass(full);
    let index = this.names.indexOf(name);
    if (index < 0) {
      index = this.names.push(name) - 1;
      this.edges.push([]);
      this.known.push([]);
    }
    this.classes[lock] = index + 1;
    return index;
  }

  /** @param at where in `held` the lock is from which the order goes */
  private learn(from: number, to: number, held: readonly number[], at: number): void {
    const edges = this.edges[from] as Edge[];
    const by = this.guest.kernel === undefined ? this.guest.m.current.id + 1 : 0;
    const known = edges.some(
      (e) =>
        e.to === to &&
        e.by === by &&
        e.gates.every((gate) => gate !== held[at] && held.includes(gate)),
    );
    if (known) return;
    const gates = held.filter((_, i) => i !== at);
    const names = [this.names[to], this.names[from]];
    const who = `${this.guest.here()} takes ${names[0]} while it holds ${names[1]}`;
    const edge: Edge = { to, who, by, gates };
    const way = this.way(to, from, new Set(), [edge]);
    if (way === undefined) {
      // Only now: a finding ends the execution, and the next one is to see it again.
      edges.push(edge);
      if (by === 0 && gates.length === 0) (this.known[from] as boolean[])[to] = true;
      return;
    }
    const ring = [...new Set([from, to, ...way.map((e) => e.to)])].map((c) => this.names[c]);
    const title =
      ring.length === 1
        ? `two locks of one class: ${ring[0]}`
        : `locks in a circle: ${ring.join(' → ')}`;
    const locks: number[] = [];
    for (let lock = 0; lock < this.classes.length; lock++) {
      const its = (this.classes[lock] as number) - 1;
      if (its === from || its === to || way.some((e) => e.to === its)) locks.push(lock);
    }
    const detail = [who, ...way.map((e) => `but ${e.who}`)];
    found(this.guest, this.name, title, detail, { locks });
  }

  /**
   * The edges from one class to another, none when they are the same, undefined if there is no way that
   * can happen together with `chosen`.
   */
  private way(
    from: number,
    to: number,
    passed: ReadonlySet<number>,
    chosen: readonly Edge[],
  ): Edge[] | undefined {
    if (from === to) return [];
    const seen = new Set([...passed, from]);
    for (const edge of this.edges[from] ?? []) {
      if (seen.has(edge.to) || !chosen.every((other) => overlap(edge, other))) continue;
      const rest = this.way(edge.to, to, seen, [...chosen, edge]);
      if (rest !== undefined) return [edge, ...rest];
    }
    return undefined;
  }
}

export const lockOrder: DetectorKind = {
  name: 'lock-order',
  summary: 'locks are taken in a circle, even if it did not deadlock this time',
  learns: true,
  make: (guest) => new LockOrder(guest),
};
